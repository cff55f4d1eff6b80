"""Documents through the reader of this machine and through a provider: the same figures code judges both."""

from __future__ import annotations

import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from paperhook import Client
from paperhook.core.result import Result
from paperhook.errors import ConfigurationError, JobFailed
from paperhook.evaluation.expected import ExpectedDocument, load_manifest
from paperhook.evaluation.figures import bins, tally
from paperhook.evaluation.running import evaluate, local_result, reads_locally, reads_with
from paperhook.reading.reader import Reader
from paperhook.testing import LocalProviders
from tests.make_samples import FOLDER
from tests.reading.layouts_slips import LAYOUTS

#: What the sample states; `tests/make_samples.py` draws it.
STATED = {
    "vendor": "Harbour & Pine Ltd",
    "total": "2220.00",
    "currency": "GBP",
    "line_items": [{"amount": "1200.00"}],
}


def folder_with_sample(folder: Path) -> list[ExpectedDocument]:
    shutil.copy(FOLDER / "invoice.pdf", folder / "invoice.pdf")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 no more")
    documents = [
        {"file": "invoice.pdf", "expected": STATED, "kind": "invoice"},
        {"file": "broken.pdf", "expected": {"total": "1"}},
    ]
    (folder / "manifest.json").write_text(json.dumps({"documents": documents}), encoding="utf-8")
    return load_manifest(folder / "manifest.json")


def test_this_machine_reads_the_sample_and_fails_a_broken_file(tmp_path, reader: Reader):
    documents = folder_with_sample(tmp_path)

    found = evaluate(documents, reads_locally(reader), provider="local")

    sample, broken = found.documents
    counted = tally(sample.judgements)
    assert (counted.right, counted.stated) == (3, 3)
    assert sample.failure is None
    assert sample.seconds > 0
    assert tally(broken.judgements).given == 0
    assert broken.failure is not None
    assert broken.failure.startswith("ReadingFailed: corrupt")


@pytest.mark.parametrize(
    "name", [pytest.param("space-ocr", marks=pytest.mark.slow), "docuparse", "docuprox", "ocriva"]
)
def test_every_provider_is_judged_by_the_same_manifest(
    tmp_path, paperhook_providers: LocalProviders, name: str
):
    documents = folder_with_sample(tmp_path)

    with Client(paperhook_providers.provider(name)) as client:
        found = evaluate(documents, reads_with(client, deadline=60), provider=name, concurrency=2)

    sample, broken = found.documents
    assert sample.failure is None
    assert tally(sample.judgements).right == 3
    # space-ocr takes images only, so a broken PDF does not leave this machine.
    assert broken.failure is not None
    assert broken.failure.split(":")[0] in {"JobFailed", "UnsupportedDocument"}
    assert sum(each.count for each in bins(found.judgements)) > 0


def test_a_local_result_has_typed_values(reader: Reader):
    read = reads_locally(reader)(FOLDER / "invoice.pdf")

    assert read.fields["total"].value == Decimal("2220.00")
    assert isinstance(read.fields["invoice_date"].value, date)
    assert read.fields["vendor"].box is not None
    assert read.document_type == "invoice"
    assert isinstance(read.line_items[0]["amount"].value, Decimal)


def test_a_local_result_has_standard_names(reader: Reader):
    content, stated = LAYOUTS["order_number_and_balance_after_a_payment"]()

    read = local_result(reader.read(content, filename="invoice.pdf"))

    assert read.fields["purchase_order"].value == stated["po_number"]
    assert read.fields["amount_due"].value == Decimal(stated["amount_due"])
    assert set(read.line_items[0]) == {"description", "quantity", "unit_price", "amount"}


def test_wrong_settings_are_no_property_of_a_document(tmp_path):
    def refuse(path: Path) -> Result:
        raise ConfigurationError("no key")

    with pytest.raises(ConfigurationError, match="no key"):
        evaluate(folder_with_sample(tmp_path), refuse, provider="acme")


def test_any_function_can_be_judged(tmp_path):
    def fail(path: Path) -> Result:
        raise JobFailed("acme: cannot")

    found = evaluate(folder_with_sample(tmp_path), fail, provider="acme")

    assert [each.failure for each in found.documents] == ["JobFailed: acme: cannot"] * 2
