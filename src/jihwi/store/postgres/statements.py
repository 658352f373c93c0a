"""The statements of the Postgres store. Each is whole by itself: what must happen together is one statement."""

from __future__ import annotations

from typing import LiteralString

__all__ = [
    "APPEND",
    "BLOBS_OF",
    "CLAIM_CASE",
    "CLAIM_WORK",
    "DROP_BLOBS",
    "EMPTY_LATER",
    "ERASE",
    "EVENTS",
    "GONE_ON",
    "HOLD_BLOBS",
    "KEEP_BLOBS",
    "KEEP_SNAPSHOT",
    "LATER",
    "LEASE",
    "LONE_ROWS",
    "MOVE",
    "NOW",
    "RELEASE",
    "RENEW",
    "ROW",
    "SLOTS_TAKEN",
    "SLOT_FREE",
    "SLOT_STANDING",
    "SLOT_TAKE",
    "SNAPSHOT",
    "TELL",
    "lone_append",
]

NOW: LiteralString = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

# One statement a batch, one JSON parameter for the appends and one for their events. FOR UPDATE shows each case as the
# last committed append left it, also one that finished while we waited; the order keeps two batches from waiting for
# each other. (The ARRAY has the index asked; with a plain subquery every case was read.) What does not fit leaves
# nothing behind and is told apart by what the fence saw.
APPEND: LiteralString = f"""
WITH asked AS MATERIALIZED (
    SELECT n, case_id, first_seq, last_seq, decode(previous, 'base64') AS previous, decode(head, 'base64') AS head,
        epoch, opened_ms, changed_ms, status, wake_at_ms, waits_for, request, requester, team, parent, taker, taker_ms,
        let_go
    FROM json_to_recordset(%s) AS a(n integer, case_id text, first_seq integer, last_seq integer, previous text,
        head text, epoch bigint, opened_ms bigint, changed_ms bigint, status text, wake_at_ms bigint,
        waits_for integer, request text, requester text, team text, parent text, taker text, taker_ms bigint,
        let_go boolean)
), locked AS MATERIALIZED (
    SELECT c.number, c.case_id, c.seq, c.head, c.epoch FROM jihwi.cases c
    WHERE c.case_id = ANY (ARRAY(SELECT case_id FROM asked)) ORDER BY c.case_id FOR UPDATE
), fit AS MATERIALIZED (
    SELECT a.*, l.number FROM asked a JOIN locked l USING (case_id)
    WHERE l.seq = a.first_seq - 1 AND l.head = a.previous AND (a.epoch IS NULL OR a.epoch = l.epoch)
), moved AS (
    UPDATE jihwi.cases c SET changed_ms = f.changed_ms, seq = f.last_seq, head = f.head, status = f.status,
        wake_at_ms = f.wake_at_ms, waits_for = f.waits_for, request = coalesce(f.request, c.request),
        requester = coalesce(f.requester, c.requester), team = coalesce(f.team, c.team),
        parent = coalesce(f.parent, c.parent), until_ms = CASE WHEN f.let_go THEN 0 ELSE c.until_ms END,
        runner = CASE WHEN f.let_go THEN '' ELSE c.runner END
    FROM fit f WHERE c.number = f.number RETURNING f.n, c.number
), opened AS (
    INSERT INTO jihwi.cases (case_id, status, request, requester, opened_ms, changed_ms, seq, head, wake_at_ms,
        waits_for, team, parent, runner, epoch, until_ms)
    SELECT case_id, status, coalesce(request, ''), coalesce(requester, ''), opened_ms, changed_ms, last_seq, head,
        wake_at_ms, waits_for, coalesce(team, ''), coalesce(parent, ''), coalesce(taker, ''),
        CASE WHEN taker IS NULL THEN 0 ELSE 1 END, CASE WHEN taker IS NULL THEN 0 ELSE {NOW} + taker_ms END
    FROM asked a
    WHERE a.first_seq = 1 AND a.epoch IS NULL AND a.previous = decode(repeat('00', 32), 'hex')
        AND NOT EXISTS (SELECT FROM locked l WHERE l.case_id = a.case_id)
    ON CONFLICT (case_id) DO NOTHING RETURNING case_id, number
), done AS MATERIALIZED (
    SELECT n, number FROM moved UNION ALL SELECT a.n, o.number FROM opened o JOIN asked a USING (case_id)
), written AS (
    INSERT INTO jihwi.events (case_number, seq, header, salt, body, head, later, blob)
    SELECT d.number, e.seq, decode(e.header, 'base64'), decode(e.salt, 'base64'), decode(e.body, 'base64'),
        decode(e.head, 'base64'), decode(e.later, 'base64'), decode(e.blob, 'base64')
    FROM json_to_recordset(%s) AS e(n integer, seq integer, header text, salt text, body text, head text, later text,
        blob text)
    JOIN done d USING (n)
)
SELECT a.n, d.number, a.epoch IS NOT NULL AND l.epoch IS DISTINCT FROM a.epoch, nextval('jihwi.changes')
FROM asked a LEFT JOIN locked l USING (case_id) LEFT JOIN done d USING (n)"""

# The same for appends of cases that are there already and whose texts stay, without JSON: each parameter is a column of
# values, and one guarded UPDATE moves all that fit. When somebody else is just moving a case, the server waits for them
# and looks at the guard again. Answered is what was moved; why the rest does not fit, `APPEND` is asked then.
MOVE: LiteralString = """
WITH moved AS (
    UPDATE jihwi.cases c SET changed_ms = a.changed_ms, seq = a.last_seq, head = a.head, status = a.status,
        wake_at_ms = a.wake_at_ms, waits_for = a.waits_for, until_ms = CASE WHEN a.let_go THEN 0 ELSE c.until_ms END,
        runner = CASE WHEN a.let_go THEN '' ELSE c.runner END
    FROM unnest(%b::integer[], %b::text[], %b::integer[], %b::bytea[], %b::bigint[], %b::bigint[], %b::integer[],
        %b::bytea[], %b::text[], %b::bigint[], %b::integer[], %b::boolean[])
        AS a(n, case_id, first_seq, previous, epoch, changed_ms, last_seq, head, status, wake_at_ms, waits_for, let_go)
    WHERE c.case_id = a.case_id AND c.seq = a.first_seq - 1 AND c.head = a.previous
        AND (a.epoch < 0 OR c.epoch = a.epoch)
    RETURNING a.n, c.number
), written AS (
    INSERT INTO jihwi.events (case_number, seq, header, salt, body, head, later)
    SELECT m.number, e.seq, e.header, e.salt, e.body, e.head, e.later
    FROM unnest(%b::integer[], %b::integer[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[])
        AS e(n, seq, header, salt, body, head, later)
    JOIN moved m USING (n)
)
SELECT array_agg(n), nextval('jihwi.changes') FROM moved"""

LONE_ROWS = 3
"""An append of more rows than this goes the general way."""


def lone_append(rows: int, let_go: bool) -> LiteralString:
    """The same for one append of one case that is there already, without JSON and with a plan of three nodes: half the
    server's work. It says nothing of why an append does not fit; `APPEND` is asked then."""
    return _LONE[rows, let_go]


_LONE_ROW: LiteralString = "(%s::integer, %b::bytea, %b::bytea, %b::bytea, %b::bytea, %b::bytea)"
_LONE_BEGINNING: LiteralString = """
WITH moved AS (
    UPDATE jihwi.cases SET changed_ms = %s, seq = %s, head = %b, status = %s, wake_at_ms = %s, waits_for = %s"""
_LONE_MIDDLE: LiteralString = """
    WHERE case_id = %s AND seq = %s AND head = %b AND epoch = coalesce(%s::bigint, epoch) RETURNING number
), written AS (
    INSERT INTO jihwi.events (case_number, seq, header, salt, body, head, later)
    SELECT m.number, e.seq, e.header, e.salt, e.body, e.head, e.later FROM moved m, (VALUES """
_LONE_END: LiteralString = """) AS e(seq, header, salt, body, head, later)
)
SELECT number, nextval('jihwi.changes') FROM moved"""
_LET_GO: LiteralString = ", until_ms = 0, runner = ''"
_LONE: dict[tuple[int, bool], LiteralString] = {
    (rows, let_go): _LONE_BEGINNING
    + (_LET_GO if let_go else "")
    + _LONE_MIDDLE
    + ", ".join([_LONE_ROW] * rows)
    + _LONE_END
    for rows in range(1, LONE_ROWS + 1)
    for let_go in (False, True)
}

GONE_ON: LiteralString = """
SELECT c.case_id FROM unnest(%s::text[], %s::bigint[]) AS asked (case_id, seq) JOIN jihwi.cases c USING (case_id)
WHERE c.seq > asked.seq"""

KEEP_BLOBS: LiteralString = """
WITH given AS MATERIALIZED (
    SELECT DISTINCT decode(digest, 'base64') AS digest, data, number
    FROM json_to_recordset(%s) AS b(digest text, data text, number bigint)
), used AS (
    INSERT INTO jihwi.blob_uses (digest, case_number) SELECT digest, number FROM given ORDER BY 1, 2
    ON CONFLICT DO NOTHING
)
INSERT INTO jihwi.blobs (digest, data)
SELECT DISTINCT ON (digest) digest, decode(data, 'base64') FROM given ORDER BY digest
ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest"""

BLOBS_OF: LiteralString = """
SELECT u.digest FROM jihwi.blob_uses u JOIN jihwi.cases c ON c.number = u.case_number
WHERE c.case_id = %s ORDER BY u.digest"""

# The case is locked by the append before it, in the same transaction.
ERASE: LiteralString = """
WITH given AS MATERIALIZED (SELECT number FROM jihwi.cases WHERE case_id = %(case_id)s
), loose AS MATERIALIZED (
    SELECT blob AS digest FROM jihwi.events e, given
    WHERE e.case_number = given.number AND e.seq = ANY (%(seqs)s) AND blob IS NOT NULL
    UNION SELECT unnest(%(digests)s::bytea[])
), erased AS (
    UPDATE jihwi.events e SET salt = NULL, body = NULL, blob = NULL FROM given
    WHERE e.case_number = given.number AND e.seq = ANY (%(seqs)s)
), cached AS (
    DELETE FROM jihwi.snapshots s USING given WHERE s.case_number = given.number
)
DELETE FROM jihwi.blob_uses u USING given, loose
WHERE u.case_number = given.number AND u.digest = loose.digest AND NOT EXISTS (
    SELECT FROM jihwi.events e
    WHERE e.case_number = given.number AND e.blob = u.digest AND NOT e.seq = ANY (%(seqs)s)
) RETURNING u.digest"""

# First the blobs are held, then, in a statement that sees what was committed until then, those go that nobody uses:
# else one would be lost that another session was just beginning to use.
HOLD_BLOBS: LiteralString = "SELECT FROM jihwi.blobs WHERE digest = ANY (%s) ORDER BY digest FOR UPDATE"

DROP_BLOBS: LiteralString = """
DELETE FROM jihwi.blobs b
WHERE b.digest = ANY (%s) AND NOT EXISTS (SELECT FROM jihwi.blob_uses u WHERE u.digest = b.digest)"""

LATER: LiteralString = """
SELECT e.case_number, e.seq, e.later FROM jihwi.events e JOIN jihwi.cases c ON c.number = e.case_number
WHERE c.case_id = %(case_id)s AND e.later IS NOT NULL"""

EMPTY_LATER: LiteralString = "UPDATE jihwi.events SET later = %b WHERE case_number = %s AND seq = %s"

_TAKE: LiteralString = f"""
UPDATE jihwi.cases c SET runner = %(runner)s, epoch = c.epoch + 1, until_ms = {NOW} + %(lease_ms)s
FROM found WHERE c.number = found.number RETURNING c.case_id, c.runner, c.epoch, c.until_ms"""

CLAIM_WORK: LiteralString = f"""
WITH found AS MATERIALIZED (
    SELECT number FROM jihwi.cases
    WHERE (status = 'running' OR (wake_at_ms > 0 AND wake_at_ms <= {NOW})) AND until_ms <= {NOW}
        AND case_id <> ALL (%(besides)s::text[])
    ORDER BY changed_ms, case_id LIMIT 1 FOR UPDATE SKIP LOCKED
) {_TAKE}"""

CLAIM_CASE: LiteralString = f"""
WITH found AS MATERIALIZED (
    SELECT number FROM jihwi.cases WHERE case_id = %(case_id)s AND until_ms <= {NOW} FOR UPDATE
) {_TAKE}"""

LEASE: LiteralString = f"""
SELECT case_id, runner, epoch, until_ms FROM jihwi.cases WHERE case_id = %s AND until_ms > {NOW}"""

# Holding on and letting go need not survive lost power: at worst the lease lasts as it did before.
RENEW: LiteralString = f"""
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
UPDATE jihwi.cases c SET until_ms = {NOW} + %(lease_ms)s
FROM relaxed WHERE c.case_id = %(case_id)s AND c.epoch = %(epoch)s AND c.until_ms > 0 RETURNING c.until_ms"""

# News too may be lost with the power: nobody is left to hear it.
TELL: LiteralString = """
SELECT pg_notify('jihwi', %s) FROM (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed"""

RELEASE: LiteralString = """
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
UPDATE jihwi.cases c SET until_ms = 0, runner = ''
FROM relaxed WHERE c.case_id = %(case_id)s AND c.epoch = %(epoch)s"""

ROW: LiteralString = """
SELECT case_id, status, request, requester, opened_ms, changed_ms, seq, head, wake_at_ms, waits_for, team, parent
FROM jihwi.cases"""

EVENTS: LiteralString = """
SELECT e.seq, e.header, e.salt, coalesce(e.body, b.data), e.head, e.later
FROM jihwi.events e LEFT JOIN jihwi.blobs b ON b.digest = e.blob, jihwi.cases c
WHERE c.case_id = %(case_id)s AND e.case_number = c.number AND e.seq >= coalesce(
    (SELECT max(seq) FROM jihwi.events WHERE case_number = c.number AND seq <= %(after)s + 1), 0)
ORDER BY e.seq LIMIT %(rows)s"""

SNAPSHOT: LiteralString = """
SELECT s.seq, s.data FROM jihwi.snapshots s JOIN jihwi.cases c ON c.number = s.case_number WHERE c.case_id = %s"""

KEEP_SNAPSHOT: LiteralString = """
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO jihwi.snapshots AS s (case_number, seq, data)
SELECT c.number, %(seq)s, %(data)s FROM relaxed, jihwi.cases c WHERE c.case_id = %(case_id)s
ON CONFLICT (case_number) DO UPDATE SET seq = excluded.seq, data = excluded.data WHERE s.seq <= excluded.seq"""


# ── places under a limit ─────────────────────────────────────────────────────

_LIVING: LiteralString = f"""
    SELECT FROM jihwi.cases c WHERE c.number = s.case_number AND c.epoch = s.epoch AND c.until_ms > {NOW}"""
_CASE: LiteralString = "(SELECT number FROM jihwi.cases WHERE case_id = %(case_id)s)"
_MINE: LiteralString = f"name = %(name)s AND case_number = {_CASE} AND place = %(place)s AND epoch = %(epoch)s"
_BEFORE: LiteralString = f"""
    SELECT count(*) FROM jihwi.slots s
    WHERE s.name = %(name)s AND (s.taken OR s.number < m.number) AND s.number <> m.number AND EXISTS ({_LIVING})"""

# Several statements that are sent as one, so that the server ends them though their sender freezes. The lock comes
# first, in a statement of its own: what follows sees all that the one before us did. Like a lease, a place need not
# survive lost power.
SLOT_TAKE: LiteralString = f"""
SELECT set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock(hashtextextended('jihwi ' || %(name)s, 0));
DELETE FROM jihwi.slots s WHERE s.name = %(name)s AND NOT EXISTS ({_LIVING});
INSERT INTO jihwi.slots (name, case_number, epoch, place)
SELECT %(name)s, number, epoch, %(place)s FROM jihwi.cases
WHERE case_id = %(case_id)s AND epoch = %(epoch)s AND until_ms > {NOW} ON CONFLICT DO NOTHING;
UPDATE jihwi.slots m SET taken = true WHERE {_MINE} AND NOT taken AND ({_BEFORE}) < %(limit)s;
SELECT taken FROM jihwi.slots WHERE {_MINE}"""

SLOT_STANDING: LiteralString = f"""
SELECT m.taken, ({_BEFORE}) FROM jihwi.slots m WHERE {_MINE}"""

SLOT_FREE: LiteralString = f"""
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
DELETE FROM jihwi.slots USING relaxed WHERE {_MINE}"""

SLOTS_TAKEN: LiteralString = f"""
SELECT count(*) FROM jihwi.slots s WHERE s.name = %(name)s AND s.taken AND EXISTS ({_LIVING})"""

BEGIN_MOMENT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
MOMENT = "SELECT set_config('idle_in_transaction_session_timeout', '0', true)"
"""The first statement, whose moment it is; copying may take long between two of them."""
