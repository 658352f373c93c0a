-- Collections, documents, readings and chunks. The index is a cache of these tables.

CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

-- `version` rises with each change of anything; `permissions` holds the version at which labels last changed.
INSERT INTO facts VALUES ('version', 0), ('permissions', 0);

CREATE TABLE collections (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    info BLOB NOT NULL
);

-- A collection and a set of labels: the documents that bear exactly these are searched, or not, together.
CREATE TABLE partitions (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    collection INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    labels BLOB NOT NULL
);

CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    document_id TEXT NOT NULL UNIQUE,
    collection INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    container TEXT NOT NULL,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    partition INTEGER NOT NULL REFERENCES partitions (id),
    reading TEXT NOT NULL,
    read_by TEXT NOT NULL,
    index_key TEXT NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (collection, path)
);

CREATE INDEX documents_by_digest ON documents (digest);
CREATE INDEX documents_by_reading ON documents (reading);
CREATE INDEX documents_by_container ON documents (container);

-- A reading's text lies in parts of its own, so that a passage is read without the rest.
CREATE TABLE readings (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    characters INTEGER NOT NULL,
    chunking TEXT NOT NULL,
    structure BLOB NOT NULL
);

CREATE TABLE reading_parts (
    reading INTEGER NOT NULL REFERENCES readings (id) ON DELETE CASCADE,
    part INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (reading, part)
);

CREATE TABLE chunks (
    reading INTEGER NOT NULL REFERENCES readings (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (reading, ordinal)
) WITHOUT ROWID;

-- A reading that a case cites is kept after its file has changed or gone, for those who hold its labels.
CREATE TABLE kept_readings (
    reading TEXT NOT NULL,
    kept_by TEXT NOT NULL,
    labels TEXT NOT NULL,
    PRIMARY KEY (reading, kept_by)
) WITHOUT ROWID;
