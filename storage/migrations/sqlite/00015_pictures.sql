-- +goose Up
-- Pictures that people uploaded, written anew. They are in the database with
-- everything else: one backup has all, several processes see the same, and a
-- picture is there exactly if what shows it is.
CREATE TABLE media (
    id         TEXT NOT NULL PRIMARY KEY, -- a hash of what is seen
    media_type TEXT NOT NULL,
    width      INTEGER NOT NULL,
    height     INTEGER NOT NULL,
    blurhash   TEXT NOT NULL,
    bytes      INTEGER NOT NULL,
    by_name    TEXT NOT NULL,
    created    INTEGER NOT NULL
);
CREATE INDEX media_by ON media (by_name, created);
CREATE INDEX media_created ON media (created);

CREATE TABLE media_file (
    name       TEXT NOT NULL PRIMARY KEY, -- the last part of its address
    media_id   TEXT NOT NULL REFERENCES media (id) ON DELETE CASCADE,
    media_type TEXT NOT NULL,
    width      INTEGER NOT NULL,
    height     INTEGER NOT NULL,
    data       BLOB NOT NULL
);
CREATE INDEX media_file_media ON media_file (media_id);

-- What was noted at the door. Rows are only added: when a guest came follows from
-- all of them, whatever order they arrive in.
CREATE TABLE door_mark (
    guest_id INTEGER NOT NULL REFERENCES guest (id) ON DELETE CASCADE,
    at       INTEGER NOT NULL,
    undo     INTEGER NOT NULL,
    by_name  TEXT NOT NULL,
    PRIMARY KEY (guest_id, at, undo)
);

CREATE TABLE walk_in (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    conference_id INTEGER NOT NULL REFERENCES conference (id) ON DELETE CASCADE,
    door_key      TEXT NOT NULL,
    name          TEXT NOT NULL,
    plus          INTEGER NOT NULL,
    arrived       INTEGER NOT NULL,
    gone          INTEGER NOT NULL,
    by_name       TEXT NOT NULL,
    UNIQUE (conference_id, door_key)
);
