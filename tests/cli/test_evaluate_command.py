"""`paperhook evaluate`: two readers of the same documents, compared."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from paperhook.cli.demo import sample
from paperhook.errors import ConfigurationError
from paperhook.testing import LocalProviders
from tests.settings import settings_of

from .running import lines, run


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    shutil.copy(sample(), tmp_path / "invoice.pdf")
    stated = {"vendor": "Harbour & Pine Ltd", "total": "2220.00", "tax": "1.00", "line_items": []}
    documents = [{"file": "invoice.pdf", "kind": "invoice", "language": "en", "expected": stated}]
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"documents": documents}), encoding="utf-8")
    return path


def test_this_machine_is_evaluated_by_default(manifest: Path) -> None:
    done = run("evaluate", str(manifest))

    assert done.exit_code == 0
    assert "invoice.pdf" in done.stdout
    assert "2/3" in done.stdout
    assert "66.7 %" in done.stdout
    assert "calibration error" in done.stdout


def test_a_document_that_cannot_be_read_says_why_below_the_table(manifest: Path) -> None:
    (manifest.parent / "invoice.pdf").write_bytes(b"no document")

    done = run("evaluate", str(manifest))

    assert "\ninvoice.pdf: ReadingFailed: unsupported_type: " in done.stdout


def test_providers_are_compared_on_one_page(manifest: Path, paperhook_providers: LocalProviders) -> None:
    page = manifest.with_name("report.html")

    done = run(
        "evaluate", str(manifest), "-p", "local", "-p", "docuparse", "--html", str(page), "--json",
        env=settings_of(paperhook_providers),
    )  # fmt: skip

    local, docuparse = lines(done)
    assert (local["provider"], docuparse["provider"]) == ("local", "docuparse")
    assert local["all"]["right"] == docuparse["all"]["right"] == 2
    assert local["language"]["en"]["stated"] == 3
    assert sum(each["right"] + each["wrong"] for each in local["confidence"]) > 0
    written = page.read_text(encoding="utf-8")
    assert "docuparse" in written
    assert "data:image/jpeg" in written


@pytest.mark.parametrize(("floor", "code"), [("0.6", 0), ("0.7", 1)])
def test_a_floor_decides_the_exit_code(manifest: Path, floor: str, code: int) -> None:
    assert run("evaluate", str(manifest), "--fail-under", floor).exit_code == code


def test_a_wrong_manifest_is_a_wrong_setting(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text("{}")

    assert isinstance(run("evaluate", str(path)).exception, ConfigurationError)


def test_documents_that_state_nothing_fail_nothing(manifest: Path) -> None:
    manifest.write_text(json.dumps({"documents": [{"file": "invoice.pdf"}]}), encoding="utf-8")

    done = run("evaluate", str(manifest), "--fail-under", "0.9")

    assert done.exit_code == 0
    assert "calibration error: -" in done.stdout
