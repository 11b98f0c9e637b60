"""The extra `bench`: that it brings what the benchmarks import."""

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What each extra is needed for. Late imports count too: what they serve can be asked for.
NEEDED = {
    "cli": ("twretweet.cli",),
    "parquet": ("pyarrow", "twretweet.cli.export.parquet"),
    "peers": ("tweepy", "xdk", "peony", "pytwitter"),
    "redis": ("redis", "twretweet.limits.redis"),
}


def _imported():
    for path in (ROOT / "benchmarks").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (name.name for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module


def test_the_extra_brings_what_the_benchmarks_import():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["bench"]
    [own] = [need for need in extra if need.startswith("twretweet[")]
    brought = set(re.findall(r"[a-z]+", own.partition("[")[2]))
    imported = set(_imported())
    needed = {
        name
        for name, modules in NEEDED.items()
        if any(
            each == module or each.startswith(f"{module}.")
            for module in modules
            for each in imported
        )
    }
    assert {"cli", "peers", "redis"} <= needed <= brought
