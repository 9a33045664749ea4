-- +goose Up
-- Who may answer a conference, and how one may sign up from Mastodon. Those
-- published before take part in what needs no new post.
ALTER TABLE conference ADD COLUMN replies TEXT NOT NULL DEFAULT 'open';
ALTER TABLE conference ADD COLUMN rsvp    TEXT NOT NULL DEFAULT 'words';

-- What a post is for, what the stewards say about showing it, and since when the
-- city boosts it.
ALTER TABLE post ADD COLUMN kind      TEXT    NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN state     TEXT    NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN announced BIGINT NOT NULL DEFAULT 0;
CREATE INDEX post_state ON post (state, id) WHERE state <> '';
CREATE INDEX post_kind ON post (conference_id, kind) WHERE kind <> '';
