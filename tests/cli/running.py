"""Run the command line in this process, or as the installed program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import typer.main
from click.testing import CliRunner, Result

from paperhook.cli.app import app

#: Made of the app once, as each process does it; Typer's own runner makes it again for each run.
COMMAND = typer.main.get_command(app)


def run(*arguments: str, env: dict[str, str] | None = None, input: str | None = None) -> Result:
    """Run a command in this process; what it raises is in `exception`."""
    return CliRunner().invoke(COMMAND, list(arguments), env={"COLUMNS": "200", **(env or {})}, input=input)


def lines(result: Result) -> list[dict[str, Any]]:
    """Decode the JSON lines that a command printed."""
    return [json.loads(line) for line in result.stdout.splitlines() if line.strip()]


def program(*arguments: str, **env: str) -> subprocess.Popen[str]:
    """Start the program as a user would; the caller waits for it."""
    return subprocess.Popen(
        [sys.executable, "-m", "paperhook.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1", **env},
    )
