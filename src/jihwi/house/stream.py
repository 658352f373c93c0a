"""The house stream in the store: facts appended with compare-and-append, and the state folded from them.

The same table and the same chain as a case's; `HOUSE` is its name there. Many processes may write it: who loses folds
what the others wrote and decides again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

import msgspec

from jihwi.case.events import SYSTEM, Author
from jihwi.case.ledger import SALT_BYTES, Header, Sealed, read_header
from jihwi.errors import AppendConflict, LedgerBroken, StoreError, UnknownEvent
from jihwi.house.facts import HOUSE_KINDS, HouseBody, HouseDraft, HouseEvent, house_kind_of
from jihwi.house.state import HouseState, apply_fact
from jihwi.ids import Chance
from jihwi.store import HOUSE, EventStore, Patch

__all__ = ["HouseStream", "open_fact", "seal_fact"]

_PAGE = 500
_WAITING = Patch("waiting", request="", requester="")
_decoders = {(kind, version): msgspec.json.Decoder(body_type) for kind, (body_type, version) in HOUSE_KINDS.items()}


def seal_fact(draft: HouseDraft, *, seq: int, at_ms: int, previous: bytes, salt: bytes) -> tuple[Sealed, HouseEvent]:
    """Put a fact into the chain: the bytes to store and the event they will be read as."""
    kind = house_kind_of(draft.body)
    body = msgspec.json.encode(draft.body)
    digest = sha256(salt + body).digest()
    header = msgspec.msgpack.encode(
        Header(HOUSE, seq, at_ms, kind, HOUSE_KINDS[kind][1], draft.author, 0, draft.labels, previous, digest)
    )
    head = sha256(header).digest()
    event = HouseEvent(seq, at_ms, kind, draft.author, draft.body, head, draft.labels)
    return Sealed(seq, header, salt, body, head), event


def open_fact(stored: Sealed) -> HouseEvent:
    """The fact in stored bytes. Raises `UnknownEvent` for what a newer version wrote."""
    header = read_header(stored.header)
    decoder = _decoders.get((header.kind, header.version))
    if decoder is None:
        raise UnknownEvent(HOUSE, header.seq, header.kind, header.version)
    body: HouseBody | None = None if stored.body is None else decoder.decode(stored.body)  # type: ignore[assignment]
    return HouseEvent(header.seq, header.at_ms, header.kind, header.author, body, stored.head, header.labels)


class HouseStream:
    """The facts of one house. `state` is how they stood when this process last looked.

    >>> from jihwi.ids import Randomness
    >>> from jihwi.store.memory import MemoryStore
    >>> stream = HouseStream(MemoryStore(), Randomness())
    >>> asyncio.run(stream.record(HOUSE_KINDS["password_set"][0]("kim")))[0].seq
    1
    """

    def __init__(self, store: EventStore, chance: Chance) -> None:
        self._store = store
        self._chance = chance
        self._lock = asyncio.Lock()
        self.state = HouseState()

    async def refresh(self) -> HouseState:
        """The state as it stands now. Raises LedgerBroken, UnknownEvent, StoreError."""
        async with self._lock:
            await self._catch_up()
        return self.state

    async def record(
        self, *bodies: HouseBody, author: Author = SYSTEM, labels: tuple[str, ...] = ()
    ) -> list[HouseEvent]:
        """Make these facts, in one commit. `labels`: what a reader of them must hold. Raises StoreError."""
        return await self.decide(lambda state: bodies, author=author, labels=labels)

    async def decide(
        self,
        choose: Callable[[HouseState], Sequence[HouseBody]],
        *,
        author: Author = SYSTEM,
        labels: tuple[str, ...] = (),
    ) -> list[HouseEvent]:
        """Make facts of what `choose` says of the state as it stands, in one commit; asked again when somebody else
        wrote meanwhile. Raises what `choose` raises, and StoreError."""
        async with self._lock:
            while True:
                await self._catch_up()
                sealed, events = self._sealed([HouseDraft(body, author, labels) for body in choose(self.state)])
                if not sealed:
                    return []
                try:
                    await self._store.append(HOUSE, sealed, _WAITING)
                except AppendConflict:
                    continue
                for event in events:
                    apply_fact(self.state, event)
                return events

    async def events(self, *, after: int = 0, limit: int | None = None) -> list[HouseEvent]:
        """The facts numbered after `after`, in order."""
        return [open_fact(one) for one in await self._store.read(HOUSE, after=after, limit=limit)]

    async def follow(self, seconds: float = 30.0) -> None:
        """Keep `state` up with what other processes write, until cancelled."""
        while True:
            try:
                if await self._store.wait(HOUSE, self.state.seq, seconds=seconds):
                    await self.refresh()
            except StoreError:
                await asyncio.sleep(1.0)  # a server that is away comes back; until then what is known stands

    async def _catch_up(self) -> None:
        while True:
            page = await self._store.read(HOUSE, after=self.state.seq, limit=_PAGE)
            self._apply(page)
            if len(page) < _PAGE:
                return

    def _apply(self, page: Iterable[Sealed]) -> None:
        for stored in page:
            if read_header(stored.header).previous != self.state.head:
                raise LedgerBroken(HOUSE, stored.seq, "it does not follow the event before it")
            apply_fact(self.state, open_fact(stored))

    def _sealed(self, drafts: Sequence[HouseDraft]) -> tuple[list[Sealed], list[HouseEvent]]:
        seq, head, now_ms = self.state.seq, self.state.head, self._store.now_ms()
        sealed, events = list[Sealed](), list[HouseEvent]()
        for draft in drafts:
            seq += 1
            stored, event = seal_fact(draft, seq=seq, at_ms=now_ms, previous=head, salt=self._chance.token(SALT_BYTES))
            head = event.head
            sealed.append(stored)
            events.append(event)
        return sealed, events
