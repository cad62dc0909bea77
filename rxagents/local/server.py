"""The server process of the embedded model: started when it is needed, ended with the program."""

from __future__ import annotations

import atexit
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rxagents.exceptions import ModelUnavailableError

from . import serve
from .prompt import CHAT_TEMPLATE
from .shared_call import SharedCall

_START_LIMIT = 60.0  # seconds; one is usual, on a machine that is busy two


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, and what it wants to be shown."""

    url: str
    """Scheme, host and port, as in `http://127.0.0.1:41234`; loopback only."""

    token: str
    """The bearer token; a new one for every start."""


class LocalServer:
    """llama.cpp with one model, in a child process that listens on loopback.

    It may be used from any thread and any event loop, also from several after one another. There
    is at most one process: `start()` starts it where it does not run yet, or not any more.
    """

    def __init__(self, gguf: Path, alias: str) -> None:
        """Of the model in the file `gguf`, whose answers say that they are from `alias`."""
        self._gguf = gguf
        self._alias = alias
        self._process: subprocess.Popen[bytes] | None = None
        self._address: Address | None = None
        self._starting = SharedCall(self._start)

    async def start(self) -> Address:
        """Its address, once it serves; the event loop is not held up while it starts.

        Raises ModelUnavailableError where it does not start, with the last line that it printed.
        """
        return self._running() or await self._starting.result()

    def close(self) -> None:
        """End the process, and with it every answer that is under way. `start()` starts another."""
        self._address = None
        if process := self._process:
            process.kill()  # it holds nothing that would have to be put in order
            process.wait()
            if process.stdin:
                process.stdin.close()

    def disown(self) -> None:
        """Leave the process alone: it belongs to the process that this one was forked from."""
        self._address = None
        if process := self._process:
            # It ends when nobody holds its standard input any more, so this copy must go.
            if process.stdin:
                process.stdin.close()
            process.returncode = 0  # or it would be waited for, as a child of this process
            self._process = None

    def _running(self) -> Address | None:
        alive = self._process is not None and self._process.poll() is None
        return self._address if alive else None

    def _start(self) -> Address:
        if running := self._running():
            return running
        self.close()
        token = secrets.token_urlsafe()
        settings = {"token": token, "alias": self._alias, "chat_template": CHAT_TEMPLATE}
        # Standard error is no pipe, which somebody would have to go on reading.
        with tempfile.TemporaryFile() as stderr:
            try:
                process = self._process = _spawn(self._gguf, stderr)
            except OSError as error:
                raise ModelUnavailableError(
                    f"the embedded model's server cannot be run with {sys.executable!r}: {error}"
                ) from error
            assert process.stdin
            assert process.stdout
            watchdog = threading.Timer(_START_LIMIT, process.kill)
            watchdog.daemon = True
            watchdog.start()
            try:
                with process.stdout:
                    process.stdin.write(json.dumps(settings).encode() + b"\n")
                    line = process.stdout.readline()
            except BrokenPipeError:
                line = b""
            finally:
                watchdog.cancel()
            if not line:
                self.close()
                raise ModelUnavailableError(
                    f"the embedded model's server did not start: {_reason(process, stderr)} "
                    f"(the model is {self._gguf})"
                )
        self._address = Address(url=json.loads(line)["url"], token=token)
        return self._address


def _spawn(gguf: Path, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    # -P: the modules beside serve.py are not meant to be found under their bare names.
    return subprocess.Popen(
        [sys.executable, "-P", serve.__file__, str(gguf)],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        # Ctrl-C in the terminal is for the program, which may still want the answer under way.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _reason(process: subprocess.Popen[bytes], stderr: IO[bytes]) -> str:
    stderr.seek(0)
    lines = stderr.read().decode(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return last or f"it ended with code {process.returncode} within {_START_LIMIT:.0f} s"


_servers: dict[Path, LocalServer] = {}


def shared_server(gguf: Path, alias: str) -> LocalServer:
    """The one server that this process has of a model; it need not have been started."""
    # Atomic as it is: a lock could be held while the process is forked, and be held for ever.
    return _servers.setdefault(gguf, LocalServer(gguf, alias))


@atexit.register
def close_servers() -> None:
    """End every server of this process."""
    for server in tuple(_servers.values()):
        server.close()


def _forked() -> None:
    for server in _servers.values():
        server.disown()
    _servers.clear()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_forked)
