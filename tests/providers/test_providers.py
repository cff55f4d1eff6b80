from __future__ import annotations

import subprocess
import sys

import pytest

import paperhook.providers
from paperhook.errors import ConfigurationError
from paperhook.providers import PROVIDERS, provider_class


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_provider_is_found_by_its_own_name(name: str) -> None:
    found = provider_class(name)

    assert found.name == name
    assert getattr(paperhook.providers, found.__name__) is found
    assert found.__name__ in dir(paperhook.providers)
    assert found.__name__ in paperhook.providers.__all__


def test_a_provider_by_declaration_is_found_beside_them_and_has_no_name_of_its_own() -> None:
    assert paperhook.providers.Generic.__name__ in paperhook.providers.__all__
    assert "generic" not in PROVIDERS


def test_unknown_provider_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="'docupars' is unknown: choose one of space-ocr, docuparse"):
        provider_class("docupars")


def test_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Docuparse'"):
        paperhook.providers.Docuparse  # noqa: B018 - it raises


def test_package_loads_nothing_before_a_name_is_used() -> None:
    code = "import sys, paperhook.providers; print(*{'pydantic', 'httpx', 'starlette'} & set(sys.modules))"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == ""
