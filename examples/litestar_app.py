"""Receive webhooks in a Litestar application.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=...
uvicorn litestar_app:app --port 8000

Register https://your.host/webhooks/docuparse at the provider.
"""

from litestar import Litestar, asgi

from paperhook import DocumentCompleted, Webhooks
from paperhook.providers import DocuParse
from paperhook.schemas import Invoice

hooks = Webhooks(DocuParse.from_env())


@hooks.on(DocumentCompleted)
async def book(event: DocumentCompleted) -> None:
    invoice = event.result.parse(Invoice)
    print(f"booked {invoice.vendor}: {invoice.total} {invoice.currency}", flush=True)


webhooks = asgi("/webhooks", is_mount=True, copy_scope=True)(hooks.asgi())
app = Litestar([webhooks], lifespan=[hooks.lifespan])
