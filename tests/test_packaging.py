"""The package as it is built is the package as it is tested."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import rxagents

ROOT = Path(__file__).parent.parent


def modules(folder: str, package: str) -> set[str]:
    """The modules on disk below `folder`, by their path in the wheel."""
    found = {path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*.py")}
    return {str(Path(package) / path) for path in found}


def on_disk() -> set[str]:
    return modules("rxagents", "rxagents") | modules("operators", "rxagents/operators")


def test_the_list_of_packages_is_what_is_on_disk() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = project["tool"]["setuptools"]["packages"]
    folders = {str(Path(path).parent).replace("/", ".") for path in on_disk()}
    assert sorted(listed) == sorted(folders)
    assert project["project"]["version"] == rxagents.__version__


@pytest.mark.slow
def test_sdist_and_wheel_hold_the_package_and_nothing_else(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == on_disk() | {"rxagents/py.typed"}
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    assert {"operators/__init__.py", "rxagents/__init__.py", "LICENSE", "README.md"} <= files
