-- +goose Up
-- Cities that this one shares with: what of them is shown and announced here.
CREATE TABLE sister (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    actor_id  INTEGER NOT NULL UNIQUE REFERENCES actor (id),
    node_id   INTEGER NOT NULL, -- the actor of her server, which ours follows, or 0
    shown     INTEGER NOT NULL,
    announce  TEXT    NOT NULL,
    tags      TEXT    NOT NULL,
    languages TEXT    NOT NULL,
    distance  INTEGER NOT NULL, -- kilometres, 0 for any
    place     TEXT    NOT NULL, -- where she is
    created   INTEGER NOT NULL,
    updated   INTEGER NOT NULL
);

-- Conferences offered to other cities and by them, and those of sister cities
-- that wait for a steward of ours or waited for none.
CREATE TABLE offer (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    kind          TEXT    NOT NULL,
    conference_id INTEGER NOT NULL,
    object        TEXT    NOT NULL, -- the id of the conference
    title         TEXT    NOT NULL,
    actor_id      INTEGER NOT NULL REFERENCES actor (id), -- the other city
    uri           TEXT    NOT NULL, -- of the Offer
    note          TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    by_member     TEXT    NOT NULL,
    created       INTEGER NOT NULL,
    updated       INTEGER NOT NULL,
    expires       INTEGER NOT NULL,
    UNIQUE (kind, conference_id, actor_id)
);
CREATE INDEX offer_conference ON offer (conference_id);
CREATE INDEX offer_actor ON offer (actor_id, kind, state);
CREATE INDEX offer_uri ON offer (uri) WHERE uri <> '';
CREATE INDEX offer_expires ON offer (expires) WHERE state = 'offered';

-- The same conference may be known from two servers. One of them is shown, the
-- others name it here.
ALTER TABLE conference ADD COLUMN twin_of INTEGER NOT NULL DEFAULT 0;
CREATE INDEX conference_twin ON conference (twin_of) WHERE twin_of <> 0;
CREATE INDEX conference_uuid ON conference (uuid) WHERE uuid <> '';
CREATE INDEX conference_starts ON conference (starts);

-- Pairs that a steward said are two conferences. The first has the lower id.
CREATE TABLE conference_apart (
    one   INTEGER NOT NULL REFERENCES conference (id) ON DELETE CASCADE,
    other INTEGER NOT NULL REFERENCES conference (id) ON DELETE CASCADE,
    PRIMARY KEY (one, other)
);
CREATE INDEX conference_apart_other ON conference_apart (other);

DROP INDEX conference_calendar;
DROP INDEX conference_calendar_ends;
DROP INDEX conference_calendar_updated;
DROP INDEX conference_calendar_published;
DROP INDEX conference_calendar_news;
CREATE INDEX conference_calendar ON conference (starts, id) WHERE draft = 0 AND (uri = '' OR announced > 0) AND twin_of = 0;
CREATE INDEX conference_calendar_ends ON conference (ends, id) WHERE draft = 0 AND (uri = '' OR announced > 0) AND twin_of = 0;
CREATE INDEX conference_calendar_updated ON conference (updated) WHERE draft = 0 AND (uri = '' OR announced > 0) AND twin_of = 0;
CREATE INDEX conference_calendar_published ON conference (published, id) WHERE draft = 0 AND (uri = '' OR announced > 0) AND twin_of = 0;
CREATE INDEX conference_calendar_news ON conference ((CASE WHEN uri <> '' AND announced > published THEN announced ELSE published END), id) WHERE draft = 0 AND (uri = '' OR announced > 0) AND twin_of = 0;
