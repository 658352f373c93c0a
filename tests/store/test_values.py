"""A value that no database takes is the fault of one append: it alone is refused, and nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from jihwi.store import KeptStore, Patch
from jihwi.store.postgres import PostgresStore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.store_contract import Chain

OPENING = Patch("running", request="r", requester="k")
HALF = "half \ud83d"
LONG = 1 << 70
BAD = {
    "half a character": Patch("running", request=HALF),
    "half a character in who asks": Patch("running", request="r", requester=HALF),
    "a long number": Patch("running", wake_at_ms=LONG),
    "another long number": Patch("running", request="r", waits_for=LONG),
    "half a team": Patch("running", request="r", team=HALF),
}


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[KeptStore]:
    if request.param == "sqlite":
        async with await SqliteStore.open(tmp_path / "store.db") as in_a_file:
            yield in_a_file
        return
    dsn = request.getfixturevalue("postgres")
    async with await PostgresStore.open(dsn) as on_a_server:
        yield on_a_server


async def _opened(store: KeptStore, count: int, first: int = 0) -> list[Chain]:
    chains = [Chain(f"c00000000{number:04d}") for number in range(first, first + count)]
    await asyncio.gather(*(store.append(chain.case_id, chain.next(), OPENING) for chain in chains))
    return chains


@pytest.mark.parametrize("opens", [True, False], ids=["of a new case", "of a known case"])
async def test_only_what_no_database_takes_is_refused(store: KeptStore, opens: bool) -> None:
    good = await _opened(store, 20)
    bad = [Chain(f"c00000001{number:04d}") for number in range(len(BAD))]
    if not opens:
        await asyncio.gather(*(store.append(chain.case_id, chain.next(), OPENING) for chain in bad))
    before = {chain.case_id: await store.row(chain.case_id) for chain in bad}
    appends = [(chain, Patch("running")) for chain in good] + list(zip(bad, BAD.values(), strict=True))
    appends = appends[::2] + appends[1::2]  # between each other
    answers = await asyncio.gather(
        *(store.append(chain.case_id, chain.next(), patch) for chain, patch in appends), return_exceptions=True
    )
    for (chain, _), answer in zip(appends, answers, strict=True):
        if chain in good:
            assert answer is None
            assert len(await store.read(chain.case_id)) == 2
        else:
            assert isinstance(answer, ValueError | OverflowError), repr(answer)
            assert await store.row(chain.case_id) == before[chain.case_id]


async def test_a_bad_value_met_while_another_process_takes_the_file_holds_up_nobody(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    await (await SqliteStore.open(path)).close()
    other = apsw.Connection(str(path))
    said: list[str] = []

    def takes_it_between(cursor: apsw.Cursor, statement: str, values: object) -> bool:
        """Another process is quicker once the batch that failed has let go of the file."""
        if statement == "BEGIN IMMEDIATE" and said[-1:] == ["ROLLBACK"] and "other" not in said:
            other.execute("BEGIN IMMEDIATE")
            said.append("other")
        said.append(statement)
        return True

    def watch(database: apsw.Connection) -> None:
        database.exec_trace = takes_it_between

    apsw.connection_hooks.append(watch)
    try:
        async with await SqliteStore.open(path, busy_seconds=1.0) as store:
            chains = await _opened(store, 8)
            asyncio.get_running_loop().call_later(0.05, other.execute, "ROLLBACK")
            patches = [Patch("running")] * 7 + [BAD["half a character"]]
            answers = await asyncio.gather(
                *(store.append(chain.case_id, chain.next(), one) for chain, one in zip(chains, patches, strict=True)),
                return_exceptions=True,
            )
            assert "other" in said
            assert [type(answer) for answer in answers] == [type(None)] * 7 + [UnicodeEncodeError]
    finally:
        apsw.connection_hooks.remove(watch)
        other.close()
