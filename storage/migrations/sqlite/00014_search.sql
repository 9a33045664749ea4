-- +goose Up
-- The words of conferences and posts, folded by package lookup. What is under which
-- rowid is in search_key; rowids go by shelf and time (see storage/search.go).
CREATE VIRTUAL TABLE search_words USING fts5 (title, rest, title_latin, rest_latin, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2', prefix='2 3');
CREATE TABLE search_key (
    kind TEXT    NOT NULL,
    ref  INTEGER NOT NULL,
    key  INTEGER NOT NULL,
    PRIMARY KEY (kind, ref)
) WITHOUT ROWID;

-- What is to be read again.
CREATE TABLE search_todo (
    kind TEXT    NOT NULL,
    ref  INTEGER NOT NULL,
    PRIMARY KEY (kind, ref)
) WITHOUT ROWID;
INSERT INTO search_todo (kind, ref) SELECT 'conference', id FROM conference;
INSERT INTO search_todo (kind, ref) SELECT 'post', id FROM post WHERE uri = '' OR announced > 0;

-- What changed of a conference after it was published.
CREATE TABLE conference_change (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    conference_id INTEGER NOT NULL REFERENCES conference (id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL,
    was           TEXT    NOT NULL,
    becomes       TEXT    NOT NULL,
    at            INTEGER NOT NULL
);
CREATE INDEX conference_change_of ON conference_change (conference_id, id);
ALTER TABLE conference DROP COLUMN search;
