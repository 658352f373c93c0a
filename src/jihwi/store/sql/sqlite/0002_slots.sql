-- Places of which a name has only so many. A row lives as long as the lease it belongs to: the case with this epoch and
-- an until_ms that has not passed. No index: there are as many rows as places and cases in line, which is few.

CREATE TABLE slots (
    number      INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    case_number INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,
    place       TEXT NOT NULL,
    taken       INTEGER NOT NULL DEFAULT 0
);
