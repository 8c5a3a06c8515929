"""`python -m tests.samplepress.hostile`: prints docs/hostile-web.md."""

from tests.samplepress.hostile.quarter import markdown

print(markdown(), end="")
