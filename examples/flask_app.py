"""Receive webhooks in a Flask application.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=...
flask --app flask_app run --port 8000

Register https://your.host/webhooks/docuparse at the provider.
"""

from flask import Flask

from paperhook import DocumentCompleted, Webhooks
from paperhook.adapters.flask import blueprint
from paperhook.providers import DocuParse
from paperhook.schemas import Invoice

hooks = Webhooks(DocuParse.from_env())


@hooks.on(DocumentCompleted)
def book(event: DocumentCompleted) -> None:
    invoice = event.result.parse(Invoice)
    print(f"booked {invoice.vendor}: {invoice.total} {invoice.currency}", flush=True)


app = Flask(__name__)
app.register_blueprint(blueprint(hooks), url_prefix="/webhooks")
