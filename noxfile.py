"""What CI runs: `pip install nox && nox`.

| session | what | default |
|---|---|---|
| `lint` | ruff: rules and format | yes |
| `types` | mypy and pyright, both strict; every public symbol has a type | yes |
| `tests(3.x)` | pytest on every supported Python that is found here: all of it on the newest, on the others what one Python may do otherwise than another | yes |
| `ocr` | scans and photos recognised on this machine, with the extra `local` | yes |
| `coverage` | branches that the newest of them ran, with the floor of pyproject.toml | yes |
| `docs` | every block of the README and of `docs/` is run | yes |
| `fuzz` | a million deliveries that nobody would send, or five minutes of them; `nox -s fuzz -- --runs 1000` for fewer | no |
| `chaos` | receivers and workers killed at any line, workers of every engine, and clients cancelled, for minutes, and inboxes of a million rows; `CHAOS_SEED`, `CHAOS_EVENTS`, `CHAOS_KILLS`, `CHAOS_ROUNDS` and `CHAOS_ROWS` say how | no |
| `bench` | ratios against what it is compared with, side by side in one run | no |
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "types", "tests", "ocr", "coverage", "docs"]
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "no"
nox.options.error_on_missing_interpreters = True

HERE = Path(__file__).parent
SUPPORTED = ("3.11", "3.12", "3.13", "3.14")
PYPROJECT = nox.project.load_toml("pyproject.toml")


def candidates(version: str) -> list[Path]:
    """Where a Python of that version may be: this one, pyenv's, uv's, and those on the PATH."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local" / "share" / "uv" / "python")
    named = shutil.which(f"python{version}")
    return [
        Path(sys.executable),
        *sorted((pyenv / "versions").glob(f"{version}.*/bin/python"), reverse=True),
        *sorted(uv.glob(f"cpython-{version}.*/bin/python{version}"), reverse=True),
        # Last, because pyenv puts a shim on the PATH for versions that it refuses to start.
        *([Path(named)] if named else []),
    ]


def is_python(path: Path, version: str) -> bool:
    """Whether it starts, is that version, and can make virtual environments."""
    program = "import sys, ensurepip, sqlite3; print('%d.%d' % sys.version_info[:2], end='')"
    try:
        told = subprocess.run([path, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return told.stdout == version


def find_pythons() -> dict[str, str]:
    """Find one interpreter for each supported version; a missing one is named and skipped."""
    found: dict[str, str] = {}
    for version in SUPPORTED:
        path = next((each for each in candidates(version) if is_python(each, version)), None)
        if path is None:
            print(f"noxfile: no Python {version} on this machine: its tests are skipped", file=sys.stderr)
        else:
            found[version] = str(path)
    if not found:
        raise SystemExit(f"noxfile: none of Python {', '.join(SUPPORTED)} is on this machine")
    return found


#: Every process that a test starts would compile all that it imports, which is half of what the tests cost.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

PYTHONS = find_pythons()
OLDEST, NEWEST = next(iter(PYTHONS.values())), list(PYTHONS.values())[-1]
#: What meets event loops, threads, sockets, stores and frameworks, where one Python differs from another.
DIFFERING = (
    "tests/adapters",
    "tests/client",
    "tests/contracts/test_inboxes.py",
    "tests/test_trio.py",
    "tests/worker",
)
#: Of it what a Python between the oldest and the newest runs: the client's faults are waited for, which takes longest.
BETWEEN = tuple(each for each in DIFFERING if each != "tests/client")


def install(session: nox.Session, *groups: str) -> None:
    """Install the package as a user gets it, with the demo's extras, and groups of pyproject.toml."""
    session.install(".[demo]", *nox.project.dependency_groups(PYPROJECT, *groups))


@nox.session(python=NEWEST)
def lint(session: nox.Session) -> None:
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")


@nox.session(python=NEWEST)
def types(session: nox.Session) -> None:
    # pyright[nodejs] brings Node.js as a wheel, so that a machine without it needs nothing but PyPI.
    install(session, "types")
    session.run("mypy")
    session.run("pyright", "--warnings", env={"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"})
    # Every public symbol of what was installed, as a user's type checker sees it.
    session.run("pyright", "--verifytypes", "paperhook", "--ignoreexternal", silent=True)


@nox.session
@nox.parametrize("python", [nox.param(path, id=version) for version, path in PYTHONS.items()])
def tests(session: nox.Session) -> None:
    install(session, "test")
    # A file's tests share their servers, so they stay together; tests/conftest.py has them in an order that leaves no long
    # one for the end. More processes than cores (`-n`), because many tests wait for sockets, most of all the slow ones.
    parallel = ("--dist", "loadfile", "--no-loadscope-reorder")
    # Real sockets and processes on a machine that does other things as well: what fails is run once more, and the
    # summary names it, so that a test that needs it is seen. A fault that is there fails twice.
    once_more = ("--reruns", "1", "--reruns-delay", "1", "--rerun-show-tracebacks", "-raR")
    pytest = ("pytest", *parallel, *once_more, "--ignore=tests/test_docs.py", *session.posargs)
    quick, rest = "not slow and not programs and not chaos", "(slow or programs) and not chaos"
    if session.python != NEWEST:
        # The types of the oldest are checked for all of it, by mypy.
        files = DIFFERING if session.python == OLDEST else BETWEEN
        session.run(*pytest, "-n", "4", "-m", quick, *(() if session.posargs else files))
        return
    # Measuring doubles what a test costs. What starts programs or kills processes goes without it: little would be added.
    for old in [*HERE.glob(".coverage.*"), HERE / ".coverage"]:
        old.unlink(missing_ok=True)
    session.run("coverage", "run", "-m", *pytest, "-n", "4", "-m", quick)
    session.run(*pytest, "-n", "6", "-m", rest)


@nox.session(python=NEWEST)
def ocr(session: nox.Session) -> None:
    install(session, "ocr")
    # Elsewhere these tests are skipped without it; here they must run.
    session.run("python", "-c", "import rapidocr")
    session.run("pytest", "-m", "ocr", "tests/reading", *session.posargs)


@nox.session(python=NEWEST)
def coverage(session: nox.Session) -> None:
    session.install(*nox.project.dependency_groups(PYPROJECT, "coverage"))
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session(python=NEWEST)
def docs(session: nox.Session) -> None:
    install(session, "test")
    session.run("pytest", "tests/test_docs.py", *session.posargs)


@nox.session(python=NEWEST, default=False)
def chaos(session: nox.Session) -> None:
    install(session, "test")
    session.run("pytest", "-m", "chaos", *session.posargs)


@nox.session(python=NEWEST, default=False)
def bench(session: nox.Session) -> None:
    install(session, "bench")
    session.run("python", "-m", "tests.bench", *session.posargs)


@nox.session(python=NEWEST, default=False)
def fuzz(session: nox.Session) -> None:
    install(session, "fuzz")
    session.run("python", "-m", "tests.fuzz", *(session.posargs or ("--runs", "1000000", "--seconds", "300")))
