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

-- How a guest answered, with which object of theirs, and in which language.
ALTER TABLE guest ADD COLUMN via        TEXT NOT NULL DEFAULT '';
ALTER TABLE guest ADD COLUMN answer_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE guest ADD COLUMN lang       TEXT NOT NULL DEFAULT '';
CREATE INDEX guest_answer ON guest (answer_uri) WHERE answer_uri <> '';

-- What a post of kind "poll" asks, and what it said last. Due is when it is
-- looked at again; 0 once it is closed.
CREATE TABLE poll (
    post_id       INTEGER NOT NULL PRIMARY KEY REFERENCES post (id) ON DELETE CASCADE,
    conference_id INTEGER NOT NULL,
    options       TEXT NOT NULL,
    ends          INTEGER NOT NULL,
    closed        INTEGER NOT NULL,
    going         INTEGER NOT NULL,
    maybe         INTEGER NOT NULL,
    away          INTEGER NOT NULL,
    told          INTEGER NOT NULL,
    due           INTEGER NOT NULL
);
CREATE UNIQUE INDEX poll_conference ON poll (conference_id);
CREATE INDEX poll_due ON poll (due) WHERE due > 0;
