"""Receive webhooks in an aiohttp application.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=...
python aiohttp_app.py 8000

Register https://your.host/webhooks/docuparse at the provider.
"""

import sys

from aiohttp import web

from paperhook import DocumentCompleted, Webhooks
from paperhook.adapters.aiohttp import application
from paperhook.providers import DocuParse
from paperhook.schemas import Invoice

hooks = Webhooks(DocuParse.from_env())


@hooks.on(DocumentCompleted)
async def book(event: DocumentCompleted) -> None:
    invoice = event.result.parse(Invoice)
    print(f"booked {invoice.vendor}: {invoice.total} {invoice.currency}", flush=True)


app = web.Application()
app.add_subapp("/webhooks", application(hooks))

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]))
