-- Cases, their events, the blobs they share, and cached states. Every name is qualified, so that a pooler between us
-- and the server may hand each statement to another session.

CREATE TABLE jihwi.cases (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id     text COLLATE "C" NOT NULL UNIQUE,
    status      text NOT NULL,
    request     text NOT NULL,
    requester   text NOT NULL,
    opened_ms   bigint NOT NULL,
    changed_ms  bigint NOT NULL,
    seq         integer NOT NULL,
    head        bytea NOT NULL,
    wake_at_ms  bigint NOT NULL,
    waits_for   integer NOT NULL,
    team        text NOT NULL,
    parent      text NOT NULL,
    runner      text NOT NULL DEFAULT '',
    epoch       bigint NOT NULL DEFAULT 0,
    until_ms    bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

-- Only what may have work is indexed, and nothing that every append changes: such an update stays in its page.
CREATE INDEX cases_running ON jihwi.cases (number) WHERE status = 'running';
CREATE INDEX cases_waking ON jihwi.cases (wake_at_ms) WHERE wake_at_ms > 0;

-- An erased body has neither salt, body nor blob. A long body lies in blobs.
CREATE TABLE jihwi.events (
    case_number bigint NOT NULL,
    seq         integer NOT NULL,
    header      bytea NOT NULL,
    salt        bytea,
    body        bytea,
    head        bytea NOT NULL,
    blob        bytea,
    PRIMARY KEY (case_number, seq)
);

CREATE TABLE jihwi.blobs (
    digest      bytea PRIMARY KEY,
    data        bytea NOT NULL
);

-- Which cases point to a blob, so that erasing one case's text never takes another's.
CREATE TABLE jihwi.blob_uses (
    case_number bigint NOT NULL,
    digest      bytea NOT NULL,
    PRIMARY KEY (case_number, digest)
);

CREATE INDEX blob_uses_by_digest ON jihwi.blob_uses (digest);

CREATE TABLE jihwi.snapshots (
    case_number bigint PRIMARY KEY,
    seq         integer NOT NULL,
    data        bytea NOT NULL
);

-- Rises with every append: what a waiting process looks at when no notification reaches it.
CREATE SEQUENCE jihwi.changes;
