"""What the README promises is run, block by block."""

import os
import re
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from tests.support.redis_server import NOT_FOUND, RedisServer, find_redis_server
from twretweet.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SHELL = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.anyio


def test_it_begins_with_a_sentence_and_two_commands_of_one_line():
    sentence, first, second = README.split("\n\n", 3)[:3]
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert (
        first == "```sh\npython3 -m venv .venv && .venv/bin/pip install -q '.[cli]' && "
        ".venv/bin/twretweet demo\n```"
    )
    assert (
        second == "```sh\npython3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && "
        ".venv/bin/pytest\n```"
    )


def test_there_are_examples():
    assert len(PYTHON) >= 5


@pytest.fixture
def redis_url(tmp_path):
    path = find_redis_server()
    if path is None:
        pytest.skip(NOT_FOUND)
    server = RedisServer(path, tmp_path)
    server.start()
    yield f"redis://127.0.0.1:{server.port}"
    server.stop()


@pytest.mark.parametrize("number", range(len(PYTHON)))
async def test_every_python_block_runs(number, tmp_path, request):
    code = PYTHON[number]
    script = tmp_path / "example.py"
    script.write_text(code)
    home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONWARNINGS": "error"}
    async with Sandbox(retweets=250) as sandbox:
        keys = {
            "TWRETWEET_BASE_URL": sandbox.url,
            "TWRETWEET_CONSUMER_KEY": sandbox.oauth1.consumer_key,
            "TWRETWEET_CONSUMER_SECRET": sandbox.oauth1.consumer_secret,
            "TWRETWEET_ACCESS_TOKEN": sandbox.oauth1.access_token,
            "TWRETWEET_ACCESS_TOKEN_SECRET": sandbox.oauth1.access_token_secret,
        }
        if "REDIS_URL" in code:
            home |= {"REDIS_URL": request.getfixturevalue("redis_url")}
        # Only the example that goes on to X is given keys.
        environment = home | (keys if "from_env" in code else {})
        await _run(script, environment)
        if "from_env" in code:
            assert [seen.status for seen in sandbox.requests] == [200]


async def _run(script: Path, environment: dict[str, str]) -> None:
    done = await anyio.run_process(
        [sys.executable, str(script)],
        env=environment,
        cwd=script.parent,
        check=False,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout.decode()
    assert b"Traceback" not in done.stdout
