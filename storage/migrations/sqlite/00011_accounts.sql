-- +goose Up
-- What members prove who they are with. Hash is in PHC string form.
CREATE TABLE password (
    member_id INTEGER NOT NULL PRIMARY KEY REFERENCES member (id),
    hash      TEXT    NOT NULL,
    changed   INTEGER NOT NULL
);

CREATE TABLE passkey (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    member_id  INTEGER NOT NULL REFERENCES member (id),
    credential BLOB    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    data       TEXT    NOT NULL,
    created    INTEGER NOT NULL,
    last_used  INTEGER NOT NULL
);
CREATE INDEX passkey_member ON passkey (member_id, id);

CREATE TABLE identity (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    member_id INTEGER NOT NULL REFERENCES member (id),
    issuer    TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    UNIQUE (issuer, subject)
);
CREATE INDEX identity_member ON identity (member_id, id);

-- Addresses of e-mail that members say are theirs. Hash is of the secret that
-- went there.
CREATE TABLE promise (
    hash      BLOB    NOT NULL PRIMARY KEY,
    member_id INTEGER NOT NULL REFERENCES member (id),
    email     TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    expires   INTEGER NOT NULL
);
CREATE INDEX promise_member ON promise (member_id);
CREATE INDEX promise_expires ON promise (expires);

-- Addresses that let people join.
CREATE TABLE invite (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    hash    BLOB    NOT NULL UNIQUE,
    by_id   INTEGER NOT NULL, -- a member, or 0 for the console
    role    TEXT    NOT NULL,
    note    TEXT    NOT NULL,
    uses    INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER NOT NULL
);
CREATE INDEX invite_by ON invite (by_id, id);

-- People who would like an account.
CREATE TABLE application (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    hash      BLOB    NOT NULL UNIQUE, -- of the secret that confirms the address
    handle    TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    email     TEXT    NOT NULL,
    lang      TEXT    NOT NULL,
    who       TEXT    NOT NULL,
    why       TEXT    NOT NULL,
    conduct   INTEGER NOT NULL,
    agreed    INTEGER NOT NULL,
    open      INTEGER NOT NULL,
    issuer    TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    identity  TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    member_id INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    judged    INTEGER NOT NULL
);
CREATE INDEX application_state ON application (state, id);
CREATE INDEX application_handle ON application (handle);

-- The code of conduct as it was published. Version 1 is that of the program.
CREATE TABLE conduct (
    version INTEGER NOT NULL PRIMARY KEY,
    text    TEXT    NOT NULL,
    note    TEXT    NOT NULL,
    by_name TEXT    NOT NULL,
    created INTEGER NOT NULL
);

ALTER TABLE member ADD COLUMN lang    TEXT    NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN conduct INTEGER NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN agreed  INTEGER NOT NULL DEFAULT 0;
