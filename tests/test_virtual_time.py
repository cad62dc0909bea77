from __future__ import annotations

import asyncio
import functools
import re
import threading
import time
from collections.abc import Awaitable, Callable

import anyio
import anyio.from_thread
import anyio.to_thread
import httpx2
import pytest

from rxagents.testing.virtual_time import DeadlockError, VirtualLoop, hold_clock, run


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_tests_run_on_a_virtual_loop_from_time_0() -> None:
    assert isinstance(asyncio.get_running_loop(), VirtualLoop)
    assert now() == 0.0


@pytest.mark.real_loop
async def test_real_loop_marker_gives_a_real_clock() -> None:
    assert not isinstance(asyncio.get_running_loop(), VirtualLoop)
    before = time.monotonic()
    await asyncio.sleep(0.01)
    assert time.monotonic() - before >= 0.009
    with hold_clock():  # nothing to hold
        await asyncio.sleep(0)


def test_run_gives_the_result_and_a_new_clock() -> None:
    async def main() -> float:
        await asyncio.sleep(5)
        return now()

    assert run(main()) == 5.0
    assert run(main()) == 5.0


async def test_sleep_takes_exactly_its_time() -> None:
    for step in range(1, 101):
        await asyncio.sleep(0.1)
        assert now() == round(step / 10, 9)


async def test_sleep_shorter_than_the_clock_can_tell_still_ends() -> None:
    await asyncio.sleep(1e-10)
    await asyncio.sleep(1e-9)
    assert now() < 3e-9


async def test_sleep_of_a_million_seconds_takes_no_real_time() -> None:
    before = time.monotonic()
    await asyncio.sleep(1e6)
    assert now() == 1e6
    assert time.monotonic() - before < 5


async def test_timers_fire_where_a_float_has_no_more_nanoseconds() -> None:
    await asyncio.sleep(1e8)
    await asyncio.sleep(0.5)
    due = asyncio.Event()
    asyncio.get_running_loop().call_later(0, due.set)
    await due.wait()
    assert now() == pytest.approx(100000000.5, abs=1e-6)


async def test_timers_fire_in_order_of_time_then_of_creation() -> None:
    fired: list[tuple[float, int]] = []
    loop = asyncio.get_running_loop()
    delays = [(i * 7919 % 1000) / 100 for i in range(2000)]
    for i, delay in enumerate(delays):
        loop.call_later(delay, lambda i: fired.append((now(), i)), i)
    await asyncio.sleep(10)
    assert fired == sorted((delay, i) for i, delay in enumerate(delays))


async def test_sleeping_for_ever_is_no_timer() -> None:
    for_ever = asyncio.create_task(anyio.sleep_forever())
    await asyncio.sleep(100)
    for_ever.cancel()
    assert now() == 100.0


async def test_cancelled_timer_does_not_move_the_clock() -> None:
    asyncio.get_running_loop().call_later(3, print).cancel()
    await asyncio.sleep(1)
    assert now() == 1.0


async def test_timeout_and_wait_for_fire_on_time() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.5):
            await asyncio.Event().wait()
    assert now() == 2.5
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.sleep(9), timeout=0.5)
    assert now() == 3.0
    with anyio.move_on_after(1):
        await anyio.sleep(5)
    assert now() == 4.0


async def test_busy_tasks_take_no_time() -> None:
    async with asyncio.timeout(0.001):
        for _ in range(1000):
            await asyncio.sleep(0)
    assert now() == 0.0


# Sockets


async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def test_timeout_does_not_fire_while_bytes_travel_over_loopback() -> None:
    async with await asyncio.start_server(shout, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        async with asyncio.timeout(0.5):
            reader, writer = await asyncio.open_connection(host, port)
            for _ in range(100):
                writer.write(b"hello\n")
                assert await reader.readline() == b"HELLO\n"
        assert now() == 0.0
        with pytest.raises(TimeoutError):  # and does once nothing comes
            await asyncio.wait_for(reader.readline(), 30)
        assert now() == 30.0
        writer.close()
        await writer.wait_closed()


async def answer_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(4)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
    await asyncio.sleep(4)
    writer.write(b"ok")
    writer.close()


async def test_http_client_follows_the_clock_to_the_second() -> None:
    async with (
        await asyncio.start_server(answer_late, "127.0.0.1", 0) as server,
        httpx2.AsyncClient(trust_env=False) as client,
    ):
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert (await client.get(url, timeout=5)).text == "ok"
        assert now() == 8.0
        with pytest.raises(httpx2.ReadTimeout):
            await client.get(url, timeout=3)
        assert now() == 11.0
        await asyncio.sleep(10)  # the server's side of it ends too


async def test_server_in_another_thread_is_waited_for_under_hold_clock() -> None:
    ready, stop = threading.Event(), threading.Event()
    port = 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        await asyncio.sleep(0.03)
        writer.write(b"done\n")
        writer.close()

    async def serve() -> None:
        nonlocal port
        async with await asyncio.start_server(slow, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        ready.wait()
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"go\n")
            with hold_clock():
                assert await reader.readline() == b"done\n"
        writer.close()
        await writer.wait_closed()
    finally:
        stop.set()
        thread.join()


# Threads


async def in_anyio_thread(func: Callable[[], None]) -> None:
    await anyio.to_thread.run_sync(func)


@pytest.mark.parametrize("in_thread", [asyncio.to_thread, in_anyio_thread])
async def test_clock_stands_still_while_a_thread_works(
    in_thread: Callable[[Callable[[], None]], Awaitable[None]],
) -> None:
    async with asyncio.timeout(10):
        await in_thread(functools.partial(time.sleep, 0.03))
    assert now() == 0.0
    await asyncio.sleep(20)
    assert now() == 20.0


@pytest.mark.parametrize("in_thread", [asyncio.to_thread, in_anyio_thread])
def test_thread_without_any_timer_is_no_deadlock(
    in_thread: Callable[[Callable[[], None]], Awaitable[None]],
) -> None:
    async def main() -> float:
        await in_thread(functools.partial(time.sleep, 0.03))
        return now()

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(deadlock_grace=0.001)) as runner:
        assert runner.run(main()) == 0.0


def test_thread_that_waits_for_a_timer_gets_it() -> None:
    async def main() -> float:
        async with asyncio.timeout(10):
            await anyio.to_thread.run_sync(anyio.from_thread.run, anyio.sleep, 0.02)
        return now()

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(thread_patience=0.01)) as runner:
        assert runner.run(main()) == 0.02


def test_closing_waits_for_an_abandoned_thread() -> None:
    done: list[int] = []

    def work() -> None:
        time.sleep(0.03)
        done.append(1)

    async def main() -> None:
        working = asyncio.create_task(asyncio.to_thread(work))
        await asyncio.sleep(0)
        working.cancel()

    run(main())
    assert done == [1]


# Deadlock


def run_hasty(main: Callable[[], Awaitable[None]]) -> None:
    async def body() -> None:
        await main()

    factory = functools.partial(VirtualLoop, deadlock_grace=0.01, socket_silence=0.02)
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(body())


def test_deadlock_says_when_and_which_tasks_wait_where() -> None:
    async def stuck() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        other = asyncio.create_task(stuck(), name="other")
        await asyncio.sleep(3.2)
        await other

    with pytest.raises(
        DeadlockError,
        match=r"(?s)^nothing is left to happen at virtual time 3\.2 s: .* in 0\.01 s of real time; "
        r"waiting:\n  Task-\d+: body \(.*\) > main \(test_virtual_time\.py:\d+\)"
        r".*\n  other: stuck \(test_virtual_time\.py:\d+\) > wait \(locks\.py:\d+\)$",
    ) as caught:
        run_hasty(main)
    assert caught.value.time == 3.2
    assert {"other"} < {task.get_name() for task in caught.value.tasks}
    assert all(task.done() for task in caught.value.tasks)  # the Runner cancelled them


def test_deadlock_is_seen_beside_an_open_socket() -> None:
    async def main() -> None:
        async with await asyncio.start_server(shout, "127.0.0.1", 0):
            await asyncio.Event().wait()

    with pytest.raises(DeadlockError, match=re.escape("in 0.02 s of real time")):
        run_hasty(main)


def test_call_from_an_unknown_thread_within_the_grace_is_no_deadlock() -> None:
    async def main() -> float:
        came = asyncio.Event()
        loop = asyncio.get_running_loop()
        timer = threading.Timer(0.03, loop.call_soon_threadsafe, [came.set])
        timer.start()
        await came.wait()
        timer.join()
        return now()

    assert run(main()) == 0.0
