"""From arguments to an exit code."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Final

from .arguments import parse

FAILED: Final = 1
INTERRUPTED: Final = 130
"""128 + SIGINT, as a shell reports a program that Ctrl-C has ended."""
TERMINATED: Final = 143
"""128 + SIGTERM."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv`, or with the program's own arguments; return its exit code.

    Where a tool is left behind in a thread, which cannot be stopped, it ends the process instead.
    """
    try:
        options = parse(argv)
        _prepare_output(json=options.json)
        # Imported late: `--version`, `--help` and a wrong command line need none of it.
        from .session import run
        from .threads import ToolThreads

        threads = ToolThreads()
        with asyncio.Runner() as runner:
            runner.get_loop().set_default_executor(threads)
            code = _exit_code(lambda: runner.run(run(options)), options.traceback)
            if threads.busy:
                threads.leave_process(code)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _exit_code(work: Callable[[], None], show_traceback: bool) -> int:
    """Do `work`; say what it fails with."""
    try:
        work()
    except KeyboardInterrupt:
        return INTERRUPTED
    except asyncio.CancelledError:
        return TERMINATED
    except BrokenPipeError:
        _forget_output()  # who read it had enough, as in `rxagents run ... | head -1`
    except Exception as error:
        if show_traceback:
            traceback.print_exception(error)
        _report(error)
        return FAILED
    return 0


def _prepare_output(*, json: bool) -> None:
    """Let no character that the output cannot show end the run; JSON is UTF-8 everywhere."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8" if json else None, errors="replace")


def _forget_output() -> None:
    """Send what is still buffered nowhere, or Python would complain of the pipe once more."""
    try:
        output = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, output)
    os.close(nowhere)


def _report(error: Exception) -> None:
    from .wording import error_sentence, errors

    errors().print(error_sentence(error), style="red", soft_wrap=True)
