"""Receive webhooks with nothing but the standard library's HTTP server.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=...
python no_framework.py 8000

Register https://your.host/ at the provider.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from paperhook import DocumentCompleted, Webhooks
from paperhook.providers import DocuParse

hooks = Webhooks(DocuParse.from_env())


@hooks.on(DocumentCompleted)
def book(event: DocumentCompleted) -> None:
    print(f"booked {event.result.fields['total'].value}", flush=True)


class Receiver(BaseHTTPRequestHandler):
    timeout = 10

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > hooks.max_body_bytes:
            self.send_error(413)
            return
        reply = hooks.receive(self.headers.items(), self.rfile.read(int(length)))
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print(f"listening on port {server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        hooks.close()
