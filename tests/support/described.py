"""X's own description of its API: two OpenAPI files, and a reference page beside their folder.

They are no part of the repository. Tests that need them skip where they are absent, and fail where
``TWRETWEET_SPEC`` says that they are there and they are not: a check that was asked for must not
pass by not happening.
"""

import os
from pathlib import Path

import pytest

VARIABLE = "TWRETWEET_SPEC"
_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "spec"


def described(name: str) -> Path:
    """Where a file of the description is, named from the folder of the OpenAPI files."""
    folder = os.environ.get(VARIABLE)
    path = Path(folder or _BESIDE) / name
    if path.is_file():
        return path
    if folder:
        pytest.fail(f"{VARIABLE} is {folder}, and there is no {name}; unset it to do without")
    pytest.skip(f"no {name} in {_BESIDE}; {VARIABLE} names another folder")


def reference_page() -> Path:
    """Where the reference page of GET retweets is."""
    return described("../reference/get-tweets-id-retweets.md")
