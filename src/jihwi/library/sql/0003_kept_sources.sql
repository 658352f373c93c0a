-- What a case cites is followed: the file it stood in, what that bore, and with which present reading of the file the
-- case was last compared. `checked` is empty for a file that was gone.

CREATE TABLE kept_sources (
    kept_by TEXT NOT NULL,
    document_id TEXT NOT NULL,
    reading TEXT NOT NULL,
    digest TEXT NOT NULL,
    path TEXT NOT NULL,
    title TEXT NOT NULL,
    labels TEXT NOT NULL,
    checked TEXT NOT NULL,
    PRIMARY KEY (kept_by, document_id, reading)
) WITHOUT ROWID;

CREATE INDEX kept_sources_by_document ON kept_sources (document_id);

INSERT INTO kept_sources
SELECT kept_by, document_id, kept_readings.reading, digest, path, '', labels, kept_readings.reading
FROM kept_readings JOIN documents ON documents.reading = kept_readings.reading;
