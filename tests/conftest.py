"""Every async test runs on a virtual clock, unless it is marked `real_loop`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from rxagents.testing.virtual_time import VirtualLoop


def pytest_configure(config: pytest.Config) -> None:
    pytest.register_assert_rewrite("stock_traps")
    config.addinivalue_line("markers", "real_loop: run on asyncio's own loop, in real time")


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("real_loop"):
        return {"real": asyncio.SelectorEventLoop}
    return {"virtual": VirtualLoop}
