"""The command line: `paperhook --help`.

| exit code | means |
|---|---|
| 0 | everything that was asked for was done |
| 1 | it could not be done; the reason is on standard error |
| 2 | wrong usage or configuration |
| 130 | interrupted |
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; a user's mistake gives a message and an exit code, never a traceback."""
    from ..errors import ConfigurationError, PaperhookError

    try:
        from .app import app
    except ModuleNotFoundError as error:
        print(f"paperhook: {error.name} is missing: pip install 'paperhook[cli]'", file=sys.stderr)
        sys.exit(2)
    try:
        app(prog_name="paperhook")
    except ConfigurationError as error:
        print(f"paperhook: {error}", file=sys.stderr)
        sys.exit(2)
    except PaperhookError as error:
        print(f"paperhook: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
