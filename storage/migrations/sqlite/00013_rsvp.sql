-- +goose Up
-- What a guest answered who has not shown yet that the address is theirs, and
-- whether the answer goes for every conference of the series.
ALTER TABLE guest ADD COLUMN wanted TEXT NOT NULL DEFAULT '';
ALTER TABLE guest ADD COLUMN series INTEGER NOT NULL DEFAULT 0;
