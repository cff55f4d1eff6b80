"""Run handlers on Celery's workers: the receiver stores each event, and Celery carries its key.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=... BROKER_URL=redis://localhost:6379/0
uvicorn celery_app:app --port 8000
celery --app celery_app:engine worker
"""

import os

from celery import Celery
from starlette.applications import Starlette
from starlette.routing import Mount

from paperhook import DocumentCompleted, Webhooks
from paperhook.carriers import CeleryCarrier
from paperhook.providers import DocuParse

engine = Celery("celery_app", broker=os.environ["BROKER_URL"])
# A worker that dies takes no more than the events that it runs with it; the others are not asked for again so soon.
engine.conf.worker_prefetch_multiplier = 1

hooks = Webhooks(
    DocuParse.from_env(),
    inbox=os.environ.get("INBOX_URL", "sqlite:///paperhook.db"),
    worker="external",
    carrier=CeleryCarrier(engine),
)


@hooks.on(DocumentCompleted, name="book", timeout=30)
def book(event: DocumentCompleted) -> None:
    total = event.result.fields["total"]
    print(f"booked {total.value} in process {os.getpid()}", flush=True)


app = Starlette(routes=[Mount("/webhooks", hooks.asgi())], lifespan=hooks.lifespan)
