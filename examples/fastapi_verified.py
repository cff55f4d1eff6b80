"""Only verify webhooks in a FastAPI application, and do the rest yourself.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=...
uvicorn fastapi_verified:app --port 8000

Register https://your.host/docuparse-events at the provider.
"""

from typing import Annotated

from fastapi import Depends, FastAPI

from paperhook import DocumentCompleted, Event
from paperhook.adapters.fastapi import verified
from paperhook.providers import DocuParse

docuparse = DocuParse.from_env()
app = FastAPI()


@app.post("/docuparse-events")
async def receive(events: Annotated[tuple[Event, ...], Depends(verified(docuparse))]) -> None:
    for event in events:
        if isinstance(event, DocumentCompleted):
            # Write it down where it is safe before you return.
            print(f"booked {event.key}: {event.result.fields['total'].value}", flush=True)
