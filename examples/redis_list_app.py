"""Run handlers in workers of your own: a list in Redis carries the keys of events, and may lose them.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=... BROKER_URL=redis://localhost:6379/0
uvicorn redis_list_app:app --port 8000
python redis_list_app.py
python redis_list_app.py
"""

import json
import os
from collections.abc import Sequence

import redis
from starlette.applications import Starlette
from starlette.routing import Mount

from paperhook import DocumentCompleted, Webhooks
from paperhook.providers import DocuParse

QUEUE = os.environ.get("QUEUE", "paperhook")
engine = redis.Redis.from_url(os.environ["BROKER_URL"])


def carry(keys: Sequence[tuple[str, str]]) -> None:
    engine.lpush(QUEUE, *(json.dumps(key) for key in keys))


hooks = Webhooks(
    DocuParse.from_env(),
    inbox=os.environ.get("INBOX_URL", "sqlite:///paperhook.db"),
    worker="external",
    carrier=carry,
)


@hooks.on(DocumentCompleted, name="book", timeout=30)
def book(event: DocumentCompleted) -> None:
    total = event.result.fields["total"]
    print(f"booked {total.value} in process {os.getpid()}", flush=True)


app = Starlette(routes=[Mount("/webhooks", hooks.asgi())], lifespan=hooks.lifespan)

if __name__ == "__main__":
    # Sends again what was lost, and what is due again.
    hooks.start()
    while True:
        # Not for ever: redis-py 8 takes a server for dead that says nothing for five seconds.
        popped = engine.brpop([QUEUE], timeout=1)
        if isinstance(popped, (tuple, list)):
            provider, key = json.loads(popped[1])
            hooks.run(provider, key)
