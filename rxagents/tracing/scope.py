"""Which trace and which span are the current ones, in this task or thread.

A token of a context variable can only be reset in the context that it was made in, and a span may
well end in another: it is started in one task and finished in the next, or an async generator is
closed by whoever finds it. So nothing is reset here. What is current is asked for its state
instead: what has ended is not current any more, in whatever context it ended, and the one before
it is.
"""

from __future__ import annotations

from contextvars import ContextVar


class Scoped:
    """Something that can be current from its start to its end."""

    _outer: Scoped | None = None
    _is_over: bool = False

    def make_current(self) -> None:
        """Be the current one in this context, and in those that are copied from it."""
        variable = self.variable()
        self._outer = innermost(variable)
        variable.set(self)

    def leave(self) -> None:
        """Stop being current, in every context."""
        self._is_over = True
        innermost(self.variable())

    def variable(self) -> ContextVar[Scoped | None]:
        """Where it is the current one."""
        raise NotImplementedError


_Variable = ContextVar[Scoped | None]

current_trace: _Variable = ContextVar("rxagents_current_trace", default=None)
current_span: _Variable = ContextVar("rxagents_current_span", default=None)


def innermost(variable: _Variable) -> Scoped | None:
    """The innermost one that is not over; None if there is none."""
    found = start = variable.get()
    while found is not None and found._is_over:  # pyright: ignore[reportPrivateUsage]
        found = found._outer  # pyright: ignore[reportPrivateUsage]
    if found is not start:
        variable.set(found)  # so that the way is walked once, and what is over is let go
    return found
