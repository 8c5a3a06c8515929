# Every target sets up what it needs. `make help` lists them.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
SCRAPY := $(BIN)/python -m scrapy

.DEFAULT_GOAL := help
.PHONY: help demo crawl recheck schedule install-schedule worker query browse cdxj reprocess import verify health backup restore test check eval soak db-stop lock

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

demo: $(READY)  ## crawl the sample press from end to end and show what came of it
	@$(BIN)/python -m tests.samplepress.demo

crawl: $(READY)  ## crawl the live outlets [SOURCE="name …"] [SINCE=YYYY-MM-DD] [UNTIL=…]
	@$(SCRAPY) crawl $(or $(SOURCE),--all) $(if $(SINCE),-a since=$(SINCE)) $(if $(UNTIL),-a until=$(UNTIL))

recheck: $(READY)  ## visit stored articles again that are due, for edits and take-downs [SOURCE="name …"]
	@$(SCRAPY) crawl $(or $(SOURCE),--all) -a recheck=yes

schedule: $(READY)  ## crawl each outlet when it is due, until it is stopped [SOURCE="name …"]
	@$(SCRAPY) schedule $(SOURCE)

install-schedule: $(READY)  ## start the schedule with the machine: systemd, or the crontab [KIND=systemd|cron] [DRY=yes]
	@$(SCRAPY) schedule --install $(or $(KIND),auto) $(if $(DRY),--dry-run)

worker: $(READY)  ## lend this machine to the schedule of another one (DASK_SCHEDULER=tls://…)
	@$(SCRAPY) worker

query: $(READY)  ## search the archive [Q="words “phrase” -word"] [OPTS="--lang ar --since 2023-11"] [DB=name] [DEMO=yes for the sample press]
	@$(if $(DEMO),SCRAPY_PROJECT=sample) $(if $(DB),MONGODB_DATABASE=$(DB)) $(SCRAPY) articles $(OPTS) $(if $(Q),-- '$(subst ','\'',$(Q))')

browse: $(READY)  ## read the archive in a browser on this machine [PORT=8465] [DEMO=yes for the sample press]
	@$(if $(DEMO),SCRAPY_PROJECT=sample) $(SCRAPY) browse $(if $(PORT),--port $(PORT))

cdxj: $(READY)  ## write a CDXJ index beside each finished WARC file, for replay tools
	@$(SCRAPY) captures --cdxj

reprocess: $(READY)  ## run captured pages through the code of today [SOURCE="name …"] [SINCE=…] [UNTIL=…] [OUTCOME=…] [MADE_BY=…]
	@$(SCRAPY) reprocess $(foreach name,$(SOURCE),--source $(name)) $(if $(SINCE),--since $(SINCE)) $(if $(UNTIL),--until $(UNTIL)) $(if $(OUTCOME),--outcome $(OUTCOME)) $(if $(MADE_BY),--made-by $(MADE_BY))

import: $(READY)  ## take the articles of known outlets out of WARC and WACZ files FILES="file …"
	@$(SCRAPY) import $(FILES)

verify: $(READY)  ## check every WARC record and every pointer of MongoDB
	@$(SCRAPY) verify

health: $(READY)  ## what is wrong with outlets or the machine, why, and what to do
	@$(SCRAPY) health

backup: $(READY)  ## copy MongoDB and the WARC files [TO=folder, best on another disk]
	@$(SCRAPY) backup $(TO)

restore: $(READY)  ## fill MongoDB and the WARC folder from a backup [FROM=folder] [OVERWRITE=yes]
	@$(SCRAPY) restore $(FROM) $(if $(OVERWRITE),--overwrite)

test: $(READY)  ## run the tests
	@$(BIN)/python -m pytest $(T)

check: $(READY)  ## lint, types, the rooms' walls, the outlets' files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "run '$(BIN)/ruff format .'"; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(SCRAPY) sources check

eval: $(READY)  ## measure dates, text, topic, copies and stories
	@$(BIN)/python -m bench.eval

soak: $(READY)  ## kill crawls, MongoDB and disks a hundred times, break outlets in ten ways: nothing lost, nothing unseen [KILLS=100]
	@$(BIN)/python -m bench.schedule
	@$(BIN)/python -m bench.machines
	@$(BIN)/python -m bench.soak $(if $(KILLS),--kills $(KILLS))
	@$(BIN)/python -m bench.breakages
	@$(BIN)/python -m bench.health

db-stop: $(READY)  ## stop the embedded MongoDB
	@$(BIN)/python -m archive.server stop

lock: $(READY)  ## write requirements.lock anew from pyproject.toml
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--group dev pyproject.toml -o requirements.lock

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Marsad needs Python 3.11 or newer: install it, or name it with 'make PYTHON=python3.12 …'" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: apt-get install python3-venv" >&2; exit 2; }
	@echo "Installing into $(VENV) (once) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@
