"""How bodies are taken out of the file for good, in the transaction that says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw

from jihwi.store.commits import emptied
from jihwi.store.sqlite.transaction import Append, Places, run

__all__ = ["erase"]

# A blob goes when no event and no case holds it any more.
_DROP_BLOBS = """
DELETE FROM blobs WHERE number = ? AND NOT EXISTS (SELECT 1 FROM blob_uses WHERE blob = blobs.number)"""


def erase(database: apsw.Connection, said: Append, seqs: Sequence[int], digests: Sequence[bytes]) -> None:
    """Append what is said of the erasure, then erase. Raises AppendConflict."""
    (answer,) = run(database, [said], Places())
    if answer is not None:
        raise answer
    case: int = database.execute("SELECT number FROM cases WHERE case_id = ?", (said.case_id,)).get
    loose: set[int] = set()
    for digest in digests:
        loose.update(number for (number,) in database.execute("SELECT number FROM blobs WHERE digest = ?", (digest,)))
    gone = frozenset(seqs)
    for seq in seqs:
        held = database.execute("SELECT blob FROM events WHERE case_number = ? AND seq = ?", (case, seq)).fetchone()
        if held is not None and held[0] is not None:
            loose.add(held[0])
        database.execute(
            "UPDATE events SET salt = NULL, body = NULL, blob = NULL WHERE case_number = ? AND seq = ?", (case, seq)
        )
    rows: list[Any] = database.execute(
        "SELECT seq, later FROM events WHERE case_number = ? AND later IS NOT NULL", (case,)
    ).fetchall()
    for first_seq, later in rows:
        rest = emptied(later, first_seq, gone)
        if rest is not None:
            database.execute("UPDATE events SET later = ? WHERE case_number = ? AND seq = ?", (rest, case, first_seq))
    kept = {blob for (blob,) in database.execute("SELECT DISTINCT blob FROM events WHERE case_number = ?", (case,))}
    for number in loose - kept:
        database.execute("DELETE FROM blob_uses WHERE case_number = ? AND blob = ?", (case, number))
        database.execute(_DROP_BLOBS, (number,))
    database.execute("DELETE FROM snapshots WHERE case_number = ?", (case,))
