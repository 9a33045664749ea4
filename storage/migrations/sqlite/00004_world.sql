-- +goose Up
-- Where on earth something takes place: towns by their folded name and country.
CREATE TABLE town (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    country TEXT    NOT NULL,
    folded  TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    place   TEXT    NOT NULL,
    UNIQUE (country, folded)
);

-- The conferences that /world lists, ours and others', by when and where. Past
-- is set a little after they are over.
CREATE TABLE world (
    conference_id INTEGER NOT NULL PRIMARY KEY REFERENCES conference (id) ON DELETE CASCADE,
    starts        INTEGER NOT NULL,
    ends          INTEGER NOT NULL,
    past          INTEGER NOT NULL,
    town_id       INTEGER NOT NULL,
    country       TEXT    NOT NULL,
    online        INTEGER NOT NULL
);
CREATE INDEX world_when ON world (past, starts, conference_id);
CREATE INDEX world_town ON world (past, town_id, starts, conference_id, ends);
CREATE INDEX world_country ON world (past, country, starts, conference_id) WHERE country <> '';
CREATE INDEX world_online ON world (past, starts, conference_id) WHERE online = 1;
CREATE INDEX world_ends ON world (past, ends);

-- Their tags ("tag maps") and languages ("lang ru").
CREATE TABLE world_key (
    conference_id INTEGER NOT NULL REFERENCES world (conference_id) ON DELETE CASCADE,
    word          TEXT    NOT NULL,
    past          INTEGER NOT NULL,
    starts        INTEGER NOT NULL,
    PRIMARY KEY (conference_id, word)
);
CREATE INDEX world_key_word ON world_key (word, past, starts, conference_id);

-- What is to be looked at again, as the world may list it now or no longer: a
-- conference, or from a conference on all those of an actor.
CREATE TABLE world_todo (
    kind   TEXT    NOT NULL,
    ref    INTEGER NOT NULL,
    passed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, ref)
);
INSERT INTO world_todo (kind, ref) SELECT 'conference', id FROM conference;

-- Conferences of others that are here although nobody follows where they come
-- from: someone looked at them, invited to them, or a known city has them.
CREATE TABLE passing (
    conference_id INTEGER NOT NULL PRIMARY KEY REFERENCES conference (id) ON DELETE CASCADE,
    why           TEXT    NOT NULL,
    since         INTEGER NOT NULL
);
CREATE INDEX passing_why ON passing (why, since);

-- Cities that other cities told us of, one of each host.
CREATE TABLE known_city (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    host      TEXT    NOT NULL UNIQUE,
    uri       TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    handle    TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    country   TEXT    NOT NULL,
    place     TEXT    NOT NULL,
    page      TEXT    NOT NULL,
    following TEXT    NOT NULL,
    actor_id  INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    seen      INTEGER NOT NULL,
    next_try  INTEGER NOT NULL,
    failures  INTEGER NOT NULL,
    next_read INTEGER NOT NULL,
    next_look INTEGER NOT NULL,
    forgotten INTEGER NOT NULL
);
CREATE INDEX known_city_try ON known_city (next_try);
CREATE INDEX known_city_read ON known_city (next_read) WHERE state = 'confirmed';

-- Who named them: the actor of a city that we follow.
CREATE TABLE known_from (
    city_id  INTEGER NOT NULL REFERENCES known_city (id) ON DELETE CASCADE,
    actor_id INTEGER NOT NULL REFERENCES actor (id),
    first    INTEGER NOT NULL,
    named    INTEGER NOT NULL,
    PRIMARY KEY (city_id, actor_id)
);
CREATE INDEX known_from_actor ON known_from (actor_id, first);
