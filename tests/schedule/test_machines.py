"""Three machines on loopback, one killed in mid-crawl: the short form of bench/machines.py."""

from __future__ import annotations

from pathlib import Path

from bench.machines import check, crawl_all, machines
from bench.soak import articles, outcomes
from schedule.hands import Cluster
from tests.conftest import Machine, new_machine
from tests.samplepress.demo import SINCE

NAMES = ["sadarabat", "carnetsdusud", "alofok"]


def test_a_machine_that_dies_is_stood_in_for(
    machine: Machine, mongodb_uri: str, data_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "alone").mkdir()
    with new_machine(mongodb_uri, data_folder, tmp_path / "alone") as alone:
        one = alone.scrapy("crawl", *NAMES, "-a", f"since={SINCE}")
        assert one.returncode == 0, one.stdout + one.stderr
        wanted = articles(alone.database), outcomes(alone.database)
    machine.press.misbehave(r"\.html|\.php|/\d+", delay=0.1)
    with machines(tmp_path, machine.environment) as cluster_machines:
        cluster = Cluster(cluster_machines.address)
        try:
            done, kept, killed = crawl_all(cluster, cluster_machines, machine.database, NAMES, 1.0)
        finally:
            cluster.close()
        check(machine.database, done, kept, killed, wanted)
        assert killed is not None
        files = [path.name for folder in cluster_machines.warc_folders() for path in folder.iterdir()]
        assert len(set(files)) == len(files) >= len(NAMES)
