-- A document above open that is gone: the class it had last. Cases may hold its text still.

CREATE TABLE gone_classes (
    document_id TEXT PRIMARY KEY,
    class TEXT NOT NULL
) WITHOUT ROWID;
