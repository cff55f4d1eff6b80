"""`paperhook show`: a file or a job, as a list and as a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from paperhook import Client, Webhooks
from paperhook.cli.demo import sample
from paperhook.errors import ConfigurationError
from paperhook.providers import DocuParse
from paperhook.testing import LocalProviders, signed_delivery
from tests.settings import settings_of

from .running import lines, run


def test_a_file_is_read_here_and_drawn(tmp_path: Path) -> None:
    page = tmp_path / "out.html"

    done = run("show", str(sample()), "--html", str(page))

    assert done.exit_code == 0
    assert "total: 2220.00  (" in done.stdout
    written = page.read_text(encoding="utf-8")
    assert "data:image/jpeg" in written
    assert '<rect class="box"' in written


def test_a_file_may_be_read_by_a_provider(paperhook_providers: LocalProviders) -> None:
    done = run("show", str(sample()), "-p", "docuparse", "--json", env=settings_of(paperhook_providers))

    total = next(line for line in lines(done) if line["field"] == "total")
    assert total["value"] == "2220.00"
    assert total["page"] == 1
    assert len(total["box"]) == 4


def test_a_job_is_drawn_on_the_document_that_it_was_made_for(
    tmp_path: Path, paperhook_providers: LocalProviders
) -> None:
    with Client(paperhook_providers.provider("docuparse")) as client:
        job = client.wait(client.upload(sample()))
    with_pages, without = tmp_path / "with.html", tmp_path / "without.html"
    env = settings_of(paperhook_providers)

    run("show", job.id, "-p", "docuparse", "--document", str(sample()), "--html", str(with_pages), env=env)
    run("show", job.id, "-p", "docuparse", "--html", str(without), env=env)

    assert "data:image/jpeg" in with_pages.read_text(encoding="utf-8")
    assert "data:image/jpeg" not in without.read_text(encoding="utf-8")
    assert '<rect class="box"' in without.read_text(encoding="utf-8")


def test_warnings_are_listed_last(tmp_path: Path) -> None:
    from tests.reading.drawing import Sheet

    sheet = Sheet()
    sheet.text(60, 60, "Invoice INV-7", 16)
    sheet.pairs(60, 100, 400, [("Subtotal", "GBP 10.00"), ("VAT", "GBP 2.00"), ("Total", "GBP 15.00")])
    (tmp_path / "odd.pdf").write_bytes(sheet.pdf())

    done = run("show", str(tmp_path / "odd.pdf"))

    assert done.stdout.splitlines()[-1].startswith("warning: fields.total: ")


RULES = """
from paperhook import DocumentCompleted, Webhooks
from paperhook.providers import DocuParse
from paperhook.rules import confident, required, sums


async def knows(event: DocumentCompleted) -> str | None:
    return None if event.result.fields["vendor"].value == "Acme" else "this vendor is not in the books"


hooks = Webhooks(
    DocuParse("key", webhook_secret="0123456789abcdef"),
    inbox="memory:",
    rules=[required("iban"), sums(), confident(0.99, "vendor").when(provider="local"), lambda event: None, knows],
)
"""


def test_the_rules_of_an_application_are_asked_about_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ruling_app.py").write_text(RULES, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))

    told = lines(run("show", str(sample()), "--app", "ruling_app:hooks", "--json"))
    listed = run("show", str(sample()), "--app", "ruling_app:hooks").stdout.splitlines()

    held = {line["field"]: line["held_back"] for line in told if line["held_back"]}
    assert held["iban"] == ["required: iban is missing"]
    assert [each.startswith("confident: vendor is at 0.") for each in held["vendor"]] == [True]
    assert set(held) == {"iban", "vendor"}
    assert "held back by knows: this vendor is not in the books" in listed


def test_a_job_that_is_not_in_the_inbox_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other_app.py").write_text(RULES, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))

    refused = run("show", "job_1", "--app", "other_app:hooks").exception

    assert isinstance(refused, ConfigurationError)
    assert "the inbox has no completed document" in str(refused)


def test_a_job_that_nothing_held_back_is_shown_as_its_event_has_it(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workplace / "lenient_app.py").write_text(RULES.replace("memory:", "sqlite:///inbox.db"), "utf-8")
    monkeypatch.syspath_prepend(str(workplace))
    provider = DocuParse("key", webhook_secret="0123456789abcdef")
    hooks = Webhooks(provider, inbox="sqlite:///inbox.db", worker="external")
    hooks.on("*")(lambda event: None)
    hooks.receive(*signed_delivery(provider, "document.completed", mark="abcd1234"))
    [row] = hooks.inbox.rows().result()
    hooks.close()

    told = lines(
        run("show", str(row.entry.job_id or row.entry.document_id), "--app", "lenient_app:hooks", "--json")
    )

    assert {line["field"] for line in told} >= {"total"}
    assert not any(line["held_back"] for line in told)


def test_what_is_no_file_needs_a_provider() -> None:
    refused = run("show", "job_1").exception

    assert isinstance(refused, ConfigurationError)
    assert "--provider" in str(refused)
