-- +goose Up
-- How many of a city were taken up lately is asked with each of her conferences.
DROP INDEX offer_actor;
CREATE INDEX offer_actor ON offer (actor_id, kind, state, created);

-- Whether some server needs a form is asked with each answer that may be passed on.
CREATE INDEX peer_software ON peer (software) WHERE software <> '';
CREATE INDEX peer_unasked ON peer (host) WHERE asked = 0;
