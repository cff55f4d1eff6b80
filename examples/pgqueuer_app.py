"""Run handlers on pgqueuer's workers: each event and its job are stored in one transaction.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=... DATABASE_URL=postgresql://localhost/app
pgq --pg-dsn $DATABASE_URL install
uvicorn pgqueuer_app:app --port 8000
python pgqueuer_app.py
"""

import asyncio
import os

import asyncpg
from pgqueuer import PgQueuer
from starlette.applications import Starlette
from starlette.routing import Mount

from paperhook import DocumentCompleted, Webhooks
from paperhook.carriers import PgQueuerCarrier
from paperhook.providers import DocuParse

DATABASE = os.environ["DATABASE_URL"]
carrier = PgQueuerCarrier(DATABASE)

hooks = Webhooks(DocuParse.from_env(), inbox=DATABASE, worker="external", carrier=carrier)


@hooks.on(DocumentCompleted, name="book", timeout=30)
async def book(event: DocumentCompleted) -> None:
    total = event.result.fields["total"]
    print(f"booked {total.value} in process {os.getpid()}", flush=True)


app = Starlette(routes=[Mount("/webhooks", hooks.asgi())], lifespan=hooks.lifespan)


async def work() -> None:
    # Over asyncpg: on psycopg, pgqueuer notices a new job up to two seconds late.
    engine = PgQueuer.from_asyncpg_connection(await asyncpg.connect(DATABASE))
    carrier.register(engine)
    await engine.run()


if __name__ == "__main__":
    asyncio.run(work())
