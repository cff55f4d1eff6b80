"""Arguments of the wrong kind are told where they are given, with what to write instead."""

from __future__ import annotations

import asyncio
import copy
import math
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

import paperhook
from paperhook import (
    AsyncClient,
    Client,
    Delivery,
    DocumentCompleted,
    Job,
    RetryPolicy,
    Webhooks,
    open_document,
)
from paperhook.client import WaitOutcome
from paperhook.core.result import Result
from paperhook.errors import ConfigurationError, DeadlineExceeded, PaperhookError, WaitTimeout
from paperhook.inbox import Filter, MemoryInbox, PostgresInbox, SqliteInbox, open_inbox
from paperhook.providers import DocuParse
from paperhook.testing import signed_delivery
from paperhook.tracker import SqliteTracker, open_tracker

SECRET = "a-secret-that-nobody-may-see"
NAN = math.nan
PDF = b"%PDF-1.7\n%%EOF"
JOB = Job.known("d1", provider="docuparse")
#: What a caller without a type checker may pass.
ANY: Any = None


def docuparse() -> DocuParse:
    return DocuParse("a-key-that-nobody-may-see", webhook_secret=SECRET)


def hooks(**options: Any) -> Webhooks:
    return Webhooks(docuparse(), **{"inbox": "memory:", **options})


def client(**options: Any) -> Client:
    return Client(docuparse(), **options)


def handler(event: object) -> None:
    """Take an event."""


def yielding(event: object) -> Iterator[None]:
    """Run nothing when it is called."""
    yield


async def yielding_async(event: object) -> AsyncIterator[None]:
    """Run nothing when it is called."""
    yield


class Yielding:
    """Runs nothing when it is called."""

    def __call__(self, event: object) -> Iterator[None]:
        """Run nothing."""
        yield


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "a name for a provider": (lambda: Client("docuparse"), r"DocuParse\.from_env\(\), not a text"),  # type: ignore[arg-type]
    "a key for a provider": (lambda: Client(SECRET), r"not a text"),  # type: ignore[arg-type]
    "a class for a provider": (lambda: AsyncClient(DocuParse), r"not its class: write DocuParse\.from_env"),  # type: ignore[arg-type]
    "a name for a receiver": (lambda: Webhooks("docuparse"), "Webhooks takes a provider"),  # type: ignore[arg-type]
    "a class for a receiver": (lambda: Webhooks(DocuParse), r"write DocuParse\.from_env"),  # type: ignore[arg-type]
    "a number for a key": (lambda: DocuParse(5), "api_key is a int"),  # type: ignore[arg-type]
    "a number for a secret": (lambda: DocuParse("k", webhook_secret=ANY or 5), "webhook_secret is a int"),
    "a number for a policy": (lambda: client(retry=3), "retry is a int: write RetryPolicy"),
    "the other http client": (lambda: client(http_client=httpx.AsyncClient()), r"write httpx\.Client"),
    "no store": (lambda: hooks(inbox=None), "inbox is a NoneType: write an address"),
    "a path for a store": (lambda: hooks(inbox=Path("paperhook.db")), "write an address"),
    "a limit of no event": (lambda: hooks(limits={"document.complete": 1}), "did you mean 'document.completed'"),
    "a limit of many events": (lambda: hooks(limits={"document.*": 1}), "write an exact type"),
    "a misspelt event": (lambda: hooks().on("document.complete"), "did you mean 'document.completed'"),
    "a class as a text": (lambda: hooks().on("DocumentFailed"), "did you mean 'document.failed'"),
    "a misspelt pattern": (lambda: hooks().on("documents.*"), r"did you mean 'document\.\*'"),
    "a decorator without its event": (lambda: hooks().on(handler), "is no event: pass a class"),  # type: ignore[call-overload]
    "no function": (lambda: hooks().on("*")(ANY), "a handler is a function, not a NoneType"),
    "a handler that runs nothing": (lambda: hooks().on("*")(yielding), "yielding has a yield in it"),
    "an async handler that runs nothing": (lambda: hooks().on("*")(yielding_async), "has a yield in it"),
    "an object that runs nothing": (lambda: hooks().on("*")(Yielding()), "has a yield in it"),
    "a handler of nothing": (lambda: hooks().on("*")(lambda: None), r"called with \(event\), and takes \(\)"),  # type: ignore[type-var, misc]
    "a handler of two": (lambda: hooks().on("*")(lambda a, b: None), "missing a required argument: 'b'"),  # type: ignore[type-var, misc]
    "a deadline that is no number for many": (lambda: client().wait_many([], deadline=NAN), "deadline is nan: write seconds"),
    "a deadline as text": (lambda: client().as_completed([], deadline=ANY or "3"), "deadline is a str"),
    "a deadline that is no number": (lambda: client().status("d1", deadline=NAN), "deadline is nan"),
    "a deadline for any operation": (lambda: client().run(docuparse().status(JOB), deadline=NAN), "deadline is nan"),
    "a deadline for a batch": (lambda: client().batch(["not-there.pdf"], deadline=NAN), "deadline is nan"),
    "a deadline for a result": (lambda: client().upload_and_wait("no.pdf", deadline=NAN), "deadline is nan"),
    "no timeout": (lambda: client(timeout=0), "timeout is 0 s: it must be above 0"),
    "a timeout that is no number": (lambda: client(timeout=NAN), "timeout is nan s"),
    "a timeout as text": (lambda: client().with_options(timeout=ANY or "3"), "timeout is a str"),
    "a text for another provider": (lambda: client().with_options(provider=ANY or SECRET), "takes a provider .* not a text"),
    "attempts for another policy": (lambda: client().with_options(retry=ANY or 3), "retry is a int: write RetryPolicy"),
    "no attempts for another policy": (lambda: client().with_options(retry=ANY or 0), "retry is a int"),
    "a number for a namespace": (lambda: client(namespace=5), "namespace is a int: write a text"),
    "a number for another namespace": (lambda: client().with_options(namespace=ANY or 5), "namespace is a int"),
    "a path for a tracker": (lambda: client(tracker=Path("paperhook.db")), "tracker is a .*Path: write an address"),
    "a number for a limiter": (lambda: client(limiter=5), r"limiter is a int: write RateLimiter\(\)"),
    "a number for a budget": (lambda: client(retry_budget=5), r"write RetryBudget\(\)"),
    "one function to observe": (lambda: client(observe=print), "observe is no sequence of functions"),
    "no functions to observe": (lambda: hooks(observe="log"), "observe is no sequence of functions"),
    "nobody to upload": (lambda: client().upload_many([], concurrency=0), "concurrency is 0: it must be 1 or"),
    "somebody to wait": (lambda: client().wait_many([], concurrency=ANY or 1.5), "a float: it must be a whole"),
    "who is no number": (lambda: client().as_completed([], concurrency=ANY or NAN), "concurrency is a float"),
    "nobody to resume": (lambda: client().resume(concurrency=-1), "concurrency is -1"),
    "no worker": (lambda: hooks(concurrency=NAN), "concurrency is a float: it must be a whole"),
    "workers as text": (lambda: hooks(concurrency="4"), "concurrency is a str: it must be a whole number"),
    "a limit as text": (lambda: hooks(limits={"document.completed": "4"}), "limit of .* is a str: it must be a whole"),
    "no lease": (lambda: hooks(lease=NAN), "lease is nan s: it must be above 0"),
    "sent again at once": (lambda: hooks(resend_after=0), "resend_after is 0 s"),
    "no body at all": (lambda: hooks(max_body_bytes=0), "max_body_bytes is 0: it must be 1 or more"),
    "no lag at all": (lambda: hooks().asgi(max_lag=NAN), "max_lag is nan s"),
    "no patience": (lambda: SqliteInbox("paperhook.db", patience=NAN), "patience is nan s"),
    "no patience of a tracker": (lambda: SqliteTracker("paperhook.db", patience=-1), "patience is -1 s"),
    "no patience of a server": (lambda: PostgresInbox("postgresql://", patience=ANY or "5"), "patience is a str"),
    "a bound in the past": (lambda: hooks().on("*", timeout=-1), "timeout is -1 s: it must be above 0"),
    "attempts for a policy": (lambda: hooks().on("*", retry=ANY or 5), "retry is a int"),
    "a job of another provider": (
        lambda: client().status(Job.known("doc_1", provider="ocriva")),
        "job doc_1 is ocriva's, and this client asks docuparse",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_told_where_it_is_given(wrong: str) -> None:
    make, message = WRONG[wrong]

    with pytest.raises(ConfigurationError, match=message) as told:
        make()

    assert SECRET not in str(told.value)


@pytest.mark.parametrize("patience", [math.inf, 10**400], ids=["infinity", "beyond floats"])
def test_a_store_waits_for_as_long_as_it_is_told_or_eleven_days(tmp_path: Path, patience: float) -> None:
    file = tmp_path / "paperhook.db"
    with closing(SqliteInbox(file, patience=patience)) as inbox:
        assert inbox.rows().result(30) == ()
    with closing(SqliteTracker(file, patience=patience)) as tracker:
        assert tracker.rows().result(30) == ()


MISTYPED: dict[str, tuple[Callable[[], object], str]] = {
    "nothing to upload": (lambda: client().upload(ANY), "a document is a path, bytes, a binary file"),
    "a number to upload": (lambda: open_document(ANY or 5), "not a int"),
    "several to upload": (lambda: client().upload(["a.pdf"]), "upload_many takes several"),  # type: ignore[list-item]
    "one for several": (lambda: list(client().upload_many("a.pdf")), r"several sources are wanted.*\[source\]"),
    "options without their names": (lambda: RetryPolicy(None, 5), "takes 1 positional argument"),  # type: ignore[misc]
    "a filter without its names": (lambda: Filter((1,)), "takes 1 positional argument"),  # type: ignore[misc]
    "a dict for a model": (lambda: Result().parse(ANY or dict), "a pydantic model such as .*Invoice, not dict"),
    "nothing for a model": (lambda: Result().parse_leniently(ANY), "a pydantic model such as .*, not a NoneType"),
    "no job": (lambda: client().status(ANY), "a job is a Job or its id, not a NoneType"),
    "text for bytes": (lambda: docuparse().verify({}, "{}"), "must be the exact bytes"),  # type: ignore[arg-type]
}  # fmt: skip


@pytest.mark.parametrize("wrong", MISTYPED)
def test_what_is_of_another_type_is_a_type_error(wrong: str) -> None:
    make, message = MISTYPED[wrong]

    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    "event",
    [
        "document.completed",
        "document.*",
        "*",
        "invoice.approved",
        "document.processed",
        "document.updated",
        "job.completed",
    ],
)
def test_events_of_ours_and_words_of_others_are_taken(event: str) -> None:
    made = hooks()

    assert made.on(event)(handler) is handler


def test_what_cannot_be_asked_for_its_arguments_is_taken() -> None:
    seen: list[object] = []

    assert hooks().on("*")(seen.append) is not None


def test_who_only_receives_needs_no_key() -> None:
    made = DocuParse.from_env({"DOCUPARSE_WEBHOOK_SECRET": SECRET})

    headers, body = signed_delivery(made, "document.completed")
    assert made.verify(headers, body).type == "document.completed"
    with pytest.raises(ConfigurationError, match="no API key: set DOCUPARSE_API_KEY"):
        Client(made)


# What is shown


def test_every_object_says_what_it_is_and_no_secret(tmp_path: Path) -> None:
    headers, body = signed_delivery(docuparse(), "document.completed")
    store = f"{tmp_path}/paperhook.db"
    shown = {
        "Webhooks(docuparse, inbox=MemoryInbox(), worker='embedded')": hooks(),
        f"SqliteInbox('{store}')": SqliteInbox(store),
        "MemoryInbox()": MemoryInbox(),
        f"SqliteTracker('{store}')": open_tracker(f"sqlite:///{store}"),
        "MemoryTracker()": open_tracker("memory:"),
        "Delivery(headers=Headers(x-docuparse-signature), method='POST')": Delivery(
            {"X-DocuParse-Signature": SECRET},  # type: ignore[arg-type]
            SECRET.encode(),
        ),
        "Job(id='doc_1', provider='docuparse', status=<JobStatus.SUBMITTED: 'submitted'>, is_replay=False)": Job.known(
            "doc_1", provider="docuparse"
        ),
        "PostgresInbox('postgresql://host/base')": open_inbox(f"postgresql://user:{SECRET}@host/base"),
    }

    assert [repr(each) for each in shown.values()] == list(shown)
    for each in (docuparse(), client(), AsyncClient(docuparse()), docuparse().verify(headers, body)):
        assert SECRET not in repr(each)
        assert "a-key" not in repr(each)
        assert "0x" not in repr(each)


def test_what_a_user_keeps_survives_copy_and_pickle() -> None:
    headers, body = signed_delivery(docuparse(), "document.completed")
    event = docuparse().verify(headers, body)
    assert isinstance(event, DocumentCompleted)
    job = Job.known("doc_1", provider="docuparse")

    for each in (event, event.result, event.result.fields["total"], job, docuparse()):
        assert pickle.loads(pickle.dumps(each)) == each
        assert copy.deepcopy(each) == each
        assert copy.copy(each) == each


# The front door


def test_the_front_door_shows_public_names_only() -> None:
    shown = [name for name in dir(paperhook) if not name.startswith("__")]

    assert shown == sorted(paperhook.__all__)


def test_a_misspelt_name_is_an_attribute_error_that_names_the_module() -> None:
    with pytest.raises(AttributeError, match="module 'paperhook' has no attribute 'Clinet'"):
        _ = paperhook.Clinet


# What is not installed


WITHOUT = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
"""


@pytest.mark.programs
@pytest.mark.parametrize(
    ("missing", "code", "said"),
    [
        (
            ["typer", "rich"],
            "import runpy; runpy.run_module('paperhook', run_name='__main__')",
            "the command line needs typer: pip install 'paperhook[demo]'",
        ),
        (
            ["uvicorn"],
            "from paperhook.testing import LocalProviders",
            "LocalProviders needs uvicorn: pip install 'paperhook[demo]'",
        ),
        (
            ["uvicorn"],
            "from paperhook.testing import MemoryProviders",
            "MemoryProviders needs uvicorn: pip install 'paperhook[demo]'",
        ),
        (
            ["psycopg"],
            "from paperhook.inbox import open_inbox; open_inbox('postgresql://host/base')",
            "the PostgreSQL inbox cannot be loaded: pip install 'paperhook[postgres]'",
        ),
        (
            ["opentelemetry"],
            "from paperhook.observe import opentelemetry; opentelemetry()",
            "opentelemetry-api is missing: pip install 'paperhook[otel]'",
        ),
    ],
)
def test_what_is_not_installed_is_told_with_the_extra_that_brings_it(
    missing: list[str], code: str, said: str
) -> None:
    program = [sys.executable, "-c", WITHOUT.format(missing=missing) + code]

    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode != 0
    assert said in done.stderr


@pytest.mark.programs
def test_a_program_without_extras_receives_and_sends() -> None:
    code = WITHOUT.format(
        missing=["typer", "rich", "uvicorn", "multipart", "python_multipart", "pypdfium2", "PIL", "psycopg"]
    )
    code += (
        "from paperhook import *\n"
        "from paperhook.providers import DocuParse\n"
        "from paperhook.testing import signed_delivery\n"
        f"provider = DocuParse('key', webhook_secret={SECRET!r})\n"
        "hooks = Webhooks(provider, inbox='memory:', worker='external')\n"
        "hooks.asgi(), hooks.wsgi(), Client(provider), AsyncClient(provider)\n"
        "assert hooks.receive(*signed_delivery(provider, 'document.completed')).status == 200\n"
    )

    subprocess.run([sys.executable, "-W", "error", "-c", code], timeout=60, check=True)


ASKS: dict[str, Callable[[AsyncClient, float], Any]] = {
    "upload": lambda client, deadline: client.upload(PDF, deadline=deadline),
    "batch": lambda client, deadline: client.batch([PDF], deadline=deadline),
    "upload_and_wait": lambda client, deadline: client.upload_and_wait(PDF, deadline=deadline),
    "wait": lambda client, deadline: client.wait("d1", deadline=deadline),
    "wait_many": lambda client, deadline: client.wait_many(["d1"], deadline=deadline),
    "as_completed": lambda client, deadline: anext(aiter(client.as_completed(["d1"], deadline=deadline))),
    "status": lambda client, deadline: client.status("d1", deadline=deadline),
}


def ask_within(ask: Callable[[AsyncClient, float], Any], deadline: float, asked: list[httpx.Request]) -> Any:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(500)

    async def main() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            return await ask(AsyncClient(docuparse(), http_client=http), deadline)

    return asyncio.run(main())


@pytest.mark.parametrize("ask", ASKS.values(), ids=list(ASKS))
def test_the_async_client_refuses_a_deadline_that_is_no_number(
    ask: Callable[[AsyncClient, float], Any],
) -> None:
    with pytest.raises(ConfigurationError, match="deadline is nan: write seconds"):
        ask_within(ask, NAN, [])


@pytest.mark.parametrize("deadline", [0, -3, -math.inf])
@pytest.mark.parametrize("name", ASKS)
def test_what_is_left_of_a_bound_may_be_nothing(name: str, deadline: float) -> None:
    asked: list[httpx.Request] = []
    try:
        found = ask_within(ASKS[name], deadline, asked)
    except PaperhookError as error:
        found = error

    # Of many jobs each has its own error.
    outcome = found[0] if isinstance(found, tuple) else found
    error = outcome.error if isinstance(outcome, WaitOutcome) else outcome
    assert type(error) is (WaitTimeout if name in {"wait", "wait_many", "as_completed"} else DeadlineExceeded)
    assert asked == []


# What goes along with a document, and what a framework gives


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"filename": 5}, "filename is a int"),
        ({"filename": b"a.pdf"}, "filename is a bytes"),
        ({"content_type": 5}, "content_type is a int"),
        ({"idempotency_key": 5}, "idempotency_key is a int"),
        ({"metadata": [1]}, "metadata is a list"),
        ({"on_progress": 5}, "on_progress is a int"),
    ],
)
def test_what_goes_along_with_a_document_and_is_of_another_type_is_told_by_its_name(
    options: dict[str, Any], words: str
) -> None:
    with Client(DocuParse("key")) as client, pytest.raises(TypeError, match=words):
        client.upload(b"%PDF-1.7", **options)


@pytest.mark.parametrize("sources", [None, 5, "a.pdf"])
def test_one_source_where_several_are_wanted_is_told(sources: Any) -> None:
    with Client(DocuParse("key")) as client:
        for ask in (client.batch, lambda given: list(client.upload_many(given))):
            with pytest.raises(TypeError, match="several sources"):
                ask(sources)


@pytest.mark.parametrize("client_class", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("options", "words"),
    [({"on_progress": 5}, "on_progress is a int"), ({"metadata": 5}, "metadata is a int")],
)
def test_what_goes_along_with_many_documents_is_told_where_it_is_given(
    client_class: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(TypeError, match=words):
        client_class(DocuParse("key")).upload_many([PDF], **options)


def test_what_is_told_of_the_progress_of_resuming_is_a_function() -> None:
    with (
        Client(DocuParse("key"), tracker="memory:") as client,
        pytest.raises(TypeError, match="on_progress is a int"),
    ):
        client.resume(on_progress=5)  # type: ignore[arg-type] # what is tested


@pytest.mark.parametrize(
    ("steps", "words"),
    [(5, "not a int"), (DocuParse.status, "a function: call it"), (None, "not a NoneType")],
)
def test_what_is_no_operation_is_told(steps: Any, words: str) -> None:
    with Client(DocuParse("key")) as client, pytest.raises(TypeError, match=words):
        client.run(steps)
    with pytest.raises(TypeError, match=words):
        asyncio.run(AsyncClient(DocuParse("key")).run(steps))


def test_a_batch_and_a_wait_for_many_tell_them_too() -> None:
    with Client(DocuParse("key")) as client:
        for options in ({"metadata": 5}, {"idempotency_key": 5}):
            with pytest.raises(TypeError, match=f"{next(iter(options))} is a int"):
                client.batch([PDF], **options)  # type: ignore[arg-type]  # what is tested
        for jobs in ("job_1", Job.known("job_1", provider="docuparse"), 5):
            with pytest.raises(TypeError, match="several jobs are wanted"):
                client.wait_many(jobs)  # type: ignore[arg-type]  # same


@pytest.mark.parametrize("secret", [5, [5], [None], {"june": "0123456789abcdef"}, [["0123456789abcdef"]]])
def test_what_is_no_secret_is_told_by_its_type_alone(secret: Any) -> None:
    with pytest.raises(ConfigurationError, match="write text, bytes, a Secret, or a list of them") as told:
        DocuParse("key", webhook_secret=secret)

    assert "0123456789" not in str(told.value)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (None, "not a NoneType"),
        (5, "not a int"),
        ("abc", "not a str"),
        ([1], "not a list"),
        ([("a", "b", "c")], "not a list"),
        ({"X-Sig": None}, "'X-Sig' is a NoneType"),
        ({"X-Sig": ["abc"]}, "'X-Sig' is a list"),
        ([(b"X-Sig", 5)], "'X-Sig' is a int"),
        ({5: "abc"}, "a name is a int"),
    ],
)
def test_what_is_no_header_is_told_without_what_it_holds(headers: Any, words: str) -> None:
    hooks = Webhooks(DocuParse("key", webhook_secret="0123456789abcdef"), inbox="memory:", worker="external")

    for ask in (hooks.receive, lambda *given: asyncio.run(hooks.areceive(*given)), Delivery):
        with pytest.raises(TypeError, match=words) as told:
            ask(headers, b"{}")
        assert "abc" not in str(told.value)
    hooks.close()


def test_a_provider_that_is_no_name_is_none_of_those_that_are_known() -> None:
    hooks = Webhooks(DocuParse("key", webhook_secret="0123456789abcdef"), inbox="memory:", worker="external")

    for given in (5, ["docuparse"], "acme"):
        assert hooks.receive({}, b"{}", provider=given).status == 404  # type: ignore[arg-type]  # what is tested
    hooks.close()
