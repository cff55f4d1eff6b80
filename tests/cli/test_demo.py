"""The main job from the command line: files in, handled events out."""

from __future__ import annotations

import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from paperhook.cli import demo
from paperhook.cli.demo import sample
from tests.reading.drawing import Sheet

from .running import lines, program, run

EXPECTED = {"vendor", "invoice_number", "invoice_date", "currency", "total"}
ALL = ["space-ocr", "docuparse", "docuprox", "ocriva"]


def test_the_bundled_invoice_goes_the_whole_way_for_every_provider():
    result = run("demo", "--provider", "all", "--json")

    found = lines(result)
    assert result.exit_code == 0
    assert [each["provider"] for each in found] == ALL
    assert {each["event"] for each in found} == {"document.completed"}
    assert all(set(each["fields"]) >= EXPECTED for each in found)
    assert len({Decimal(each["fields"]["total"]["value"]) for each in found}) == 1
    assert all(len(each["line_items"]) == len(found[0]["line_items"]) > 0 for each in found)


@pytest.mark.parametrize("provider", ALL)
def test_each_field_says_how_sure_and_where(provider: str):
    result = run("demo", "--provider", provider, "--json")

    (found,) = lines(result)
    total = found["fields"]["total"]
    assert set(total) == {"value", "confidence", "match_ratio", "page", "box"}
    assert 0 < total["confidence"] <= 1
    assert total["page"] == 1
    x0, y0, x1, y1 = total["box"]
    assert 0 <= x0 < x1 <= 1000
    assert 0 <= y0 < y1 <= 1000


def test_people_get_the_way_and_a_table():
    result = run("demo")

    assert result.exit_code == 0
    assert "webhook verified" in result.stdout
    assert "handler ran" in result.stdout
    assert "invoice_number" in result.stdout


@pytest.mark.parametrize("provider", ALL)
def test_what_cannot_be_read_is_a_failed_document_with_a_code(tmp_path: Path, provider: str):
    empty, broken = tmp_path / "empty.pdf", tmp_path / "broken.pdf"
    empty.write_bytes(b"")
    broken.write_bytes(b"%PDF-1.7\n")

    result = run("demo", str(empty), str(broken), "--provider", provider, "--json")

    found = lines(result)
    assert result.exit_code == 0
    assert [each["event"] for each in found] == ["document.failed", "document.failed"]
    assert all(each["error"]["code"] for each in found)
    assert all(each["fields"] == {} for each in found)


def test_each_member_of_an_archive_is_a_document_of_its_own(tmp_path: Path):
    archive = tmp_path / "two.zip"
    other = Path(sample()).with_name("receipt.pdf")
    with zipfile.ZipFile(archive, "w") as members:
        members.write(sample(), "one.pdf")
        members.write(other, "two.pdf")

    result = run("demo", str(archive), "--provider", "docuprox", "--json")

    found = lines(result)
    assert result.exit_code == 0
    assert len(found) == 2
    assert {each["job_id"] for each in found} == {found[0]["job_id"]}
    assert found[0]["fields"] != found[1]["fields"]


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path):
    result = run("demo", str(tmp_path / "missing.pdf"))

    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_the_program_prints_no_traceback_for_a_wrong_provider():
    started = program("demo", "--provider", "acme")

    _, errors = started.communicate(timeout=60)
    assert started.returncode == 2
    assert "acme" in errors
    assert "Traceback" not in errors


def test_a_document_of_two_pages_is_put_together_where_each_page_is_a_job(tmp_path: Path):
    sheet = Sheet()
    sheet.text(60, 60, "Invoice INV-7", 16)
    sheet.next_page()
    sheet.pairs(60, 100, 400, [("Subtotal", "GBP 10.00"), ("VAT", "GBP 2.00"), ("Total", "GBP 12.00")])
    (tmp_path / "two.pdf").write_bytes(sheet.pdf())

    result = run("demo", str(tmp_path / "two.pdf"), "--provider", "space-ocr", "--json")

    (found,) = lines(result)
    assert found["event"] == "document.completed"
    assert {found["fields"][name]["page"] for name in ("invoice_number", "total")} == {1, 2}


def test_what_no_handler_sees_or_does_not_end_in_time_is_not_done(monkeypatch: pytest.MonkeyPatch):
    async def forget(*_: object) -> None: ...

    monkeypatch.setattr(demo._Desk, "note", forget)
    monkeypatch.setattr(demo, "WEBHOOK_PATIENCE", 0.05)
    unhandled = run("demo", "--json")
    monkeypatch.setattr(demo, "DOCUMENT_DEADLINE", 1e-6)
    late = run("demo", "--json")

    assert [(each.exit_code, lines(each)[0]["event"]) for each in (unhandled, late)] == [(1, ""), (1, "")]
    assert lines(unhandled)[0]["error"]["code"] == "not_handled"
    assert lines(late)[0]["error"]["code"] == "DeadlineExceeded"
