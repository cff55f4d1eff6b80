"""What is given to a command: secrets from a text, a variable or a file, headers, and the bytes of a body."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from ..core.headers import Headers, wire_text
from ..core.secret import MIN_SECRET_BYTES, Secret
from ..errors import ConfigurationError
from ..webhooks.signatures import READY

ProviderName = Annotated[
    str | None,
    typer.Option(
        "--provider",
        "-p",
        envvar="PAPERHOOK_PROVIDER",
        help="One that `paperhook providers` lists, or the TOML file of your own declaration.",
    ),
]
SchemeName = Annotated[
    str | None,
    typer.Option(
        "--scheme",
        help=f"How deliveries are signed: {', '.join(READY)}; or hmac, pairs, standard_webhooks, static_header, body_secret.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting of the scheme, such as header=X-Signature; may be repeated."),
]
SecretText = Annotated[
    list[str] | None,
    typer.Option("--secret", help="The webhook secret; it stays in your shell's history. May be repeated."),
]
SecretVariable = Annotated[
    list[str] | None,
    typer.Option("--secret-env", help="An environment variable with the secret; may be repeated."),
]
SecretFile = Annotated[
    list[Path] | None,
    typer.Option("--secret-file", help="A file with the secret, - for standard input; may be repeated."),
]
HeaderLine = Annotated[
    list[str] | None, typer.Option("--header", "-H", help="'Name: value', may be repeated.")
]
BodyFile = Annotated[Path, typer.Option("--body", help="A file with the exact bytes, - for standard input.")]

#: What a header may be (RFC 9110 section 5.6.2, 5.5).
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")

#: Variables that end so hold the secret of some endpoint.
_SECRET_VARIABLES = ("WEBHOOK_SECRET", "SIGNING_SECRET")


def secrets_given(
    texts: Sequence[str] | None = None,
    variables: Sequence[str] | None = None,
    files: Sequence[Path] | None = None,
) -> tuple[Secret, ...]:
    """Read the secrets that the options name, each under the name of where it is from.

    Short ones are taken, so that what they signed can be looked into; `Chosen.checked` refuses them.

    Raises:
        ConfigurationError: If a variable is not set or a file cannot be read, or one is empty.
    """
    found = [Secret(_bytes(text), "--secret", short="accept") for text in texts or ()]
    for variable in variables or ():
        if variable not in os.environ:
            others = ", ".join(_secret_variables()) or "none whose name ends in WEBHOOK_SECRET"
            raise ConfigurationError(f"--secret-env: {variable} is not set; there is {others}")
        found.append(Secret(_bytes(os.environ[variable]), variable, short="accept"))
    read = [(_without_line_break(bytes_in(path)), str(path)) for path in files or ()]
    return (*found, *(Secret(content, name, short="accept") for content, name in read))


def other_secrets(known: Sequence[Secret]) -> tuple[Secret, ...]:
    """Give the secrets of other endpoints in the environment, which somebody may have mixed up."""
    values = {name: _bytes(os.environ[name]) for name in _secret_variables()}
    taken = {secret.key for secret in known}
    return tuple(
        Secret(value, name)
        for name, value in values.items()
        if len(value.strip()) >= MIN_SECRET_BYTES and value not in taken
    )


def _secret_variables() -> list[str]:
    return sorted(name for name in os.environ if name.endswith(_SECRET_VARIABLES))


def _bytes(text: str) -> bytes:
    # Variables and arguments that are not UTF-8 come as half characters, which stand for their bytes.
    return text.encode("utf-8", "surrogateescape")


def _without_line_break(content: bytes) -> bytes:
    """Take the line break off with which editors end a file."""
    return content.removesuffix(b"\n").removesuffix(b"\r")


def bytes_in(path: Path) -> bytes:
    """Read a file, or standard input for `-`.

    Raises:
        ConfigurationError: If it cannot be read.
    """
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error


def checked_url(url: str) -> str:
    """Give a URL that deliveries can be sent to.

    Raises:
        ConfigurationError: If it is none, has no host, or a port that there is not.
    """
    try:
        parts = urlsplit(url)
        # Reading the port is what checks it.
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ConfigurationError(
            f"{url!r} is no URL: write one such as http://127.0.0.1:8000/webhooks/docuparse"
        )
    return url


def headers_to_send(lines: Sequence[str] | None) -> Headers:
    """Read 'Name: value' lines that go along with a delivery.

    Raises:
        ConfigurationError: If one has no colon, or cannot be sent.
    """
    headers = headers_in(lines)
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ConfigurationError(f"{name!r} cannot be sent: a header is one line, and its name one word")
        if name == "content-length":
            raise ConfigurationError("Content-Length goes by the body: leave it out")
    return headers


def headers_in(lines: Sequence[str] | None) -> Headers:
    """Read 'Name: value' lines.

    Raises:
        ConfigurationError: If one has no colon, or a name that no header can have.
    """
    pairs: list[tuple[str, str]] = []
    for line in lines or ():
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or not name.isascii():
            raise ConfigurationError(f"{name!r} is no header: write 'Name: value'")
        pairs.append((name.strip(), wire_text(value.strip())))
    return Headers(pairs)
