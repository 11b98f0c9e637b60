"""Fixtures that every test may ask for."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """aiohttp needs asyncio, so the package runs on it alone."""
    return "asyncio"
