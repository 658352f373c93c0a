-- Cases, their events, the blobs they share, and cached states.
-- A rowid table with an integer key of the case was measured smaller (7.3 against 11 KB a case) and a quarter cheaper
-- than WITHOUT ROWID: rows over about 1 KB spill to overflow pages there.

CREATE TABLE cases (
    number      INTEGER PRIMARY KEY,
    case_id     TEXT NOT NULL UNIQUE,
    status      TEXT NOT NULL,
    request     TEXT NOT NULL,
    requester   TEXT NOT NULL,
    opened_ms   INTEGER NOT NULL,
    changed_ms  INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    head        BLOB NOT NULL,
    wake_at_ms  INTEGER NOT NULL,
    waits_for   INTEGER NOT NULL,
    team        TEXT NOT NULL,
    parent      TEXT NOT NULL,
    runner      TEXT NOT NULL DEFAULT '',
    epoch       INTEGER NOT NULL DEFAULT 0,
    until_ms    INTEGER NOT NULL DEFAULT 0
);

-- Only what may have work is indexed: a waiting or finished case costs nothing here.
CREATE INDEX cases_running ON cases (number) WHERE status = 'running';
CREATE INDEX cases_waking ON cases (wake_at_ms) WHERE wake_at_ms > 0;

-- An erased body has neither salt, body nor blob. A long body lies in blobs.
CREATE TABLE events (
    case_number INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    header      BLOB NOT NULL,
    salt        BLOB,
    body        BLOB,
    head        BLOB NOT NULL,
    blob        INTEGER,
    PRIMARY KEY (case_number, seq)
);

CREATE TABLE blobs (
    number      INTEGER PRIMARY KEY,
    digest      BLOB NOT NULL UNIQUE,
    data        BLOB NOT NULL
);

-- Which cases point to a blob, so that erasing one case's text never takes another's.
CREATE TABLE blob_uses (
    case_number INTEGER NOT NULL,
    blob        INTEGER NOT NULL,
    PRIMARY KEY (case_number, blob)
) WITHOUT ROWID;

CREATE INDEX blob_uses_by_blob ON blob_uses (blob);

CREATE TABLE snapshots (
    case_number INTEGER PRIMARY KEY,
    seq         INTEGER NOT NULL,
    data        BLOB NOT NULL
);
