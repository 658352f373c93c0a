-- What a person may choose for this library while it runs: `chunking`, how readings are cut, as JSON.

CREATE TABLE choices (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
