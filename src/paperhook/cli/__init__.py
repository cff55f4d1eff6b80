"""The command line: `paperhook --help`.

| exit code | means |
|---|---|
| 0 | everything that was asked for was done |
| 1 | it could not be done; the reason is on standard error |
| 2 | wrong usage or configuration |
| 130 | interrupted |
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from .harmless import harmless


def main() -> None:
    """Run the command line; a user's mistake gives a message and an exit code, never a traceback."""
    from ..errors import ConfigurationError, PaperhookError

    try:
        from .app import app
        from .output import never_fail_to_print
    except ModuleNotFoundError as error:
        _end(2, f"the command line needs {error.name}: pip install 'paperhook[demo]'")
    never_fail_to_print()
    try:
        app(prog_name="paperhook")
    except ConfigurationError as error:
        _end(2, str(error))
    except PaperhookError as error:
        _end(1, str(error))
    except OSError as error:
        # What is written to has no name: standard output that leads to a full disk.
        place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        _end(1, f"{place}{error.strerror or error}")


def _end(code: int, message: str) -> NoReturn:
    # A provider's words are in it.
    print(f"paperhook: {harmless(message)}", file=sys.stderr)
    sys.exit(code)
