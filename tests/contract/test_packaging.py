"""The wheel: what it carries, and that it runs from an environment and a folder where nothing else is."""

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from cirt.kernel import schema
from tests.support.documents import ROOT
from tests.support.processes import clean_environment, run_cirt, up

INIT = ("init", "--name", "EX-CIRT", "--country", "EX", "--admin", "rosa@ex-cirt.example")
_SITE = "import sysconfig; print(sysconfig.get_path('purelib'))"
_SOURCES = ("cirt", "connectors", "migrations", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, with uv or pip as a fresh machine has them; both fetch hatchling from the package index."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    for name in _SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / name, source / name)
    _run([*_builder(place), str(source)], place)
    (built,) = place.glob("*.whl")
    return built


def _builder(place: Path) -> list[str]:
    uv = shutil.which("uv")
    if uv:
        return [uv, "build", "--quiet", "--wheel", "--out-dir", str(place)]
    python = _environment(place / "builder", with_pip=True)
    return [str(python), "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(place)]


def _environment(place: Path, *, with_pip: bool) -> Path:
    venv.create(place, with_pip=with_pip)
    return place / "bin" / "python"


def _run(command: list[str], cwd: Path) -> None:
    environment = clean_environment()
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_carries_all_that_the_program_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    wanted = {
        str(file.relative_to(ROOT))
        for folder in ("web/templates", "web/static", "locale")
        for file in (ROOT / "cirt" / folder).rglob("*")
        if file.is_file()
    }
    wanted |= {
        f"cirt/_migrations/{file.relative_to(ROOT / 'migrations')}"
        for file in (ROOT / "migrations").rglob("*")
        if file.suffix in (".py", ".mako")
    }
    wanted |= {"cirt/py.typed", "cirt_connectors/stix_folder/__init__.py"}
    assert wanted - names == set()
    assert any(name.startswith("cirt/_migrations/versions/0001") for name in names)


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"cirt", "cirt_connectors"}


def test_the_wheel_names_the_program_and_its_connectors(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        (points,) = (name for name in opened.namelist() if name.endswith("entry_points.txt"))
        text = opened.read(points).decode()

    assert "cirt = cirt.boot.main:main" in text
    assert "stix-folder = cirt_connectors.stix_folder:StixFolderConnector" in text


def test_an_installed_wheel_sets_up_and_serves_in_an_empty_folder(
    wheel: Path, tmp_path: Path
) -> None:
    """Beside the packages of this environment, so that nothing is fetched; the program itself is the wheel's."""
    python = _environment(tmp_path / "environment", with_pip=False)
    place = Path(_said(python, _SITE))
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(place)
    needed = place / "needed"
    needed.mkdir()
    for one in Path(_said(Path(sys.executable), _SITE)).iterdir():
        if not one.name.lower().startswith(("cirt", "_cirt")) and one.suffix != ".pth":
            (needed / one.name).symlink_to(one)
    (place / "needed.pth").write_text(f"{needed}\n")

    _serves([str(python), "-m", "cirt"], tmp_path, place)


@pytest.mark.long
def test_a_wheel_installed_with_the_lock_sets_up_and_serves_in_an_empty_folder(
    wheel: Path, tmp_path: Path
) -> None:
    """As docs/operate.md says, from the package index."""
    python = _environment(tmp_path / "environment", with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet"]
    _run([*install, "--require-hashes", "-r", str(ROOT / "requirements.lock")], tmp_path)
    _run([*install, "--no-deps", str(wheel)], tmp_path)
    place = Path(_said(python, _SITE))

    _serves([str(python.parent / "cirt")], tmp_path, place)


def _said(python: Path, code: str) -> str:
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _serves(program: list[str], tmp_path: Path, installed: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    begun = run_cirt(*INIT, cwd=folder, program=program)
    assert begun.returncode == 0, begun.stderr
    assert schema.newest_revision() in run_cirt("db", "check", cwd=folder, program=program).stdout
    assert "stix-folder" in run_cirt("connector", "list", cwd=folder, program=program).stdout
    where = _said(Path(program[0]).parent / "python", "import cirt; print(cirt.__file__)")
    assert Path(where).is_relative_to(installed)

    with up(folder, program=program) as started:
        assert started.get("/") == 200
        assert started.get("/taxii2/") == 401
        assert started.get("/sign-in") == 200
        assert started.end() == 0
        assert started.leftovers() == []
