-- +goose Up
-- A word to a member about something of theirs. Subject is the address of what it
-- is about: of the same kind about the same, only one is unread.
CREATE TABLE notice (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    member_id INTEGER NOT NULL REFERENCES member (id),
    kind      TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    args      TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    read      INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX notice_member ON notice (member_id, created, id);
CREATE INDEX notice_unread ON notice (member_id, kind, subject) WHERE read = 0;
CREATE INDEX notice_created ON notice (created);

-- Joins of members that the server of the conference has not answered: since
-- when, and when to ask again or give up.
CREATE TABLE asking (
    guest_id INTEGER NOT NULL PRIMARY KEY REFERENCES guest (id) ON DELETE CASCADE,
    asked    INTEGER NOT NULL,
    tries    INTEGER NOT NULL,
    next_try INTEGER NOT NULL
);
CREATE INDEX asking_next ON asking (next_try, guest_id);

-- Addresses that show a member what is theirs, to whoever knows one.
CREATE TABLE private_link (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    member_id INTEGER NOT NULL REFERENCES member (id),
    name      TEXT    NOT NULL,
    hash      BLOB    NOT NULL UNIQUE,
    suggests  INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    last_used INTEGER NOT NULL DEFAULT 0,
    revoked   INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX private_link_member ON private_link (member_id, id);

-- Members who visit another city. Days are their first instant in UTC.
CREATE TABLE stay (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    member_id INTEGER NOT NULL REFERENCES member (id),
    actor_id  INTEGER NOT NULL REFERENCES actor (id),
    from_day  INTEGER NOT NULL,
    to_day    INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    visible   INTEGER NOT NULL,
    uri       TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    next_read INTEGER NOT NULL
);
CREATE INDEX stay_member ON stay (member_id, from_day, id);
CREATE INDEX stay_read ON stay (next_read, id);

-- People of other cities who told us that they come.
CREATE TABLE arrival (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    actor_id INTEGER NOT NULL REFERENCES actor (id),
    uri      TEXT    NOT NULL UNIQUE,
    home     TEXT    NOT NULL,
    from_day INTEGER NOT NULL,
    to_day   INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    created  INTEGER NOT NULL
);
CREATE INDEX arrival_actor ON arrival (actor_id);
CREATE INDEX arrival_to ON arrival (to_day, id);

-- Accounts move in (other accounts of the same person) and out (where they live
-- now, and when they last moved, which bounds how often they may).
ALTER TABLE member ADD COLUMN also_known_as TEXT    NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN moved_to      TEXT    NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN moved         INTEGER NOT NULL DEFAULT 0;
ALTER TABLE actor  ADD COLUMN moved         INTEGER NOT NULL DEFAULT 0;
