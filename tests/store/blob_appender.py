"""A process that appends to a case on a server without end, each time with a blob, which takes more than one statement:
`python -m tests.store.blob_appender DSN`."""

from __future__ import annotations

import asyncio
import hashlib
import sys

from jihwi.store import Patch
from jihwi.store.postgres import PostgresStore
from jihwi.testing.store_contract import Chain

CASE = "c0000000000a1"


async def _main(dsn: str) -> None:
    chain = Chain(CASE)
    async with await PostgresStore.open(dsn) as store:
        for n in range(1_000_000):
            data = str(n).encode()
            digest = hashlib.sha256(data).hexdigest()
            await store.append(CASE, chain.next(), Patch("running", request="r", requester="k"), blobs={digest: data})
            if n == 0:
                print("begun", flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
