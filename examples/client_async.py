"""Upload documents and wait for all of them at once.

export DOCUPARSE_API_KEY=...
python client_async.py invoice.pdf receipt.pdf
"""

import asyncio
import sys

from paperhook import AsyncClient
from paperhook.providers import DocuParse
from paperhook.schemas import Invoice


async def main(paths: list[str]) -> None:
    async with AsyncClient(DocuParse.from_env()) as client:
        results = await asyncio.gather(*(client.upload_and_wait(path, deadline=60) for path in paths))
    for path, result in zip(paths, results, strict=True):
        invoice = result.parse(Invoice)
        print(f"{path}: {invoice.vendor} wants {invoice.total} {invoice.currency}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
