"""The environment variables that point every provider at the local ones, as `paperhook dev` prints them."""

from __future__ import annotations

from paperhook.providers import PROVIDERS, provider_class
from paperhook.testing import LOCAL_OPTIONS, LOCAL_SECRET, LocalProviders


def settings_of(local: LocalProviders) -> dict[str, str]:
    given: dict[str, str] = {}
    for name in PROVIDERS:
        prefix, provider = provider_class(name).env_prefix, local.provider(name)
        given[f"{prefix}BASE_URL"] = provider.base_url
        given[f"{prefix}API_KEY"] = provider.api_key
        given[f"{prefix}WEBHOOK_SECRET"] = LOCAL_SECRET
        given |= {f"{prefix}{option.upper()}": value for option, value in LOCAL_OPTIONS.get(name, {}).items()}
    return given
