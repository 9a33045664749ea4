-- +goose Up
-- What kind of software an activity is written for; '' is everyone.
ALTER TABLE activity ADD COLUMN form TEXT NOT NULL DEFAULT '';
