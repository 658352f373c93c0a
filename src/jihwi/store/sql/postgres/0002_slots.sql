-- Places of which a name has only so many. A row lives as long as the lease it belongs to: the case with this epoch and
-- an until_ms that has not passed.

CREATE TABLE jihwi.slots (
    number      bigint GENERATED ALWAYS AS IDENTITY,
    name        text COLLATE "C" NOT NULL,
    case_number bigint NOT NULL,
    epoch       bigint NOT NULL,
    place       text COLLATE "C" NOT NULL,
    taken       boolean NOT NULL DEFAULT false,
    PRIMARY KEY (name, case_number, place)
);
