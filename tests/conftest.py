"""Fixtures that every test may ask for."""

import pytest

from tests.support.virtual_time import VirtualLoop


@pytest.fixture
def anyio_backend() -> str:
    """aiohttp needs asyncio, so the package runs on it alone."""
    return "asyncio"


@pytest.fixture
def virtual_time() -> tuple[str, dict[str, object]]:
    """A backend for ``anyio_backend`` on which hours pass in no time."""
    return "asyncio", {"loop_factory": VirtualLoop}
