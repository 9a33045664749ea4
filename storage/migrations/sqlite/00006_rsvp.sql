-- +goose Up
-- What the city said to one person elsewhere, so that it says nothing twice and
-- not too much. State is what it was about, in a word.
CREATE TABLE message (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    actor_id      INTEGER NOT NULL,
    conference_id INTEGER NOT NULL, -- or 0
    post_id       INTEGER NOT NULL,
    state         TEXT    NOT NULL,
    created       INTEGER NOT NULL
);
CREATE INDEX message_actor ON message (actor_id, conference_id, id);
CREATE INDEX message_post ON message (post_id);
