"""A folded state kept beside the log, so that a long case opens without being folded anew.

A snapshot is a cache: it names the head it stands on and the code that folded it, and one that fits neither is passed
over. Transcripts are left out, since they are the log once more; who needs them has them rebuilt (`filled`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from jihwi import case, evidence
from jihwi.case.state import Case
from jihwi.case.turn import Entry, Transcript

__all__ = ["SNAPSHOT_EVENTS", "filled", "is_hollow", "opened", "packed"]

SNAPSHOT_EVENTS = 200
"""A state is kept once so many events have come since the last time: below, folding is quicker than looking."""


_FOLDING = (case, evidence)
"""The packages that have a say in how a state looks: all of what is pure, so that no module is forgotten."""


class HollowTranscript(Transcript):
    """A transcript of which only the length is known up to a point, and the entries from there on."""

    __slots__ = ("missing",)

    def __init__(self, missing: int, entries: list[Entry] | None = None) -> None:
        super().__init__(entries)
        self.missing = missing

    def __len__(self) -> int:
        return self.missing + self._length

    def __getitem__(self, index: Any) -> NoReturn:
        raise LookupError("this state came from a snapshot: its transcripts are not filled")

    def __iter__(self) -> Iterator[Entry]:
        raise LookupError("this state came from a snapshot: its transcripts are not filled")

    def seen(self) -> Transcript:
        return HollowTranscript(self.missing, self._entries[: self._length])

    def joined(self, full: Transcript) -> Transcript:
        """The whole transcript, given the one at the snapshot."""
        return Transcript([*full[: self.missing], *self._entries[: self._length]])


class _Kept(msgspec.Struct, frozen=True):
    """What a snapshot holds."""

    code: str
    case: Case


def _hollow(kind: type, value: Any) -> Any:
    return HollowTranscript(int(value))


_encode = msgspec.json.Encoder(enc_hook=len).encode
_decode = msgspec.json.Decoder(_Kept, dec_hook=_hollow).decode


@functools.cache
def _code() -> str:
    """The digest of that code: another version's states are none of ours."""
    digest = sha256()
    for package in _FOLDING:
        for path in sorted(Path(package.__file__ or "").parent.glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def packed(state: Case) -> bytes:
    """The state as it is kept."""
    return _encode(_Kept(_code(), state))


def opened(data: bytes) -> Case | None:
    """The kept state, its transcripts hollow; `None` when other code made it or it is damaged."""
    try:
        kept = _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return kept.case if kept.code == _code() else None


def is_hollow(case: Case) -> bool:
    """Whether a transcript is not filled."""
    return any(isinstance(one.transcript, HollowTranscript) for one in case.assignments.values())


def filled(case: Case, at_snapshot: Case) -> None:
    """Fill the transcripts of `case` from a state folded up to the event its snapshot stands on."""
    for name, one in case.assignments.items():
        if isinstance(one.transcript, HollowTranscript):
            one.transcript = one.transcript.joined(at_snapshot.assignments[name].transcript)
