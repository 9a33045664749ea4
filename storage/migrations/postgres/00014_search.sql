-- +goose Up
-- The words of conferences and posts, folded by package lookup: A of titles, B of
-- the rest, C and D the same in Latin. Keys go by shelf and time (see storage/search.go).
CREATE TABLE search_words (
    key   BIGINT   NOT NULL PRIMARY KEY,
    words TSVECTOR NOT NULL
);
CREATE INDEX search_words_words ON search_words USING gin (words);
CREATE TABLE search_key (
    kind TEXT   COLLATE "C" NOT NULL,
    ref  BIGINT NOT NULL,
    key  BIGINT NOT NULL,
    PRIMARY KEY (kind, ref)
);

-- What is to be read again.
CREATE TABLE search_todo (
    kind TEXT   COLLATE "C" NOT NULL,
    ref  BIGINT NOT NULL,
    PRIMARY KEY (kind, ref)
);
INSERT INTO search_todo (kind, ref) SELECT 'conference', id FROM conference;
INSERT INTO search_todo (kind, ref) SELECT 'post', id FROM post WHERE uri = '' OR announced > 0;
ALTER TABLE conference DROP COLUMN search;
