"""Receive in one process and run handlers in another, so that a slow handler never slows an acknowledgement.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=...
uvicorn worker_app:app --port 8000
paperhook worker worker_app:hooks
"""

from starlette.applications import Starlette
from starlette.routing import Mount

from paperhook import DocumentCompleted, GiveUp, RetryLater, Webhooks
from paperhook.providers import DocuParse

hooks = Webhooks(DocuParse.from_env(), worker="external")


@hooks.on(DocumentCompleted, name="book", timeout=30)
def book(event: DocumentCompleted) -> None:
    total = event.result.fields.get("total")
    if total is None:
        raise GiveUp("there is no total")
    if is_closed_for_the_night():
        raise RetryLater(3600)
    print(f"booked {total.value}", flush=True)


def is_closed_for_the_night() -> bool:
    return False


app = Starlette(routes=[Mount("/webhooks", hooks.asgi())], lifespan=hooks.lifespan)
