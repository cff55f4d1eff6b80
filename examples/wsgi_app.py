"""Receive webhooks in any WSGI server; here the one of the standard library.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=...
python wsgi_app.py 8000

Register https://your.host/docuparse at the provider.
"""

import sys
from wsgiref.simple_server import make_server

from paperhook import DocumentCompleted, Webhooks
from paperhook.providers import DocuParse
from paperhook.schemas import Invoice

hooks = Webhooks(DocuParse.from_env())


@hooks.on(DocumentCompleted)
def book(event: DocumentCompleted) -> None:
    invoice = event.result.parse(Invoice)
    print(f"booked {invoice.vendor}: {invoice.total} {invoice.currency}", flush=True)


application = hooks.wsgi()

if __name__ == "__main__":
    with make_server("127.0.0.1", int(sys.argv[1]), application) as server:
        print(f"listening on port {server.server_port}", flush=True)
        server.serve_forever()
