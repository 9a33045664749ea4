-- +goose Up
-- How many of a city were taken up lately is asked with each of her conferences.
DROP INDEX offer_actor;
CREATE INDEX offer_actor ON offer (actor_id, kind, state, created);
