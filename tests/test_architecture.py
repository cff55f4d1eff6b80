"""The map of `docs/explanation/architecture.md`, enforced: who may import whom, what is pure, how few hops there are."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import paperhook
from paperhook import AsyncClient, Client
from paperhook.providers import PROVIDERS

PACKAGE = Path(paperhook.__file__).parent
REPOSITORY = Path(__file__).parents[1]

#: Lowest first. A module imports only from lines above its own, and from its own package.
LAYERS = (
    ("errors",),
    ("core",),
    ("retrying",),
    ("webhooks", "results", "schemas"),
    ("rules",),
    ("providers",),
    ("operations",),
    # Whatever happens is told, by clients as by workers.
    ("observe", "forking"),
    ("inbox", "sources", "sandbox", "textlayer"),
    ("rasterise",),
    ("tracker",),
    ("client",),
    ("carriers", "worker"),
    ("reconciler",),
    ("hooks",),
    ("adapters",),
    ("reading",),
    # For people who look at results.
    ("picture",),
    ("evaluation",),
    ("simulator", "serving", "sample_deliveries"),
    ("testing",),
    ("pytest_plugin",),
    ("cli",),
    ("__main__",),
)

#: Upward imports, each with its reason; the target is imported inside a function or for types only.
UPWARD = {
    ("errors", "core"): "types only: an error carries the job it is about",
    ("hooks", "adapters"): "inside `asgi()` and `wsgi()`: who mounts nothing loads no Starlette",
}

#: Tools that must not know what they imitate or serve: a twin of our own code would repeat its mistakes.
ONLY = {
    "reading": {"errors", "sandbox", "textlayer", "rasterise"},
    "simulator": {"errors", "reading"},
}

#: Below the edges nothing touches the world.
PURE = {"errors", "core", "retrying", "webhooks", "results", "schemas", "rules", "providers", "operations"}
IMPURE_IMPORTS = {
    *("asyncio", "concurrent", "contextvars", "multiprocessing", "queue", "select", "selectors", "signal"),
    *("http", "logging", "socket", "socketserver", "ssl", "subprocess", "threading", "time"),
    *("glob", "io", "mmap", "os", "pathlib", "random", "secrets", "shutil", "sqlite3", "tempfile"),
    *("urllib.request", "importlib.resources", "httpx", "starlette", "uvicorn"),
}
IMPURE_CALLS = {"open", "print", "input"}
#: By the last word of what they are called on.
IMPURE_METHODS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "uuid": {"uuid1", "uuid4"},
    "os": {"getenv", "listdir", "stat", "urandom"},
}
REASONED = {
    ("core.building", "threading"): "a lock, while models are loaded; it decides no value",
    ("core.provider", "os"): "`from_env` reads the environment, when it is called without a mapping",
    ("retrying", "random"): "jitter after Retry-After; it decides how long, never whether",
    ("providers.generic", "os"): "`from_env`, as in core.provider",
    ("providers.generic", "pathlib"): "`from_toml` reads the declaration that it is given the path of",
    (
        "providers.declared",
        "importlib.resources",
    ): "the declarations that are shipped are files of this package",
}

#: Who may import a library; a package stands for its modules. Only the standard library and typing_extensions are free.
LIBRARIES = {
    "httpx": {"client", "simulator", "cli"},
    "starlette": {"adapters", "simulator", "serving", "cli"},
    "flask": {"adapters"},
    "werkzeug": {"adapters"},
    "django": {"adapters"},
    "aiohttp": {"adapters"},
    "celery": set(),
    "procrastinate": {"carriers"},
    "pgqueuer": {"carriers"},
    "tenacity": {"retrying", "cli"},
    "pydantic_core": {"core"},
    "pydantic": {"core", "results", "schemas", "providers", "hooks", "evaluation", "cli"},
    "pypdfium2": {"rasterise", "textlayer", "reading"},
    "PIL": {"rasterise", "reading"},
    "price_parser": {"reading"},
    "dateparser": {"reading"},
    "rapidocr": {"reading"},
    "numpy": {"reading"},
    "typer": {"cli"},
    "rich": {"cli"},
    "uvicorn": {"serving"},
    "opentelemetry": {"observe"},
    "psycopg": {"inbox", "tracker", "carriers"},
    "trio": {"client"},
    "pytest": {"pytest_plugin"},
    "cryptography": {"webhooks"},
}


@dataclass(frozen=True)
class Import:
    """One import statement, wherever it stands."""

    module: str
    target: str
    line: int
    #: Whether it runs when the module is imported.
    is_eager: bool
    is_for_types: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def top_of(module: str) -> str:
    return module.partition(".")[0]


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def targets_of(node: ast.Import | ast.ImportFrom, path: Path) -> Iterator[str]:
    """Give what a statement imports; our own modules begin with a dot."""
    if isinstance(node, ast.Import):
        named = [alias.name for alias in node.names]
    elif node.level == 0:
        named = [node.module or ""]
    else:
        package = ("paperhook", *path.relative_to(PACKAGE).parent.parts)
        base = package[: len(package) - node.level + 1]
        after = [node.module] if node.module else [alias.name for alias in node.names]
        named = [".".join((*base, each)) for each in after]
    for name in named:
        yield name.removeprefix("paperhook") if name.startswith("paperhook.") else name


def imports_in(path: Path) -> Iterator[Import]:
    def visit(node: ast.AST, *, is_eager: bool, is_for_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.Import, ast.ImportFrom)):
                for target in targets_of(child, path):
                    yield Import(name_of(path), target, child.lineno, is_eager, is_for_types)
            else:
                yield from visit(
                    child,
                    is_eager=is_eager and not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)),
                    is_for_types=is_for_types or is_type_checking(child),
                )

    return visit(ast.parse(path.read_text(encoding="utf-8")), is_eager=True, is_for_types=False)


SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
LAYER_OF = {name: number for number, names in enumerate(LAYERS) for name in names}


@cache
def imports() -> list[Import]:
    # Not while tests are collected, which each of pytest's processes does.
    return [each for path in SOURCES for each in imports_in(path)]


def ours() -> list[Import]:
    return [each for each in imports() if each.target.startswith(".")]


def theirs() -> list[Import]:
    return [each for each in imports() if not each.target.startswith(".")]


def run_python(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Direction


def test_every_module_has_its_place_on_the_map():
    tops = {top_of(name_of(path)) for path in SOURCES}

    assert tops - set(LAYER_OF) == set()


def test_the_page_shows_the_same_map():
    page = (REPOSITORY / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("## The map")[2].partition("Imports point one way")[0]

    on_page = {name.rstrip("/").removesuffix(".py") for name in re.findall(r"`([a-z_]+(?:/|\.py))`", table)}
    # What begins with an underscore is found by Python, not by readers.
    assert on_page == {name for name in LAYER_OF if not name.startswith("_")}


@pytest.mark.slow
def test_imports_point_one_way():
    upward = [
        str(each)
        for each in ours()
        if top_of(each.module) != (target := top_of(each.target[1:]))
        and LAYER_OF[target] >= LAYER_OF[top_of(each.module)]
        and not ((top_of(each.module), target) in UPWARD and (each.is_for_types or not each.is_eager))
    ]

    assert upward == []


def test_nothing_imports_the_package_by_its_front_door():
    # `from paperhook import X` would go through the lazy table and hide who needs whom.
    assert [str(each) for each in imports() if each.target == "paperhook"] == []


@pytest.mark.parametrize("tool", ONLY)
def test_a_tool_knows_nothing_of_what_it_imitates(tool):
    known = {top_of(each.target[1:]) for each in ours() if top_of(each.module) == tool}

    assert known - ONLY[tool] - {tool} == set()


def test_providers_do_not_know_each_other():
    families = [name.replace("-", "_") for name in PROVIDERS]

    def family_of(module: str) -> str | None:
        return next((each for each in families if module.startswith(f"providers.{each}")), None)

    strangers = [
        str(each)
        for each in ours()
        if (family := family_of(each.module)) is not None
        and each.target.startswith(".providers")
        and family_of(each.target[1:]) != family
    ]

    assert strangers == []


# Purity


def test_pure_layers_import_nothing_that_touches_the_world():
    impure = [
        str(each)
        for each in theirs()
        if top_of(each.module) in PURE
        and not each.is_for_types
        and {each.target, top_of(each.target)} & IMPURE_IMPORTS
        and (each.module, each.target) not in REASONED
    ]

    assert impure == []


def is_impure(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id in IMPURE_CALLS | IMPURE_METHODS["uuid"]
    if isinstance(call.func, ast.Attribute):
        owner = ast.unparse(call.func.value).rpartition(".")[2]
        return call.func.attr in IMPURE_METHODS.get(owner, set())
    return False


def test_pure_layers_call_neither_files_nor_clocks():
    impure = [
        f"{name_of(path)}:{node.lineno} calls {ast.unparse(node.func)}"
        for path in SOURCES
        if top_of(name_of(path)) in PURE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and is_impure(node)
    ]

    assert impure == []


def test_each_reasoned_exception_is_still_needed():
    assert set(REASONED) <= {(each.module, each.target) for each in theirs()}
    assert set(UPWARD) <= {(top_of(each.module), top_of(each.target[1:])) for each in ours()}


# Libraries


def test_each_library_is_imported_in_its_place_only():
    strangers = [
        str(each)
        for each in theirs()
        if (library := top_of(each.target)) not in {*sys.stdlib_module_names, "typing_extensions"}
        and not each.is_for_types
        and top_of(each.module) not in LIBRARIES.get(library, set())
    ]

    assert strangers == []


def test_httpx_is_imported_in_one_package_of_the_library():
    tools = {"simulator", "cli"}

    assert {
        each.module.rpartition(".")[0]
        for each in theirs()
        if each.target == "httpx" and top_of(each.module) not in tools
    } == {"client.transport"}


def test_one_package_of_the_client_knows_which_event_loop_runs():
    loops = {"asyncio", "trio", "anyio", "sniffio"}

    assert {each.module for each in theirs() if each.target in loops and top_of(each.module) == "client"} == {
        "client.loops.on_asyncio",
        "client.loops.on_trio",
    }


def test_importing_paperhook_loads_no_third_party_library():
    loaded = run_python(
        "import sys; before = set(sys.modules); import paperhook; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )

    assert set(loaded.split()) == {"paperhook"}


@pytest.mark.parametrize(
    "module", ["paperhook.providers", "paperhook.schemas", "paperhook.webhooks.receiver"]
)
def test_verifying_loads_neither_httpx_nor_starlette(module):
    loaded = run_python(f"import sys, {module}; print(*{{'httpx', 'starlette'}} & set(sys.modules))")

    assert loaded.split() == []


@pytest.mark.parametrize("provider", ["DocuParse", "DocuProx", "Ocriva", "SpaceOcr"])
def test_a_first_client_loads_neither_models_tracker_observer_signature_event_loop_nor_the_reading_of_results(
    provider,
):
    loaded = run_python(
        f"import sys; from paperhook import Client; from paperhook.providers import {provider}\n"
        f"Client({provider}('key'))._transport.pool.get().close(); print(*sys.modules)\n"
    ).split()
    later = ("tracker", "observe", "webhooks", "results", "inbox", "rasterise")
    models = ("core.model", "core.job", "core.result", "core.review", "core.event")
    answers = ("providers.ocriva_models", "providers.space_ocr_models")
    homes = tuple(f"paperhook.{each}" for each in later)

    assert [name for name in loaded if name.startswith(homes)] == []
    # More than half of what is loaded by a client that has an answer.
    assert {"pydantic.main", *(f"paperhook.{each}" for each in (*models, *answers))} & set(loaded) == set()
    assert "asyncio" not in loaded


def test_an_asynchronous_client_loads_its_models_before_an_event_loop_would_wait_for_them():
    loaded = run_python(
        "import sys; from paperhook import AsyncClient; from paperhook.providers import DocuParse\n"
        "AsyncClient(DocuParse('key')); print(*sys.modules)"
    )

    needed = {"paperhook.core.job", "paperhook.core.result", "paperhook.results.mapping"}
    assert needed <= set(loaded.split())


def test_no_model_is_built_before_one_is_made():
    run_python(
        "from paperhook import Event, Job\n"
        "assert not Job.__pydantic_complete__ and not Event.__pydantic_complete__"
    )


def test_a_receiver_loads_no_reading_of_amounts_and_dates():
    loaded = run_python("import sys; from paperhook import Webhooks; print(*sys.modules)")
    readers = tuple(f"paperhook.results.{each}" for each in ("values", "money", "dates", "corrections"))

    assert [name for name in loaded.split() if name.startswith(readers)] == []


def test_the_front_door_opens_without_any_extra():
    extras = sorted(set(LIBRARIES) - {"httpx", "pydantic", "pydantic_core", "tenacity", "starlette"})

    run_python(
        "import sys\n"
        f"for name in {extras}: sys.modules[name] = None\n"
        "import paperhook, paperhook.providers, paperhook.schemas, paperhook.adapters.asgi\n"
        "for name in paperhook.__all__: getattr(paperhook, name)\n"
        "for name in paperhook.providers.PROVIDERS: paperhook.providers.provider_class(name)\n"
    )


# Names


def test_every_public_name_can_be_imported():
    for name in paperhook.__all__:
        assert getattr(paperhook, name) is not None


def test_the_lists_of_public_names_agree():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    for_types = {
        alias.asname
        for block in tree.body
        if is_type_checking(block)
        for node in ast.walk(block)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert set(paperhook.__all__) == for_types == set(paperhook._HOME_OF)
    assert len(paperhook.__all__) == len(set(paperhook.__all__))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Klient'"):
        paperhook.Klient  # noqa: B018 - looked up, not used


@pytest.mark.parametrize("path", PROVIDERS.values())
def test_every_public_name_of_a_provider_can_be_imported(path):
    module = importlib.import_module(path.partition(":")[0])

    assert all(hasattr(module, name) for name in getattr(module, "__all__", ()))
    with pytest.raises(AttributeError, match=f"{module.__name__}' has no attribute 'Klient'"):
        module.Klient  # noqa: B018 - looked up, not used


def test_dir_names_what_can_be_imported():
    assert set(paperhook.__all__) <= set(dir(paperhook))


def public_methods(owner: type) -> dict[str, object]:
    return {name: member for name, member in inspect.getmembers_static(owner) if not name.startswith("_")}


def test_both_clients_have_the_same_methods():
    assert set(public_methods(Client)) == set(public_methods(AsyncClient))


@pytest.mark.parametrize("name", sorted({"__init__", *public_methods(Client)} - {"from_env"}))
def test_both_clients_take_the_same_parameters(name):
    sync, asynchronous = getattr(Client, name), getattr(AsyncClient, name)

    def shape(function):
        return [
            (each.name, each.kind, each.default) for each in inspect.signature(function).parameters.values()
        ]

    assert shape(sync) == shape(asynchronous)


#: Imports all modules, and tells of each that takes the lock of our models by itself while it is imported.
_TAKES_THE_LOCK = """
import importlib, pkgutil, sys, threading
import paperhook.core.building as building

class Watched:
    def __init__(self):
        self.lock, self.depth = threading.RLock(), 0

    def __enter__(self):
        frame, is_importing = sys._getframe(1), False
        while frame is not None and not is_importing:
            is_importing, frame = "importlib._bootstrap" in frame.f_code.co_filename, frame.f_back
        if is_importing and self.depth == 0:
            print(name)
        self.lock.acquire()
        self.depth += 1

    def __exit__(self, *_):
        self.depth -= 1
        self.lock.release()

building.BUILDING = Watched()
import paperhook
for each in pkgutil.walk_packages(paperhook.__path__, "paperhook."):
    name = each.name
    if not name.endswith("__main__"):
        try:
            importlib.import_module(name)
        except ImportError:
            pass  # an extra that is not installed
"""


@pytest.mark.slow
def test_no_import_waits_for_who_loads_our_models():
    # Who loads them holds that lock while it imports: one that asked for it from within an import would have both wait
    # for ever.
    told = subprocess.run([sys.executable, "-c", _TAKES_THE_LOCK], capture_output=True, text=True, check=True)

    assert told.stdout == ""
