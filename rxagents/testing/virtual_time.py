"""An event loop whose clock jumps: hours of timeouts and retries are tested in no time.

    from rxagents.testing.virtual_time import VirtualLoop, run

    run(main())                                  # like asyncio.run, on a new VirtualLoop

    # with pytest-asyncio >= 1.4: a test that asks for the fixture runs on one; see `fixtures`
    pytest_plugins = ["rxagents.testing.fixtures"]         # conftest.py
    async def test_patience(virtual_loop): ...

    # or every async test: conftest.py
    def pytest_asyncio_loop_factories(config, item):
        return {"virtual": VirtualLoop}

    # with anyio's pytest plugin
    @pytest.fixture
    def anyio_backend():
        return "asyncio", {"loop_factory": VirtualLoop}

Whatever takes its time from the loop follows: `asyncio.sleep` and `asyncio.timeout`, anyio's, the
timeouts of an HTTP client. `time.monotonic()` does not, nor does a scheduler that reads it.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import selectors
import sys
from asyncio import Task
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from contextvars import Context
from typing import Any, Self, TypeVar, TypeVarTuple

from anyio import CapacityLimiter
from anyio.to_thread import current_default_thread_limiter

from rxagents.exceptions import RxAgentsError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class DeadlockError(RxAgentsError, RuntimeError):
    """Every task waits for something that nothing will bring; a real loop would hang for ever.

    `time` is when, in virtual seconds; `tasks` are the ones that wait.
    """

    def __init__(self, time: float, tasks: set[Task[Any]], silence: float) -> None:
        waiting = "".join(sorted(f"\n  {task.get_name()}: {_where(task)}" for task in tasks))
        super().__init__(
            f"nothing is left to happen at virtual time {time:g} s: no timer is set, no thread is"
            f" at work, and nothing came from outside in {silence:g} s of real time;"
            f" waiting:{waiting or ' no task'}"
        )
        self.time = time
        self.tasks = tasks


class VirtualLoop(asyncio.SelectorEventLoop):
    """A selector loop whose `time()` starts at 0.0 and jumps to the next timer when all is quiet.

    The clock reads virtual seconds, in whole nanoseconds; running code takes none. Sockets and
    threads are real, and the clock stands still for them:

    - `socket_grace`, real seconds: while any socket is open, so long must nothing arrive before
      the clock jumps. It is for bytes that are on their way between two ends *in this loop*. A
      server in another thread or process needs more than it takes to answer; where that cannot
      be told, use `hold_clock`.
    - `thread_patience`, real seconds: while a thread of `run_in_executor` (so `asyncio.to_thread`
      and name look-ups) or of anyio's default limiter works, the clock does not jump at all. A
      thread that itself waits for a timer of this loop (`anyio.from_thread.run(anyio.sleep, 1)`)
      would then wait for ever: after so long a silence *and* the timer's own time, really
      waited, the timer fires. So no timeout fires earlier than on a real loop.
    - `deadlock_grace`, real seconds: where no timer is set, no thread works and no socket is open,
      only a signal or a thread that the loop does not know could still wake it. It waits so long
      for one and then raises DeadlockError out of `run_forever`.
    - `socket_silence`, real seconds: the same, where sockets are open. None waits for ever.

    What it cannot see, and `hold_clock` is for: threads of your own, threads under an anyio
    limiter of your own, subprocesses, and peers that take their time.
    """

    def __init__(
        self,
        *,
        socket_grace: float = 0.002,
        thread_patience: float = 2.0,
        deadlock_grace: float | None = 1.0,
        socket_silence: float | None = 30.0,
    ) -> None:
        self._poller = _VirtualSelector(
            socket_grace, thread_patience, deadlock_grace, socket_silence
        )
        super().__init__(self._poller)
        # What it has opened itself is the pipe that wakes it from other threads.
        self._poller.own_files = len(self._poller.get_map())

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._poller.now

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As in asyncio; timers of the same nanosecond fire in the order they were made in.

        A timer at infinity (`anyio.sleep_forever`) is never waited for.
        """
        if when == math.inf:
            return asyncio.TimerHandle(when, callback, args, self, context)
        return super().call_at(_When(round(when, 9)), callback, *args, context=context)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """As in asyncio; the clock stands still until the future is done."""
        future = super().run_in_executor(executor, func, *args)
        self._poller.outside += 1
        future.add_done_callback(self._came_back)
        return future

    def _came_back(self, _: asyncio.Future[Any]) -> None:
        self._poller.outside -= 1

    async def shutdown_default_executor(self, *args: Any, **options: Any) -> None:
        """As in asyncio; its time limit (Python 3.12) is real."""
        # It joins the threads in a thread that run_in_executor knows nothing of.
        with self.hold():
            await super().shutdown_default_executor(*args, **options)

    @contextmanager
    def hold(self) -> Generator[None]:
        """Keep the clock from jumping while something real is waited for: see `hold_clock`."""
        self._poller.outside += 1
        try:
            yield
        finally:
            self._poller.outside -= 1


class _When(float):
    """A timer's time; of two that are equal, the one made first is less.

    Asyncio's heap knows no order among equals. On a real clock there hardly are any, on this one
    there are many.
    """

    _count = itertools.count()

    _number: int

    def __new__(cls, when: float, /) -> Self:
        self = super().__new__(cls, when)
        self._number = next(cls._count)
        return self

    def __lt__(self, other: float) -> bool:
        if isinstance(other, _When) and self == other:
            return self._number < other._number
        return super().__lt__(other)


class _VirtualSelector(selectors.DefaultSelector):
    """Where asyncio would sleep till the next timer, look at the outside and move the clock.

    An idle loop is in `select` and nowhere else, so nothing private of asyncio is needed.
    """

    def __init__(
        self,
        socket_grace: float,
        thread_patience: float,
        deadlock_grace: float | None,
        socket_silence: float | None,
    ) -> None:
        super().__init__()
        self.now = 0.0
        self.outside = 0
        """Executor futures that are pending, and open `hold` blocks."""
        self.own_files = 0
        self._socket_grace = socket_grace
        self._thread_patience = thread_patience
        self._deadlock_grace = deadlock_grace
        self._socket_silence = socket_silence
        self._anyio_limiter: CapacityLimiter | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if timeout is not None and timeout <= 0:
            self._tick()
            return ready
        if ready:
            return ready
        wait = self._real_wait(timeout)
        if wait != 0.0:
            ready = super().select(wait)
        if ready:
            return ready
        if timeout is None:
            raise DeadlockError(self.now, asyncio.all_tasks(), wait or 0.0)
        self._jump(timeout)
        return ready

    def _real_wait(self, timeout: float | None) -> float | None:
        """For how long, really, to wait for the outside before `timeout` virtual seconds pass."""
        at_work = self._thread_at_work()
        sockets = len(self.get_map()) > self.own_files
        if timeout is None:
            if at_work:
                return None
            return self._socket_silence if sockets else self._deadlock_grace
        if at_work:
            return self._thread_patience + timeout
        return self._socket_grace if sockets else 0.0

    def _thread_at_work(self) -> bool:
        if self.outside:
            return True
        if self._anyio_limiter is None:
            self._anyio_limiter = _default_thread_limiter()
        return self._anyio_limiter.borrowed_tokens > 0

    def _jump(self, timeout: float) -> None:
        # Rounded as timers are: sums of decimal delays stay readable (0.3, not 0.30000000000000004)
        # and equal. Asyncio runs what is due within a nanosecond, its clock's resolution.
        then = round(self.now + timeout, 9)
        self.now = then if then > self.now else self.now + timeout

    def _tick(self) -> None:
        # A timer is due when it is *less* than the clock plus its resolution. From 97 days on, a
        # float has no room for that nanosecond: a clock at rest would never reach the timer.
        if self.now + 1e-9 == self.now:
            self.now = math.nextafter(self.now, math.inf)


def run(main: Coroutine[Any, Any, T], *, debug: bool | None = None) -> T:
    """Run `main` to its end on a new VirtualLoop, like `asyncio.run`.

    Raises whatever `main` raises, and DeadlockError where it can never end.
    """
    with asyncio.Runner(debug=debug, loop_factory=VirtualLoop) as runner:
        return runner.run(main)


@contextmanager
def hold_clock() -> Generator[None]:
    """Keep the running loop's clock from jumping while something real is waited for.

    As with threads: no deadlock is seen, and a timer fires only after `thread_patience` plus its
    own time have really gone by. On any loop but a VirtualLoop it does nothing.
    """
    loop = asyncio.get_running_loop()
    with loop.hold() if isinstance(loop, VirtualLoop) else nullcontext():
        yield


def _default_thread_limiter() -> CapacityLimiter:
    # anyio asks sniffio, where it is installed, and that one knows only tasks: an idle loop is in
    # none. `thread_local.name` is sniffio's documented way to say what is running.
    sniffio: Any = sys.modules.get("sniffio")
    if sniffio is None:
        return current_default_thread_limiter()
    before, sniffio.thread_local.name = sniffio.thread_local.name, "asyncio"
    try:
        return current_default_thread_limiter()
    finally:
        sniffio.thread_local.name = before


def _where(task: Task[Any]) -> str:
    """Give the chain of awaits a task is held up in, outermost first."""
    places: list[str] = []
    coro: Any = task.get_coro()
    while (frame := getattr(coro, "cr_frame", None)) is not None:
        file = frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2]
        places.append(f"{frame.f_code.co_name} ({file}:{frame.f_lineno})")
        coro = coro.cr_await
    return " > ".join(places) or repr(coro)
