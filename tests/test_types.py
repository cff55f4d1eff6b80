"""The decorator narrows: a type checker refuses a handler of another event, and keeps the function's own type."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
RIGHT = REPOSITORY / "tests" / "typed" / "handlers.py"
WRONG = """
from paperhook import DocumentCompleted, DocumentFailed, Event, Webhooks
from paperhook.providers import DocuParse

hooks = Webhooks(DocuParse("key", webhook_secret="a-secret-for-tests"))


@hooks.on(DocumentCompleted)
def fits(event: DocumentCompleted) -> int:
    return 1


@hooks.on("document.*")
@hooks.on(DocumentFailed)
async def takes_any(event: Event) -> str:
    return event.key


count: int = fits(event)  # wrong: event is not defined
text: str = fits  # wrong: fits stays a function


@hooks.on(DocumentCompleted)  # wrong: another class
def another(event: DocumentFailed) -> None: ...


@hooks.on("document.failed")  # wrong: another name
async def another_name(event: DocumentCompleted) -> None: ...


@hooks.on("*")  # wrong: a pattern brings more
def of_a_pattern(event: DocumentCompleted) -> None: ...


@hooks.on("batch.completed")  # wrong: not in the union
@hooks.on(DocumentCompleted)
def of_too_few(event: DocumentCompleted | DocumentFailed) -> None: ...


@hooks.on(DocumentCompleted)  # wrong: two arguments
def two(event: DocumentCompleted, other: int) -> None: ...


@hooks.on(int)  # wrong: no event
def no_event(event: int) -> None: ...


fits(1)  # wrong: the handler still says what it takes
"""


def lines_marked_wrong() -> set[int]:
    return {number for number, line in enumerate(WRONG.splitlines(), start=1) if "# wrong" in line}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_mypy_narrows_what_a_handler_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = pytest.importorskip("mypy.api")
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG)
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("MYPYPATH", str(REPOSITORY / "src"))

    told, problems, _ = api.run(
        [str(RIGHT), str(wrong), "--strict", "--no-incremental", "--follow-imports=silent"]
    )

    assert problems == ""
    found = set(re.findall(r"(\w+)\.py:(\d+): error", told))
    assert {int(line) for file, line in found if file == "wrong"} == lines_marked_wrong(), told
    assert [each for each in found if each[0] == "handlers"] == [], told


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_pyright_narrows_what_a_handler_takes(tmp_path: Path) -> None:
    run = pytest.importorskip("pyright").run
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG)
    (tmp_path / "pyrightconfig.json").write_text(
        f'{{"extraPaths": ["{REPOSITORY / "src"}"], "typeCheckingMode": "basic", "pythonVersion": "3.11"}}'
    )

    done = run("--project", str(tmp_path), "--pythonpath", sys.executable, capture_output=True, text=True)

    found = {int(line) for line in re.findall(r"wrong\.py:(\d+):\d+ - error", done.stdout)}
    # Pyright tells a wrong decorator at the decorator as well; it is the same line.
    assert found == lines_marked_wrong(), done.stdout
