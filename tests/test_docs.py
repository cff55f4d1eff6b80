"""Every python block of the README and of `docs/` runs, and every public name is in the reference.

The blocks of a page run in order, in one namespace, in a folder with some documents, and against the providers on loopback.
`await` is allowed at the top level. Two comments say what a reader need not see: `<!-- setup: code -->` runs in its turn,
with `a_delivery(provider)` at hand, and `<!-- not run: reason -->` directly above a block leaves it out.
"""

from __future__ import annotations

import ast
import asyncio
import dataclasses
import importlib
import inspect
import re
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import paperhook
from paperhook import Webhooks, errors, schemas
from paperhook.cli import demo
from paperhook.core.provider import Provider
from paperhook.providers import PROVIDERS, provider_class
from paperhook.testing import LocalProviders, signed_delivery

from .conftest import REPOSITORY
from .settings import settings_of

PACKAGE = Path(paperhook.__file__).parent
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
REFERENCE = "\n".join(path.read_text(encoding="utf-8") for path in PAGES if "reference" in path.parts)

_PIECE = re.compile(
    r"^<!-- setup:(?P<setup>.*?)-->$|(?P<left_out>^<!-- not run: .*? -->\n+)?^```python\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclasses.dataclass(frozen=True)
class Block:
    """A piece of python on a page, or what is set up before it."""

    line: int
    code: str
    is_run: bool


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found: list[Block] = []
    for piece in _PIECE.finditer(text):
        group = "code" if piece["setup"] is None else "setup"
        line = text.count("\n", 0, piece.start(group)) + 1
        found.append(Block(line, textwrap.dedent(piece[group].lstrip(" ")), piece["left_out"] is None))
    return found


def a_delivery(provider: Provider) -> tuple[dict[str, str], bytes]:
    return signed_delivery(provider, "document.completed")


def run(code: str, where: str, line: int, namespace: dict[str, Any]) -> None:
    tree = ast.parse(code, where)
    ast.increment_lineno(tree, line - 1)
    compiled = compile(tree, where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    outcome = eval(compiled, namespace)
    if inspect.iscoroutine(outcome):
        asyncio.run(outcome)


def close_what_is_open(namespace: dict[str, Any]) -> None:
    for value in list(namespace.values()):
        if isinstance(value, (Webhooks, paperhook.Client)):
            value.close()


@pytest.fixture
def desk(paperhook_providers: LocalProviders, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with some documents, and the settings of the local providers."""
    for name, value in settings_of(paperhook_providers).items():
        monkeypatch.setenv(name, value)
    for name in ("invoice.pdf", "one.pdf", "two.pdf"):
        shutil.copy(demo.sample(), workplace / name)
    return workplace


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if blocks_of(page)],
    ids=lambda page: str(page.relative_to(REPOSITORY)),
)
def test_the_blocks_of_a_page_run(page, desk):
    namespace: dict[str, Any] = {"__name__": page.stem, "a_delivery": a_delivery}
    try:
        for block in blocks_of(page):
            if block.is_run:
                run(block.code, str(page), block.line, namespace)
    finally:
        close_what_is_open(namespace)


def test_few_blocks_are_left_out():
    left_out = [
        f"{page.name}:{block.line}" for page in PAGES for block in blocks_of(page) if not block.is_run
    ]

    assert len(left_out) <= 6, left_out


# The README


def readme_blocks(language: str) -> list[str]:
    text = PAGES[0].read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_readme_sets_up_with_two_commands():
    assert readme_blocks("sh")[:2] == [
        'pip install ".[demo]" && paperhook demo\n',
        "pip install nox && nox\n",
    ]


def test_the_quickstart_is_short():
    assert len(readme_blocks("python")[0].splitlines()) <= 25


def test_the_quickstart_books_what_is_delivered_and_flags_what_failed(desk, capsys):
    import httpx

    namespace: dict[str, Any] = {"__name__": "quickstart"}
    run(readme_blocks("python")[0], "README.md", 1, namespace)
    hooks, app, docuparse, ledger = (namespace[name] for name in ("hooks", "app", "docuparse", "ledger"))

    async def deliver() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with (
            hooks.lifespan(),
            httpx.AsyncClient(transport=transport, base_url="http://app.test") as http,
        ):
            statuses = []
            for word in ("document.completed", "document.failed"):
                headers, body = signed_delivery(docuparse, word)
                answer = await http.post("/webhooks/docuparse", headers=headers, content=body)
                statuses.append(answer.status_code)
            async with asyncio.timeout(10):
                while (await asyncio.wrap_future(hooks.inbox.stats())).done < 2:  # noqa: ASYNC110 - polls a file
                    await asyncio.sleep(0.01)
            return statuses

    try:
        assert asyncio.run(deliver()) == [200, 200]
    finally:
        hooks.close()

    assert [type(invoice) for invoice in ledger.values()] == [schemas.Invoice]
    assert "EXTRACTION_FAILED" in capsys.readouterr().out


# The reference


@pytest.mark.parametrize("name", paperhook.__all__)
def test_every_public_name_is_in_the_reference(name):
    assert f"`{name}" in REFERENCE


#: Packages from which users take names; a page stands for each.
OPEN = (
    "adapters",
    "carriers",
    "client",
    "inbox",
    "observe",
    "providers",
    "reconciler",
    "rules",
    "testing",
    "tracker",
    "webhooks.signatures",
    "worker",
)


@pytest.mark.parametrize("package", OPEN)
def test_every_name_of_an_open_package_is_in_the_reference(package):
    names = getattr(importlib.import_module(f"paperhook.{package}"), "__all__", [])

    assert [name for name in names if not re.search(rf"`[^`\n]*\b{name}\b", REFERENCE)] == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_and_its_settings_are_in_the_reference(provider):
    kind = provider_class(provider)
    variables = [
        f"{kind.env_prefix}{each.name.upper()}"
        for each in dataclasses.fields(kind)
        # Tables are written in code.
        if each.name not in ("_", "names", "item_names")
    ]

    assert [word for word in (provider, kind.__name__, *variables) if f"`{word}`" not in REFERENCE] == []


def names_in(module: Any) -> list[str]:
    return [
        name
        for name, each in inspect.getmembers(module, inspect.isclass)
        if each.__module__ == module.__name__ and not name.startswith("_")
    ]


def test_every_error_is_in_the_reference():
    assert [name for name in names_in(errors) if f"`{name}`" not in REFERENCE] == []


def test_every_schema_and_its_fields_are_in_the_reference():
    words = [
        word
        for name in names_in(schemas)
        for word in (name, *getattr(schemas, name).model_fields)
        if f"`{word}`" not in REFERENCE
    ]

    assert words == []


def commands() -> Iterator[tuple[str, Any]]:
    import typer

    from paperhook.cli.app import app

    waiting = [("paperhook", typer.main.get_command(app))]
    while waiting:
        path, command = waiting.pop()
        inner = getattr(command, "commands", {})
        waiting += [(f"{path} {name}", each) for name, each in inner.items()]
        if not inner:
            yield path, command


def test_every_command_and_option_is_in_the_reference():
    page = (REPOSITORY / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    sections = {
        each.partition("\n")[0].strip(" `"): each for each in re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    }
    missing = []
    for path, command in commands():
        section = sections.get(path, "")
        options = [option for each in command.params for option in each.opts if option.startswith("--")]
        missing += [path] * (not section)
        missing += [f"{path} {each}" for each in options if each != "--help" and f"`{each}`" not in section]

    assert missing == []


def test_every_environment_variable_of_a_command_is_in_the_reference():
    variables = {each.envvar for _, command in commands() for each in command.params if each.envvar}

    assert [each for each in variables if f"`{each}`" not in REFERENCE] == []


# Links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_between_pages_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)

    assert [link for link in links if not (page.parent / link).exists()] == []


def anchors_of(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as they are made on GitHub."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    words = (
        re.sub(r"[^\w\- ]", "", heading.lower()) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    )
    return {each.strip().replace(" ", "-") for each in words}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_into_a_page_lead_to_a_heading(page):
    links = re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8"))

    assert [
        (path, anchor)
        for path, anchor in links
        if anchor not in anchors_of(page.parent / path if path else page)
    ] == []


def test_every_page_is_reached_from_the_index():
    index = (REPOSITORY / "docs" / "index.md").read_text(encoding="utf-8")
    pages = [path.relative_to(REPOSITORY / "docs").as_posix() for path in PAGES[1:]]

    assert [page for page in pages if page != "index.md" and f"({page})" not in index] == []


# Messages


def literals_of_the_code() -> str:
    """Give every text of the library, each on a line, with `…` where a value is put in."""
    found: list[str] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found.append(
                    "".join(each.value if isinstance(each, ast.Constant) else "…" for each in node.values)
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return "\n".join(found)


def test_the_messages_of_the_troubleshooting_page_are_those_of_the_code():
    page = (REPOSITORY / "docs" / "howto" / "troubleshoot.md").read_text(encoding="utf-8")
    quoted = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    said = literals_of_the_code()
    parts = [part.strip() for message in quoted for part in message.split("…")]

    assert len(quoted) > 20
    assert [part for part in parts if part and part not in said] == []
