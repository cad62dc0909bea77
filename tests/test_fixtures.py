"""The pytest plugin, in a project of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONFTEST = 'pytest_plugins = ["rxagents.testing.fixtures"]\n'

TESTS = """
import asyncio
import pytest
from rxagents.testing import VirtualLoop

async def test_virtual(virtual_loop):
    assert virtual_loop is asyncio.get_running_loop()
    await asyncio.sleep(3600)
    assert virtual_loop.time() == 3600

@pytest.fixture
def clock(virtual_loop):
    return virtual_loop.time

async def test_through_a_fixture(clock):
    await asyncio.sleep(60)
    assert clock() == 60

async def test_real():
    assert not isinstance(asyncio.get_running_loop(), VirtualLoop)
"""


def test_a_test_that_asks_for_the_virtual_loop_runs_on_one(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST, "utf-8")
    (tmp_path / "test_theirs.py").write_text(TESTS, "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-o",
        "asyncio_mode=auto",
        "-p",
        "no:cacheprovider",
    ]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert "3 passed" in run.stdout, run.stdout
