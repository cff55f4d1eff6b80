"""The application of the carriers' tests: the receiver is made in the test, each worker is `python -m tests.engines`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from paperhook import DocumentCompleted, RetryLater, Webhooks
from paperhook.carriers import CeleryCarrier, PgQueuerCarrier, ProcrastinateCarrier
from paperhook.inbox import PostgresInbox, State
from paperhook.providers import DocuParse
from paperhook.testing import LOCAL_SECRET, signed_delivery

#: What a worker that is to be killed in a handler does there, in seconds.
FOREVER = 60.0


@dataclass(frozen=True)
class Setting:
    """Where everything is."""

    engine: str
    inbox: str
    #: Of the broker, or of the database with the engine's tables.
    broker: str
    #: So that engines on one broker do not see each other.
    queue: str
    #: A file to which handlers write.
    notes: str
    lease: float = 2.0
    resend_after: float = 30.0
    is_same_database: bool = True

    def note(self, *words: object) -> None:
        line = " ".join(map(str, words)) + "\n"
        # One write to the end of a file: lines of several processes do not mix.
        with Path(self.notes).open("ab", buffering=0) as file:
            file.write(line.encode())

    def noted(self, word: str) -> list[list[str]]:
        path = Path(self.notes)
        lines = path.read_text().splitlines() if path.exists() else []
        return [words for line in lines if (words := line.split(" "))[0] == word]


class NotedWebhooks(Webhooks):
    """Notes whenever an engine asked it to run an event, and what became of that."""

    setting: Setting

    async def arun(self, provider: str, key: str) -> State | None:
        state = await super().arun(provider, key)
        self.setting.note("asked", key, state)
        return state


@dataclass
class Application:
    """One process's engine and hooks."""

    setting: Setting
    engine: Any
    carrier: Any
    hooks: NotedWebhooks


def celery_of(setting: Setting) -> Any:
    from celery import Celery
    from kombu import Queue

    app = Celery("carried", broker=setting.broker, set_as_current=False)
    app.conf.update(
        broker_connection_retry_on_startup=True,
        broker_transport_options={"global_keyprefix": setting.queue} if "redis" in setting.broker else {},
        task_default_queue=setting.queue,
        # RabbitMQ forgets it when the tests are over.
        task_queues=[Queue(setting.queue, queue_arguments={"x-expires": 60_000})],
        worker_enable_remote_control=False,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
    )
    return app


def procrastinate_of(setting: Setting) -> Any:
    from procrastinate import App, PsycopgConnector

    return App(connector=PsycopgConnector(conninfo=setting.broker))


def list_of(setting: Setting) -> Any:
    """An engine that anybody could write: a list in Redis, which forgets what it gives away."""
    import redis

    return redis.Redis.from_url(setting.broker, socket_connect_timeout=2)


def make(setting: Setting) -> Application:
    engine: Any = None
    carrier: Any = None
    match setting.engine:
        case "callable":
            engine = list_of(setting)
            carrier = lambda keys: engine.lpush(setting.queue, *map(json.dumps, keys))  # noqa: E731
        case "celery-redis" | "celery-rabbitmq":
            engine = celery_of(setting)
            carrier = CeleryCarrier(engine)
        case "procrastinate":
            engine = procrastinate_of(setting)
            carrier = ProcrastinateCarrier(
                engine, setting.broker, queue=setting.queue, is_same_database=setting.is_same_database
            )
        case "pgqueuer":
            carrier = PgQueuerCarrier(
                setting.broker, entrypoint=setting.queue, is_same_database=setting.is_same_database
            )
    hooks = NotedWebhooks(
        DocuParse("key", webhook_secret=LOCAL_SECRET),
        inbox=setting.inbox if "://" in setting.inbox else PostgresInbox(setting.inbox),
        worker="external",
        carrier=carrier,
        lease=setting.lease,
        resend_after=setting.resend_after,
    )
    hooks.setting = setting

    @hooks.on(DocumentCompleted, name="book")
    def book(event: DocumentCompleted) -> None:
        key = event.key
        earlier = [words for words in setting.noted("begin") if words[1] == key]
        setting.note("begin", key, os.getpid(), time.time())
        if "kill" in key and not earlier:
            time.sleep(FOREVER)
        if "later" in key and not earlier:
            raise RetryLater(0.5)
        setting.note("end", key, os.getpid(), time.time())

    return Application(setting, engine, carrier, hooks)


def deliver(hooks: Webhooks, mark: str) -> str:
    """Deliver a completed document as its provider would; gives the event's key."""
    provider = hooks.providers["docuparse"]
    headers, body = signed_delivery(provider, "document.completed", mark=mark)
    reply = hooks.receive(headers, body)
    assert reply.status == 200, reply
    return mark


def install(setting: Setting) -> None:
    """Make the engine's tables."""
    if setting.engine == "procrastinate":
        app = procrastinate_of(setting)
        with app.open():
            app.schema_manager.apply_schema()
    elif setting.engine == "pgqueuer":
        asyncio.run(_install_pgqueuer(setting.broker))


async def _install_pgqueuer(url: str) -> None:
    import psycopg
    from pgqueuer.db import PsycopgDriver
    from pgqueuer.queries import Queries

    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await Queries(PsycopgDriver(connection)).install()


def work(application: Application) -> None:
    """Be a worker until killed."""
    setting, engine, hooks = application.setting, application.engine, application.hooks
    match setting.engine:
        case "callable":
            while True:
                popped = engine.brpop([setting.queue], timeout=1)
                if popped is not None:
                    hooks.run(*json.loads(popped[1]))
        case "celery-redis" | "celery-rabbitmq":
            # Not the solo pool: over RabbitMQ its loop sleeps for seconds while messages wait.
            options = ["--pool=threads", "--concurrency=2"]
            engine.worker_main(
                ["worker", *options, "--without-gossip", "--without-mingle", "--without-heartbeat"]
            )
        case "procrastinate":
            engine.run_worker(queues=[setting.queue], concurrency=4, fetch_job_polling_interval=1.0)
        case "pgqueuer":
            asyncio.run(_run_pgqueuer(application))
        case _:
            asyncio.run(hooks.run_worker())


async def _run_pgqueuer(application: Application) -> None:
    import asyncpg
    from pgqueuer import PgQueuer
    from psycopg.conninfo import conninfo_to_dict

    words: dict[str, Any] = conninfo_to_dict(application.setting.broker)
    # Not psycopg: pgqueuer waits for notifications on the connection that it works with, up to two seconds.
    connection = await asyncpg.connect(
        host=words.get("host"),
        port=words.get("port"),
        user=words.get("user"),
        password=words.get("password"),
        database=words["dbname"],
        server_settings={"search_path": words["options"].rpartition("=")[2]},
    )
    queuer = PgQueuer.from_asyncpg_connection(connection)
    application.carrier.register(queuer)
    await queuer.run()


def environment_of(setting: Setting) -> dict[str, str]:
    return {**os.environ, "CARRIED_BY": json.dumps(asdict(setting))}


if __name__ == "__main__":
    # What engines warn about is theirs.
    warnings.simplefilter("ignore")
    setting = Setting(**json.loads(os.environ["CARRIED_BY"]))
    application = make(setting)
    print("ready", file=sys.stderr)
    work(application)
