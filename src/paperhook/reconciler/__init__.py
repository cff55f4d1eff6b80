"""`Reconciler`: finds documents whose webhook did not come, by asking, and hands them to the same handlers.

| a tracked job that nothing was heard of for `silence` seconds | what happens |
|---|---|
| its end is in the inbox | it is settled, nothing is asked |
| it still runs | it is asked for again later, each time later, and before its result is deleted |
| it has ended | its event enters the inbox with `origin="poll"` and the key that its webhook would have had |
| the provider has forgotten it, twice | a `document.failed` with the code `expired` enters the inbox |
| it was the last of its batch, and no event told that the batch ended | a `batch.completed` enters the inbox |
| its upload is `submission_unknown` | it is looked for in the provider's listing, where there is one |

A webhook that comes after that is a duplicate, and a poll that comes after the webhook is one too. So any number of
reconcilers may run; a job is asked for by one at a time.
"""

from __future__ import annotations

from .counts import Counts
from .entering import Receiver
from .loop import Reconciler
from .posts import AnyClient

__all__ = ["AnyClient", "Counts", "Receiver", "Reconciler"]
