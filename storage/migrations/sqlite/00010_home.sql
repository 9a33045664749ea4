-- +goose Up
-- A browser in which someone is signed in. Hash is of the secret in its cookie.
CREATE TABLE session (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    member_id INTEGER NOT NULL REFERENCES member (id),
    hash      BLOB    NOT NULL UNIQUE,
    agent     TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    proven    INTEGER NOT NULL -- when it was last shown who it is
);
CREATE INDEX session_member ON session (member_id, id);

-- Addresses that sign a member in, once.
CREATE TABLE sign_in (
    hash      BLOB    NOT NULL PRIMARY KEY,
    member_id INTEGER NOT NULL REFERENCES member (id),
    created   INTEGER NOT NULL,
    expires   INTEGER NOT NULL
);
CREATE INDEX sign_in_member ON sign_in (member_id);
CREATE INDEX sign_in_expires ON sign_in (expires);

-- Mail on its way to one person, and what became of it. Args fill its words.
CREATE TABLE letter (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    kind          TEXT    NOT NULL,
    address       TEXT    NOT NULL, -- of e-mail
    lang          TEXT    NOT NULL,
    member_id     INTEGER NOT NULL,
    guest_id      INTEGER NOT NULL,
    conference_id INTEGER NOT NULL,
    args          TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    next_try      INTEGER NOT NULL,
    last_error    TEXT    NOT NULL DEFAULT '',
    created       INTEGER NOT NULL,
    sent          INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX letter_due ON letter (next_try, id) WHERE state = 'waiting';
CREATE INDEX letter_guest ON letter (guest_id, id) WHERE guest_id <> 0;
CREATE INDEX letter_conference ON letter (conference_id, id) WHERE conference_id <> 0;
CREATE INDEX letter_member ON letter (member_id, id) WHERE member_id <> 0;

-- What stewards did, for ever.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    by_name TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    object  TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    details TEXT    NOT NULL,
    created INTEGER NOT NULL
);
CREATE INDEX audit_object ON audit (object, id);
CREATE INDEX audit_action ON audit (action, id);

-- How the city wants itself to be.
ALTER TABLE city ADD COLUMN settings TEXT NOT NULL DEFAULT '';

-- What guests are asked, how long an offered seat is kept for them, whether they
-- are asked again shortly before, and what helps people to come.
ALTER TABLE conference ADD COLUMN questions   TEXT    NOT NULL DEFAULT '';
ALTER TABLE conference ADD COLUMN offer_hours INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conference ADD COLUMN reconfirm   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conference ADD COLUMN access      TEXT    NOT NULL DEFAULT '';

ALTER TABLE guest ADD COLUMN answers     TEXT    NOT NULL DEFAULT '';
ALTER TABLE guest ADD COLUMN shown       TEXT    NOT NULL DEFAULT '';
ALTER TABLE guest ADD COLUMN expires     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE guest ADD COLUMN asked       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE guest ADD COLUMN reconfirmed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE guest ADD COLUMN checked_in  INTEGER NOT NULL DEFAULT 0;
CREATE INDEX guest_expires ON guest (expires) WHERE expires > 0;
CREATE INDEX guest_email ON guest (email, conference_id) WHERE email <> '';
