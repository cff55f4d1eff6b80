"""Run handlers on procrastinate's workers: each event and its job are stored in one transaction.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=... DATABASE_URL=postgresql://localhost/app PYTHONPATH=.
procrastinate --app procrastinate_app.engine schema --apply
uvicorn procrastinate_app:app --port 8000
procrastinate --app procrastinate_app.engine worker --concurrency 8
"""

import os

from procrastinate import App, PsycopgConnector
from starlette.applications import Starlette
from starlette.routing import Mount

from paperhook import DocumentCompleted, Webhooks
from paperhook.carriers import ProcrastinateCarrier
from paperhook.providers import DocuParse

DATABASE = os.environ["DATABASE_URL"]
engine = App(connector=PsycopgConnector(conninfo=DATABASE))

hooks = Webhooks(
    DocuParse.from_env(),
    inbox=DATABASE,
    worker="external",
    carrier=ProcrastinateCarrier(engine, DATABASE),
)


@hooks.on(DocumentCompleted, name="book", timeout=30)
async def book(event: DocumentCompleted) -> None:
    total = event.result.fields["total"]
    print(f"booked {total.value} in process {os.getpid()}", flush=True)


app = Starlette(routes=[Mount("/webhooks", hooks.asgi())], lifespan=hooks.lifespan)
