"""A tool that takes its time, and the model that calls it."""

from __future__ import annotations

import asyncio
from typing import Any

from rxagents import function_tool
from rxagents.testing import assistant_message, function_call


def now() -> float:
    return asyncio.get_running_loop().time()


class Clock:
    """A tool that takes as long as it is told, with when its calls began and ended."""

    def __init__(self) -> None:
        self.began: list[float] = []
        self.ended: list[float] = []
        self.cancelled = 0
        self.running = self.peak = 0
        self.epoch = now()
        self.tool = function_tool(self.work)

    async def work(self, seconds: float) -> str:
        """Work for some seconds."""
        self.began.append(now() - self.epoch)
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        self.ended.append(now() - self.epoch)
        return f"{seconds:g} s"


def work(seconds: float, call_id: str = "a") -> Any:
    return function_call("work", {"seconds": seconds}, call_id=call_id)


DONE = [assistant_message("Done.")]
