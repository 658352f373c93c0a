-- What a case cites is followed: the file it stood in, what that bore, and with which present reading of the file the
-- case was last compared. `checked` is empty for a file that was gone.

CREATE TABLE jihwi.kept_sources (
    kept_by text COLLATE "C" NOT NULL,
    document_id text COLLATE "C" NOT NULL,
    reading text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    labels text COLLATE "C" NOT NULL,
    checked text COLLATE "C" NOT NULL,
    PRIMARY KEY (kept_by, document_id, reading)
);

CREATE INDEX kept_sources_by_document ON jihwi.kept_sources (document_id);

INSERT INTO jihwi.kept_sources
SELECT kept_by, document_id, kept_readings.reading, digest, path, '', labels, kept_readings.reading
FROM jihwi.kept_readings JOIN jihwi.documents ON documents.reading = kept_readings.reading;
