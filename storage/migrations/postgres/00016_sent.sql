-- +goose Up
-- Forms that were sent, by a key that each has of its own, and what they made:
-- what is sent twice is done once.
CREATE TABLE sent (
    key     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    made    TEXT COLLATE "C" NOT NULL,
    created BIGINT  NOT NULL
);
CREATE INDEX sent_created ON sent (created);
