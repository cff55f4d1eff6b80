"""Receive and run handlers on any number of machines, with nothing but PostgreSQL between them.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=... DATABASE_URL=postgresql://app@localhost/app
uvicorn postgres_app:app --port 8000
paperhook worker postgres_app:hooks
paperhook worker postgres_app:hooks
"""

import os

from starlette.applications import Starlette
from starlette.routing import Mount

from paperhook import DocumentCompleted, Webhooks
from paperhook.providers import DocuParse

hooks = Webhooks(DocuParse.from_env(), inbox=os.environ["DATABASE_URL"], worker="external", lease=30)


@hooks.on(DocumentCompleted, name="book", timeout=20)
def book(event: DocumentCompleted) -> None:
    total = event.result.fields["total"]
    print(f"booked {total.value} in process {os.getpid()}", flush=True)


app = Starlette(routes=[Mount("/webhooks", hooks.asgi())], lifespan=hooks.lifespan)
