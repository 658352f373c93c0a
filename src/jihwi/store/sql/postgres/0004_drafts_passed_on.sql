-- What models are writing, on its way to who follows a case from another process: rows that live some seconds and that
-- nobody misses. Unlogged: they reach no log and no replica, and are gone after a crash.
-- (A notification would be heard by every role of the database.)

CREATE UNLOGGED TABLE jihwi.drafts (
    case_id     text COLLATE "C" NOT NULL,
    sender      text COLLATE "C" NOT NULL,
    number      bigint NOT NULL,
    message     bytea NOT NULL,
    at_ms       bigint NOT NULL,
    PRIMARY KEY (case_id, sender, number)
);

-- Who follows which case, and until when if they do not say so again. Where nobody does, no draft is written.
CREATE UNLOGGED TABLE jihwi.followers (
    follower    text COLLATE "C" NOT NULL,
    case_id     text COLLATE "C" NOT NULL,
    until_ms    bigint NOT NULL,
    PRIMARY KEY (follower, case_id)
);
