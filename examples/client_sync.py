"""Upload documents and print what is in them.

export DOCUPARSE_API_KEY=...
python client_sync.py invoice.pdf receipt.pdf
"""

import sys

from paperhook import Client, PaperhookError
from paperhook.providers import DocuParse


def main(paths: list[str]) -> int:
    failures = 0
    with Client(DocuParse.from_env()) as client:
        for outcome in client.upload_many(paths):
            if outcome.job is None:
                failures += 1
                print(f"{outcome.source}: {outcome.error}", file=sys.stderr)
                continue
            try:
                fields = client.result(client.wait(outcome.job, deadline=60)).fields
            except PaperhookError as error:
                failures += 1
                print(f"{outcome.source}: {error}", file=sys.stderr)
                continue
            for name, field in fields.items():
                print(f"{outcome.source}: {name} = {field.value}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
