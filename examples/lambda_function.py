"""Receive webhooks in an AWS Lambda function.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=...
python lambda_function.py event.json

The file holds an event as API Gateway makes it; on AWS the handler is lambda_function.lambda_handler.
"""

import json
import sys
from pathlib import Path

from paperhook import DocumentCompleted, Webhooks
from paperhook.adapters.aws_lambda import handler
from paperhook.providers import DocuParse
from paperhook.schemas import Invoice

hooks = Webhooks(DocuParse.from_env(), worker="inline", inbox="memory:")


@hooks.on(DocumentCompleted)
def book(event: DocumentCompleted) -> None:
    invoice = event.result.parse(Invoice)
    print(f"booked {invoice.vendor}: {invoice.total} {invoice.currency}", flush=True)


lambda_handler = handler(hooks)

if __name__ == "__main__":
    print(json.dumps(lambda_handler(json.loads(Path(sys.argv[1]).read_text()), None)))
