"""Signatures: made with a key outside the database, and what they show when a chain is cut or rewritten."""

from __future__ import annotations

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from jihwi.case.events import Author, CaseResumed, Draft
from jihwi.case.ledger import GENESIS, Sealed, seal
from jihwi.errors import LedgerBroken, SecretMissing, SettingInvalid
from jihwi.house import (
    HouseStream,
    PasswordSet,
    Signed,
    SignedHead,
    Statement,
    is_signed_by,
    load_signing_key,
    sign_heads,
    signed_beside,
    signed_in_stream,
    vouch,
)
from jihwi.house.keys import SigningKey, public_key_said
from jihwi.ids import Randomness
from jihwi.store import HOUSE, Patch
from jihwi.store.memory import MemoryStore

CASE = "c0000000000a1"


def a_key(folder: Path) -> SigningKey:
    key = load_signing_key(folder)
    assert key is not None
    return key


def a_log(length: int, *, salt: bytes = b"s") -> list[Sealed]:
    log: list[Sealed] = []
    for seq in range(1, length + 1):
        previous = log[-1].head if log else GENESIS
        draft = Draft(CaseResumed(), Author("person", "kim"))
        log.append(seal(draft, case_id=CASE, seq=seq, at_ms=1000 + seq, previous=previous, salt=salt)[0])
    return log


def over(log: list[Sealed], key: SigningKey) -> Signed:
    return key.sign(Statement("export", (SignedHead(CASE, len(log), log[-1].head.hex()),)))


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    assert load_signing_key(tmp_path, make=False) is None
    first = a_key(tmp_path)
    assert a_key(tmp_path).public == first.public
    assert stat.S_IMODE((tmp_path / "signing.key").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["signing.key"]
    assert first.public in repr(first)


def test_threads_that_need_the_first_key_at_once_have_one(tmp_path: Path) -> None:
    for number in range(20):
        folder, start = tmp_path / str(number), threading.Barrier(4)
        folder.mkdir()

        def sign(folder: Path = folder, start: threading.Barrier = start) -> str:
            start.wait()
            return a_key(folder).public

        with ThreadPoolExecutor(4) as threads:
            keys = [one.result() for one in [threads.submit(sign) for _ in range(4)]]
        assert len(set(keys)) == 1
        assert [path.name for path in folder.iterdir()] == ["signing.key"]


def test_a_key_is_made_beside_what_a_run_that_died_has_left(tmp_path: Path) -> None:
    (tmp_path / f".signing.key.{os.getpid()}.part").write_bytes(b"")
    assert a_key(tmp_path).public


def test_a_key_may_lie_elsewhere_and_is_never_repeated(tmp_path: Path) -> None:
    made = a_key(tmp_path)
    pem = (tmp_path / "signing.key").read_text("ascii")
    by_name = load_signing_key(tmp_path / "none", "env:HOUSE_KEY", environment={"HOUSE_KEY": pem})
    by_file = load_signing_key(tmp_path / "none", f"file:{tmp_path / 'signing.key'}")
    by_letters = load_signing_key(tmp_path / "none", "env:K", environment={"K": "ab" * 32})
    assert by_name is not None
    assert by_file is not None
    assert by_letters is not None
    assert by_name.public == by_file.public == made.public
    assert by_letters.public != made.public
    for wrong in ("not a key", "zz" * 32, pem.replace("M", "N")):
        with pytest.raises(SettingInvalid) as found:
            load_signing_key(tmp_path, "env:K", environment={"K": wrong})
        assert wrong[:20] not in str(found.value)
    for reference in ("env:NO_SUCH_KEY", f"file:{tmp_path / 'nothing'}"):
        with pytest.raises(SecretMissing):
            load_signing_key(tmp_path, reference, environment={})
    (tmp_path / "pub").write_text(made.public + "\n", "ascii")
    assert public_key_said(str(tmp_path / "pub")) == public_key_said(made.public) == made.public
    with pytest.raises(SettingInvalid):
        public_key_said("abc")


def test_a_signature_fits_one_statement_and_one_key(tmp_path: Path) -> None:
    key = a_key(tmp_path)
    signed = over(a_log(3), key)
    assert is_signed_by(signed, key.public)
    assert signed == over(a_log(3), key)
    assert not is_signed_by(signed, "00" * 32)
    assert not is_signed_by(msgspec.structs.replace(signed, signature="00" * 64), key.public)
    other = msgspec.structs.replace(signed, statement=Statement("day", signed.statement.heads, day="2026-01-31"))
    assert not is_signed_by(other, key.public)


def test_a_signature_shows_a_cut_end_and_a_rewritten_log(tmp_path: Path) -> None:
    key, log = a_key(tmp_path), a_log(9)
    signed = over(log[:7], key)
    assert vouch(CASE, log, [signed], key.public).seq == 7
    assert vouch(CASE, log[:7], [signed], key.public).seq == 7
    for changed in (log[:6], [], a_log(9, salt=b"other")):
        with pytest.raises(LedgerBroken):
            vouch(CASE, changed, [signed], key.public)
    with pytest.raises(LedgerBroken):
        vouch(CASE, log, [msgspec.structs.replace(signed, signature="11" * 64)], key.public)


def test_nothing_is_concluded_from_a_key_nobody_named(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "theirs").mkdir()
    mine, theirs = a_key(tmp_path / "mine"), a_key(tmp_path / "theirs")
    vouched = vouch(CASE, a_log(2), [over(a_log(9), theirs)], mine.public)
    assert (vouched.seq, vouched.others) == (0, 1)
    assert vouch("c0000000000b2", [], [over(a_log(9), mine)], mine.public).seq == 0


async def test_each_days_heads_are_signed_once_and_only_what_changed(tmp_path: Path) -> None:
    store, key = MemoryStore(), a_key(tmp_path)
    stream = HouseStream(store, Randomness())
    assert await sign_heads(store, stream, key, day="2026-01-30") is None
    log = a_log(4)
    await store.append(CASE, log[:2], Patch("running", request="r", requester="k"))
    await stream.record(PasswordSet("park"))
    first = await sign_heads(store, stream, key, day="2026-01-30")
    assert first is not None
    assert [head.case_id for head in first.signed.statement.heads] == [HOUSE, CASE]
    assert await sign_heads(store, stream, key, day="2026-01-30") is None
    assert await sign_heads(store, stream, key, day="2026-01-31") is None, "nothing has happened since"
    await stream.record(PasswordSet("lee"))
    second = await sign_heads(store, stream, key, day="2026-01-31")
    assert second is not None
    assert [head.case_id for head in second.signed.statement.heads] == [HOUSE]
    facts = await store.read(HOUSE)
    signatures = signed_in_stream(facts)
    assert vouch(HOUSE, facts, signatures, key.public).seq == 4
    assert vouch(CASE, log[:2], signatures, key.public).seq == 2
    with pytest.raises(LedgerBroken):
        vouch(CASE, log[:1], signatures, key.public)


def test_a_signature_is_found_in_what_lies_beside(tmp_path: Path) -> None:
    signed = over(a_log(2), a_key(tmp_path))
    (tmp_path / "heads.json").write_bytes(msgspec.json.encode(signed))
    (tmp_path / "report.json").write_bytes(msgspec.json.encode({"request": "r", "signature": signed}))
    (tmp_path / "other.json").write_bytes(b'{"request": "r"}')
    (tmp_path / "none.json").write_bytes(b"\xff\x00")
    assert signed_beside(tmp_path / "heads.json") == signed_beside(tmp_path / "report.json") == [signed]
    assert signed_beside(tmp_path / "other.json") == signed_beside(tmp_path / "none.json") == []
