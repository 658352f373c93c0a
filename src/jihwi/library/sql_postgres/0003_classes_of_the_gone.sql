-- A document above open that is gone: the class it had last. Cases may hold its text still.

CREATE TABLE jihwi.gone_classes (
    document_id text COLLATE "C" PRIMARY KEY,
    class text NOT NULL
);
