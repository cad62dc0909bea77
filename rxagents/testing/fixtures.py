"""A plugin for pytest with pytest-asyncio (1.4 or later): tests on a virtual clock.

    # conftest.py
    pytest_plugins = ["rxagents.testing.fixtures"]

    # a test
    async def test_patience(virtual_loop: VirtualLoop) -> None:
        await asyncio.sleep(3600)  # takes no time
        assert virtual_loop.time() == 3600

A test that asks for `virtual_loop`, itself or through a fixture of its own, runs on one; all others
run on asyncio's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import pytest_asyncio

from .virtual_time import VirtualLoop


@pytest_asyncio.fixture
async def virtual_loop() -> VirtualLoop:
    """The VirtualLoop that this test runs on; its clock starts at 0.0 seconds."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        raise pytest.UsageError(
            "virtual_loop: this test does not run on a VirtualLoop, as another "
            "pytest_asyncio_loop_factories hook chose its loop, or a wider loop_scope"
        )
    return loop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Choose the loop of a test by whether it asks for `virtual_loop`."""
    if "virtual_loop" in getattr(item, "fixturenames", ()):
        return {"virtual": VirtualLoop}
    return {"asyncio": asyncio.new_event_loop}
