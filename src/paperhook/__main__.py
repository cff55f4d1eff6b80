"""`python -m paperhook` is the command `paperhook`."""

from __future__ import annotations

from .cli import main

main()
