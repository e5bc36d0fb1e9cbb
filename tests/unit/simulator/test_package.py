"""The simulator alone: it builds, it installs where nothing of the project is, and its command starts."""

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

FOLDER = Path(__file__).parents[3] / "simulator"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, timeout=60)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_has_every_module_and_page(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name.removeprefix("simulator/") for name in archive.namelist() if name.startswith("simulator/")}
        (metadata,) = (archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA"))
    assert packed == {path.name for path in FOLDER.iterdir() if path.suffix in (".py", ".html", ".typed")}
    needed = {
        line.split(": ")[1].split("<")[0].split(">")[0] for line in metadata.splitlines() if line.startswith("Requires-Dist")
    }
    assert needed == {"httpx", "starlette", "uvicorn"}
    assert "Name: mercado-livre-simulator" in metadata


def test_its_command_starts_without_the_project(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    # The three libraries come from here; the project's own folder, which an editable install adds, does not.
    (site,) = (tmp_path / "venv").glob("lib/*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    install = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--offline",
        "--no-deps",
        "--python",
        str(python),
        str(wheel),
    ]
    subprocess.run(install, check=True, timeout=60)
    command = [str(python.parent / "mercado-livre-simulator"), "--port", "0", "--state-dir", str(tmp_path / "state")]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            assert httpx.get(f"{url}/_sim/health", timeout=10).json()["status"] == "ok"
            found = subprocess.check_output(
                [python, "-c", "import simulator; print(simulator.__file__)"], cwd=tmp_path, text=True
            )
            assert Path(found.strip()).is_relative_to(tmp_path)
        finally:
            process.kill()
