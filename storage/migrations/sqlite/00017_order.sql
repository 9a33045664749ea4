-- +goose Up
-- What people complain about. One thing that is complained of often is one case,
-- until it is decided.
CREATE TABLE order_case (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    object     TEXT    NOT NULL, -- its id
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL, -- what it was called then
    excerpt    TEXT    NOT NULL, -- what it said then, plain text
    state      TEXT    NOT NULL,
    assignee   TEXT    NOT NULL DEFAULT '',
    created    INTEGER NOT NULL,
    updated    INTEGER NOT NULL,
    decided    INTEGER NOT NULL DEFAULT 0,
    decided_by TEXT    NOT NULL DEFAULT '',
    outcome    TEXT    NOT NULL DEFAULT '',
    rule       TEXT    NOT NULL DEFAULT '',
    reason     TEXT    NOT NULL DEFAULT '',
    forwarded  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX order_case_object ON order_case (object, id);
CREATE INDEX order_case_state ON order_case (state, id);

-- Whom a case concerns, by the id of their actor.
CREATE TABLE case_person (
    case_id INTEGER NOT NULL REFERENCES order_case (id),
    uri     TEXT    NOT NULL,
    PRIMARY KEY (case_id, uri)
);
CREATE INDEX case_person_uri ON case_person (uri, case_id);

-- What happened to a case, notes and objections among it.
CREATE TABLE case_entry (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id INTEGER NOT NULL REFERENCES order_case (id),
    by_name TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    text    TEXT    NOT NULL,
    created INTEGER NOT NULL
);
CREATE INDEX case_entry_case ON case_entry (case_id, id);

-- Who complained: a member, an actor elsewhere, or a name with an address.
ALTER TABLE report ADD COLUMN case_id   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN member_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN contact   TEXT    NOT NULL DEFAULT '';
ALTER TABLE report ADD COLUMN lang      TEXT    NOT NULL DEFAULT '';
ALTER TABLE report ADD COLUMN category  TEXT    NOT NULL DEFAULT '';
ALTER TABLE report ADD COLUMN rule      TEXT    NOT NULL DEFAULT '';
ALTER TABLE report ADD COLUMN forward   INTEGER NOT NULL DEFAULT 0;
CREATE INDEX report_case ON report (case_id, id);
INSERT INTO order_case (id, object, kind, name, excerpt, state, created, updated, decided, outcome)
    SELECT id, COALESCE(json_extract(objects, '$[0]'), uri), 'other', '', '', CASE WHEN closed = 0 THEN 'open' ELSE 'decided' END, created, created, closed, CASE WHEN closed = 0 THEN '' ELSE 'none' END
    FROM report WHERE objects <> '';
UPDATE report SET case_id = id WHERE objects <> '';

-- What stewards did to keep order: about whom or what, how long, and whether a
-- second steward has to agree.
CREATE TABLE measure (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id      INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    target_kind  TEXT    NOT NULL,
    target       TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    rule         TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    sealed       INTEGER NOT NULL, -- the reason is not for the public log
    urgent       INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    by_name      TEXT    NOT NULL,
    confirmed_by TEXT    NOT NULL,
    before       TEXT    NOT NULL, -- how it was, to go back to
    created      INTEGER NOT NULL,
    ends         INTEGER NOT NULL, -- 0: for ever
    confirm_by   INTEGER NOT NULL, -- or it lapses; 0: nobody need confirm
    ended        INTEGER NOT NULL,
    ended_by     TEXT    NOT NULL
);
CREATE INDEX measure_target ON measure (target, id);
CREATE INDEX measure_case ON measure (case_id, id) WHERE case_id <> 0;
CREATE INDEX measure_standing ON measure (state, id) WHERE state IN ('active', 'asked');

-- Conferences of others that stewards hid.
CREATE TABLE hidden (
    uri        TEXT    NOT NULL PRIMARY KEY,
    measure_id INTEGER NOT NULL
);

-- A block that came from a measure ends with it. One of severity "none" keeps
-- nobody out, but may refuse pictures or reports.
ALTER TABLE block ADD COLUMN measure_id     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE block ADD COLUMN reject_media   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE block ADD COLUMN reject_reports INTEGER NOT NULL DEFAULT 0;
ALTER TABLE block ADD COLUMN obfuscate      INTEGER NOT NULL DEFAULT 0;

-- With whom the city has to do where it does so with a list alone.
CREATE TABLE allowed_server (
    domain    TEXT    NOT NULL PRIMARY KEY,
    reason    TEXT    NOT NULL,
    by_member TEXT    NOT NULL,
    created   INTEGER NOT NULL
);

-- Lists of blocks from elsewhere: what they say, and what there was before.
CREATE TABLE block_import (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    name      TEXT    NOT NULL,
    by_member TEXT    NOT NULL,
    rows_new  TEXT    NOT NULL,
    rows_old  TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    applied   INTEGER NOT NULL,
    undone    INTEGER NOT NULL
);
