"""The migrations of a store: one SQL file for each version."""

from __future__ import annotations

from importlib import resources


def scripts_of(package: str, store: str) -> list[str]:
    """Give the migrations of a package's store in order; the file of version n begins with n in three digits."""
    folder = resources.files(package).joinpath("migrations", store)
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    return [file.read_text("utf-8") for file in files]
