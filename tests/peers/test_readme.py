"""What the README tells users of other clients to do is run, block by block."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^```py\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
CLIENTS = ("tweepy", "xdk", "pytwitter", "peony")


@pytest.mark.parametrize("client", CLIENTS)
def test_the_recipe_of_each_client_runs(client: str, tmp_path: Path) -> None:
    [recipe] = [
        one for one in RECIPES if re.search(rf"^(from|import) {client}\b(?!\.)", one, re.MULTILINE)
    ]
    run(recipe, client, tmp_path)


def test_the_recipe_of_tweepy_s_asynchronous_client_runs(tmp_path: Path) -> None:
    [recipe] = [one for one in RECIPES if "from tweepy.asynchronous import" in one]
    if importlib.util.find_spec("async_lru") is None:
        pytest.skip("tweepy is installed without its extra async")
    run(recipe, "tweepy", tmp_path)


def run(recipe: str, client: str, tmp_path: Path) -> None:
    for needed in (client, *(["trustme"] if "tls=True" in recipe else [])):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    script = tmp_path / "recipe.py"
    script.write_text(recipe, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
