"""The files of words, one for each language: a name that nobody reads would be a word that is never found."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest

from paperhook.reading.vocabulary import COLUMN_MEANINGS, COLUMNS, LABEL_MEANINGS, LABELS, TITLES
from paperhook.reading.words import squeeze

LANGUAGES = sorted(
    (file for file in files("paperhook.reading").joinpath("languages").iterdir()), key=lambda file: file.name
)


def words(name: str) -> dict[str, Any]:
    return tomllib.loads(
        files("paperhook.reading").joinpath("languages", f"{name}.toml").read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("file", LANGUAGES, ids=lambda file: file.name)
def test_every_name_in_a_file_is_one_that_is_read(file: Any) -> None:
    language = tomllib.loads(file.read_text(encoding="utf-8"))

    assert set(language) <= {"common_words", "titles", "labels", "columns"}
    assert set(language["titles"]) <= set(TITLES)
    assert set(language["labels"]) <= set(LABELS)
    assert set(language["columns"]) <= set(COLUMNS)


@pytest.mark.parametrize("file", LANGUAGES, ids=lambda file: file.name)
def test_no_phrase_stands_twice_under_one_name(file: Any) -> None:
    language = tomllib.loads(file.read_text(encoding="utf-8"))

    sections = [phrases for name in ("titles", "labels", "columns") for phrases in language[name].values()]
    assert all(len(set(phrases)) == len(phrases) for phrases in sections)


@pytest.mark.parametrize(
    ("phrase", "meaning"),
    [
        ("Our invoice ref.", "number"),
        ("Date/Tax point", "date"),
        ("Pay on or before", "due"),
        ("GST/QST", "tax"),
        ("Packing & Forwarding", "plus"),
        ("Less CIS deduction", "minus"),
        ("Less: Advance", "paid"),
        ("Gesamttotal", "total"),
        ("Restsumme", "amount_due"),
        ("Retenção na fonte", "minus"),
    ],
)
def test_labels_as_papers_print_them(phrase: str, meaning: str) -> None:
    assert meaning in LABEL_MEANINGS[squeeze(phrase)]


def test_the_words_of_all_languages_are_one_table() -> None:
    assert LABEL_MEANINGS[squeeze("Rechnungs-Nr.")] == ("number",)
    assert COLUMN_MEANINGS[squeeze("Quantité")] == ("quantity",)
    assert "due" in LABEL_MEANINGS[squeeze(words("es")["labels"]["due"][0])]
