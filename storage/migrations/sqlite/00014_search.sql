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
ALTER TABLE conference DROP COLUMN search;
