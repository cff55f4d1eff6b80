"""Receive webhooks in a Quart application.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=...
uvicorn quart_app:app --port 8000

Register https://your.host/webhooks/docuparse at the provider.
"""

from collections.abc import AsyncGenerator
from typing import Any

from quart import Quart

from paperhook import DocumentCompleted, Webhooks
from paperhook.providers import DocuParse
from paperhook.schemas import Invoice

hooks = Webhooks(DocuParse.from_env())


@hooks.on(DocumentCompleted)
async def book(event: DocumentCompleted) -> None:
    invoice = event.result.parse(Invoice)
    print(f"booked {invoice.vendor}: {invoice.total} {invoice.currency}", flush=True)


app = Quart(__name__)
webhooks, pages = hooks.asgi(), app.asgi_app


async def dispatch(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http" and scope["path"].startswith("/webhooks/"):
        await webhooks({**scope, "root_path": "/webhooks"}, receive, send)
    else:
        await pages(scope, receive, send)


app.asgi_app = dispatch  # type: ignore[method-assign] # as Quart documents it for middleware


@app.while_serving
async def work() -> AsyncGenerator[None]:
    async with hooks.lifespan():
        yield
