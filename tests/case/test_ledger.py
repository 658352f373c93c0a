"""The chain breaks on any changed byte, at its event; only an outside head tells a cut or rewritten end."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.case.assignment import Reason
from jihwi.case.events import Author, Body, CaseCancelled, CasePaused, CaseResumed, Draft, QuestionAnswered
from jihwi.case.ledger import GENESIS, SALT_BYTES, Sealed, open_event, open_log, read_header, seal, verify
from jihwi.errors import LedgerBroken, UnknownEvent

CASE = "c0000000000a1"

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
bodies = st.one_of(
    st.just(CaseResumed()),
    st.builds(lambda why: CasePaused(Reason("told", {"why": why})), texts),
    st.builds(lambda answer: QuestionAnswered("a1", 1, 2, answer), texts),
)
drafts = st.builds(
    Draft,
    body=bodies,
    author=st.builds(Author, role=st.sampled_from(["person", "agent", "runner"]), id=texts, door=texts),
    cause=st.integers(0, 2**40),
    labels=st.lists(texts, max_size=3).map(tuple),
)
salts = st.binary(min_size=SALT_BYTES, max_size=SALT_BYTES)


def _log(made: list[tuple[Draft, bytes]], *, case_id: str = CASE) -> list[Sealed]:
    log: list[Sealed] = []
    for seq, (draft, salt) in enumerate(made, 1):
        previous = log[-1].head if log else GENESIS
        log.append(seal(draft, case_id=case_id, seq=seq, at_ms=1000 + seq, previous=previous, salt=salt)[0])
    return log


logs = st.lists(st.tuples(drafts, salts), min_size=1, max_size=8).map(_log)


def _broken_at(log: list[Sealed], *, head: bytes | None = None) -> int:
    with pytest.raises(LedgerBroken) as broken:
        verify(CASE, log, expected_head=head)
    assert broken.value.case == CASE
    return broken.value.seq


def _erased(log: list[Sealed], seqs: set[int]) -> list[Sealed]:
    return [msgspec.structs.replace(e, salt=None, body=None) if e.seq in seqs else e for e in log]


# ── a whole log ──────────────────────────────────────────────────────────────


@given(logs)
def test_a_log_as_sealed_verifies_and_ends_with_its_head(log: list[Sealed]) -> None:
    verdict = verify(CASE, log)
    assert (verdict.events, verdict.head, verdict.erased, verdict.against_head) == (len(log), log[-1].head, 0, False)
    assert verify(CASE, log, expected_head=log[-1].head).against_head


@given(drafts, salts)
def test_an_event_is_opened_as_it_was_sealed(draft: Draft, salt: bytes) -> None:
    sealed, event = seal(draft, case_id=CASE, seq=1, at_ms=5, previous=GENESIS, salt=salt)
    assert open_event(sealed) == event
    assert event.body == draft.body


def test_an_empty_log_verifies_and_ends_where_it_began() -> None:
    verdict = verify(CASE, [])
    assert (verdict.events, verdict.head) == (0, GENESIS)


# ── changed bytes ────────────────────────────────────────────────────────────


@given(logs, st.sampled_from(["header", "salt", "body", "head"]), st.data())
def test_any_changed_byte_breaks_the_chain_at_its_event(
    log: list[Sealed], part: Literal["header", "salt", "body", "head"], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(log) - 1), label="event")
    before = getattr(log[place], part)
    at = data.draw(st.integers(0, len(before) - 1), label="byte")
    flipped = before[at] ^ data.draw(st.integers(1, 255), label="bits")
    changed = before[:at] + bytes([flipped]) + before[at + 1 :]
    log[place] = msgspec.structs.replace(log[place], **{part: changed})
    assert _broken_at(log) == place + 1


@given(logs, st.sampled_from(["header", "salt", "body", "head"]), st.data())
def test_an_added_or_missing_byte_breaks_the_chain_at_its_event(
    log: list[Sealed], part: Literal["header", "salt", "body", "head"], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(log) - 1), label="event")
    before: bytes = getattr(log[place], part)
    changed = before + b"\0" if data.draw(st.booleans(), label="longer") else before[:-1]
    log[place] = msgspec.structs.replace(log[place], **{part: changed})
    assert _broken_at(log) == place + 1


def test_every_single_bit_of_a_small_log_is_guarded() -> None:
    log = _log([(Draft(CaseResumed()), b"s" * SALT_BYTES), (Draft(CasePaused(Reason("told"))), b"t" * SALT_BYTES)])
    for place, event in enumerate(log):
        for part in ("header", "salt", "body", "head"):
            before: bytes = getattr(event, part)
            for bit in range(len(before) * 8):
                changed = bytearray(before)
                changed[bit // 8] ^= 1 << bit % 8
                tampered = list(log)
                tampered[place] = msgspec.structs.replace(event, **{part: bytes(changed)})
                assert _broken_at(tampered) == place + 1


# ── moved, missing and foreign events ────────────────────────────────────────


@given(st.lists(st.tuples(drafts, salts), min_size=2, max_size=8), st.data())
def test_events_in_another_order_are_seen(made: list[tuple[Draft, bytes]], data: st.DataObject) -> None:
    log = _log(made)
    order = data.draw(st.permutations(range(len(log))).filter(lambda p: list(p) != sorted(p)), label="order")
    first_moved = next(n for n, place in enumerate(order) if place != n)
    assert _broken_at([log[place] for place in order]) == first_moved + 1


@given(st.lists(st.tuples(drafts, salts), min_size=2, max_size=8), st.data())
def test_a_missing_event_is_seen_where_the_next_one_stands(
    made: list[tuple[Draft, bytes]], data: st.DataObject
) -> None:
    log = _log(made)
    gone = data.draw(st.integers(0, len(log) - 2), label="gone")
    assert _broken_at(log[:gone] + log[gone + 1 :]) == gone + 1


@given(logs)
def test_an_event_twice_is_seen(log: list[Sealed]) -> None:
    assert _broken_at([*log, log[-1]]) == len(log) + 1


@given(st.lists(st.tuples(drafts, salts), min_size=1, max_size=4))
def test_another_case_s_log_is_seen(made: list[tuple[Draft, bytes]]) -> None:
    assert _broken_at(_log(made, case_id="c0000000000b2")) == 1


# ── the end of the log: only an outside head tells ───────────────────────────


@given(logs, st.data())
def test_a_cut_tail_is_consistent_and_an_outside_head_finds_it(log: list[Sealed], data: st.DataObject) -> None:
    kept = log[: data.draw(st.integers(0, len(log) - 1), label="kept")]
    verdict = verify(CASE, kept)
    assert (verdict.events, verdict.against_head) == (len(kept), False)
    assert _broken_at(kept, head=log[-1].head) == len(kept) + 1


@given(logs, st.data())
def test_a_log_that_grew_since_still_holds_the_older_head(log: list[Sealed], data: st.DataObject) -> None:
    older = data.draw(st.sampled_from(log), label="older").head
    assert verify(CASE, log, expected_head=older).events == len(log)


@given(st.lists(st.tuples(drafts, salts), min_size=1, max_size=6), st.data())
def test_a_log_sealed_anew_is_consistent_and_an_outside_head_finds_it(
    made: list[tuple[Draft, bytes]], data: st.DataObject
) -> None:
    head = _log(made)[-1].head
    place = data.draw(st.integers(0, len(made) - 1), label="event")
    forged = list(made)
    forged[place] = (Draft(CaseCancelled(Reason("forged"))), made[place][1])
    log = _log(forged)
    assert verify(CASE, log).events == len(log)
    _broken_at(log, head=head)


# ── erased bodies ────────────────────────────────────────────────────────────


@given(logs, st.data())
def test_erased_bodies_are_counted_and_the_chain_still_verifies(log: list[Sealed], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from([event.seq for event in log])), label="erased")
    erased = _erased(log, gone)
    verdict = verify(CASE, erased, expected_head=log[-1].head)
    assert (verdict.erased, verdict.events) == (len(gone), len(log))
    for event, opened in zip(erased, open_log(erased), strict=True):
        assert (opened.body is None) == (event.seq in gone)
        assert opened.kind == read_header(event.header).kind


@given(logs, st.data())
def test_erasing_hides_no_other_change(log: list[Sealed], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(log) - 1), label="event")
    erased = _erased(log, {place + 1})
    header = bytearray(erased[place].header)
    header[-1] ^= 1
    erased[place] = msgspec.structs.replace(erased[place], header=bytes(header))
    assert _broken_at(erased) == place + 1


@given(logs, st.data())
def test_a_body_without_its_salt_is_no_erased_body(log: list[Sealed], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(log) - 1), label="event")
    log[place] = msgspec.structs.replace(log[place], salt=None)
    assert _broken_at(log) == place + 1


@given(bodies, salts, salts)
def test_equal_bodies_cannot_be_told_from_their_headers(body: Body, one: bytes, other: bytes) -> None:
    """A short answer must not be guessed from the digest that stays when the body is erased."""
    digests = {
        read_header(seal(Draft(body), case_id=CASE, seq=1, at_ms=1, previous=GENESIS, salt=salt)[0].header).body_digest
        for salt in (one, other)
    }
    assert len(digests) == len({one, other})


# ── what a newer version wrote ───────────────────────────────────────────────


def _from_the_future(**changes: object) -> Sealed:
    sealed, _ = seal(Draft(CaseResumed()), case_id=CASE, seq=1, at_ms=1, previous=GENESIS, salt=b"s" * SALT_BYTES)
    header = msgspec.structs.replace(read_header(sealed.header), **changes)
    return msgspec.structs.replace(sealed, header=msgspec.msgpack.encode(header))


@pytest.mark.parametrize("changes", [{"kind": "dreamt"}, {"version": 99}])
def test_an_event_of_a_newer_version_is_named(changes: dict[str, object]) -> None:
    with pytest.raises(UnknownEvent) as unknown:
        open_event(_from_the_future(**changes))
    assert (unknown.value.case, unknown.value.seq) == (CASE, 1)


def test_an_erased_event_of_an_unknown_kind_is_named_too() -> None:
    (erased,) = _erased([_from_the_future(kind="dreamt")], {1})
    with pytest.raises(UnknownEvent):
        open_event(erased)


def test_half_a_character_is_replaced_in_the_event_as_in_the_bytes() -> None:
    draft = Draft(QuestionAnswered("a1", 1, 2, "half \ud83d, and \ud83d\ude00"))
    sealed, event = seal(draft, case_id=CASE, seq=1, at_ms=1, previous=GENESIS, salt=b"s" * SALT_BYTES)
    assert event.body == QuestionAnswered("a1", 1, 2, "half \ufffd, and \U0001f600")
    assert open_event(sealed) == event


@pytest.mark.parametrize("body", [b"{", b'{"reason":5}', b"\xff", b"[" * 100_000])
def test_a_body_that_nobody_can_read_is_named(body: bytes) -> None:
    sealed, _ = seal(
        Draft(CasePaused(Reason("told"))), case_id=CASE, seq=1, at_ms=1, previous=GENESIS, salt=b"s" * SALT_BYTES
    )
    with pytest.raises(LedgerBroken) as broken:
        open_event(msgspec.structs.replace(sealed, body=body))
    assert broken.value.seq == 1
