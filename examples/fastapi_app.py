"""Receive webhooks in a FastAPI application.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=...
uvicorn fastapi_app:app --port 8000

Register https://your.host/webhooks/docuparse at the provider.
"""

from fastapi import FastAPI

from paperhook import DocumentCompleted, DocumentFailed, Webhooks
from paperhook.providers import DocuParse
from paperhook.schemas import Invoice

hooks = Webhooks(DocuParse.from_env())


@hooks.on(DocumentCompleted)
async def book(event: DocumentCompleted) -> None:
    invoice = event.result.parse(Invoice)
    print(f"booked {invoice.vendor}: {invoice.total} {invoice.currency}", flush=True)


@hooks.on(DocumentFailed)
def flag(event: DocumentFailed) -> None:
    print(f"failed {event.document_id}: {event.error.code}", flush=True)


app = FastAPI(lifespan=hooks.lifespan)
app.mount("/webhooks", hooks.asgi())
