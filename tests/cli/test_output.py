"""Tables for people, lines for programs: nothing is cut, and no letter is too many for a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest
from rich.console import Console

from paperhook import UnknownEvent
from paperhook.cli import _end
from paperhook.cli.arrivals import as_line, table_of
from paperhook.cli.listening import Arrival
from paperhook.cli.output import Output
from paperhook.cli.progress import Bars
from paperhook.cli.webhook_commands import _print_event, _print_refusal

COLUMNS = ("field", "value", "confidence", "box")
ROWS = [
    ("vendor", "Harbour & Pine Ltd of Wren Street", 0.97, "91 61 382 88"),
    ("invoice_number", "HP-2024-0187", None, "805 108 909 121"),
]


def printed(width: str | None, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("COLUMNS", raising=False)
    if width is not None:
        monkeypatch.setenv("COLUMNS", width)
    return Output().table_text(COLUMNS, ROWS)


@pytest.mark.parametrize("width", [None, "200", "80", "60", "40", "20", "1"])
def test_no_cell_is_cut_however_narrow_the_terminal_is(width: str | None, monkeypatch: pytest.MonkeyPatch):
    shown = printed(width, monkeypatch)

    assert "…" not in shown
    for cell in ("invoice_number", "HP-2024-0187", "805 108 909 121", "91 61 382 88", "0.97"):
        assert cell in shown
    for word in ROWS[0][1].split():
        assert word in shown


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_table_is_as_narrow_as_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch):
    shown = printed(str(width), monkeypatch)

    assert max(map(len, shown.splitlines())) <= width


def test_a_pipe_gets_a_row_a_line(monkeypatch: pytest.MonkeyPatch):
    shown = printed(None, monkeypatch)

    assert any(
        "Harbour & Pine Ltd of Wren Street" in line and "91 61 382 88" in line for line in shown.splitlines()
    )


def test_a_long_word_does_not_undo_a_table(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    word = "q" * 120

    shown = Output().table_text(COLUMNS, [("vendor", word, 0.97, "91 61 382 88")])

    assert shown.count("q") == 120
    assert "│" in shown


# The program


def program(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "PYTHONIOENCODING")}
    command = [sys.executable, "-m", "paperhook", *arguments]
    return subprocess.run(
        command, capture_output=True, env={**kept, **env}, cwd=cwd, timeout=120, check=False
    )


@pytest.mark.programs
def test_a_terminal_without_the_letters_gets_escapes(tmp_path: Path):
    # A pipe on Windows, or the C locale.
    (tmp_path / "bücher.json").write_bytes(b"{}")

    done = program(
        "verify", "--body", "bücher.json", "-p", "nobodý", cwd=tmp_path, PYTHONIOENCODING="ascii:strict"
    )
    listed = program("providers", cwd=tmp_path, PYTHONIOENCODING="ascii:strict")

    assert (done.returncode, listed.returncode) == (2, 0)
    assert rb"nobod\xfd" in done.stderr
    assert b"docuparse" in listed.stdout
    assert b"Traceback" not in done.stderr + listed.stderr


@pytest.mark.programs
def test_no_color_and_no_terminal_mean_plain_text(tmp_path: Path):
    done = program("providers", cwd=tmp_path, NO_COLOR="1")

    assert done.returncode == 0
    assert b"\x1b" not in done.stdout


@pytest.mark.programs
def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path):
    command = f'"{sys.executable}" -m paperhook.cli providers --json | head -n 1'

    done = subprocess.run(["sh", "-c", command], capture_output=True, cwd=tmp_path, timeout=120, check=True)

    assert json.loads(done.stdout)["provider"] == "space-ocr"
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("inbox", "export", "--inbox", "memory:", "--out", "nowhere/x.jsonl"), b"nowhere/x.jsonl: No such file"),
        (("worker", "broken:hooks"), b"importing broken failed: ZeroDivisionError: division by zero ("),
        (("dev", "--secret", "short"), b"'--secret' has 5 bytes"),
        (("dev", "--port", "99999"), b"65535"),
        (("listen", "--port", "99999"), b"port 99999 cannot be used"),
    ],
)  # fmt: skip
@pytest.mark.programs
def test_a_users_mistake_is_a_sentence(tmp_path: Path, arguments: tuple[str, ...], said: bytes):
    (tmp_path / "broken.py").write_text("hooks = 1 / 0\n")

    done = program(*arguments, cwd=tmp_path)

    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert b"Traceback" not in done.stderr


EVIL = "\x1b[2J\x1b]0;title\x07Evil\x9b31m \u202egnp\tA\nB [bold]x[/bold]"


def test_no_document_gives_orders_to_a_terminal(capsys: pytest.CaptureFixture[str]):
    Output().line(EVIL)
    Output().heading(EVIL)
    Output().remark(EVIL)
    Output().table(("field", "value"), [("vendor", EVIL)])

    shown = capsys.readouterr().out
    assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}
    assert shown.count("\\x1b[2J") == 4
    assert shown.count("[bold]x[/bold]") == 4


def test_no_sender_and_no_provider_gives_orders_to_a_terminal(capsys: pytest.CaptureFixture[str]):
    arrival = Arrival(0.0, "accepted", 200, events=({"type": EVIL},), reasons=(EVIL,))
    as_line(arrival)
    Console(width=500).print(table_of(deque([arrival])))
    Bars(Console(), []).line(EVIL)
    _print_refusal("malformed", (EVIL, EVIL), as_json=False)
    _print_event(UnknownEvent(key=EVIL, provider="acme", type=EVIL), "default", as_json=False)
    with pytest.raises(SystemExit):
        _end(1, f"acme: {EVIL}")

    printed = capsys.readouterr()
    assert not set(printed.out + printed.err) & {"\x1b", "\x07", "\x9b", "\u202e"}
    assert "acme: \\x1b[2J" in printed.err
    assert printed.out.count("\\x1b[2J") == 9
