"""A virtual environment outside of the repository, with this checkout and its peers.

aiostream is licensed under the GPL. It is no dependency of ours, not even for development: it is
installed here, by name and with plain `pip`, to be measured.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
PEERS = ("aiostream",)


def with_peers() -> Path | None:
    """A Python that has the peers, made if need be; None, with a word, where that fails."""
    name = f"rxagents-benchmarks-{sys.version_info.major}.{sys.version_info.minor}-{_of_checkout()}"
    folder = _cache() / name
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if python.exists() and _works(python):
        return python
    _say(f"Installing this checkout and {', '.join(PEERS)} in {folder} ...")
    try:
        venv.create(folder, clear=True, with_pip=True)
        install = [str(python), "-m", "pip", "install", "-q", "-e", str(ROOT), *PEERS]
        subprocess.run(install, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        _say(f"That failed ({error}): measuring without {', '.join(PEERS)}.")
        return None
    return python


def _works(python: Path) -> bool:
    imports = f"import rxagents, {', '.join(PEERS)}"
    return subprocess.run([str(python), "-c", imports], capture_output=True).returncode == 0


def _cache() -> Path:
    folder = os.environ.get("XDG_CACHE_HOME")
    return Path(folder) if folder else Path(tempfile.gettempdir())


def _of_checkout() -> str:
    """Something else for each checkout, as the environment installs this one."""
    return hashlib.sha256(str(ROOT.resolve()).encode()).hexdigest()[:8]


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
