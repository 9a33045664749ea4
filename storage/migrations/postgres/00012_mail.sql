-- +goose Up
-- Until when a letter belongs to the process that sends it, and what the mail
-- server said when it took it.
ALTER TABLE letter ADD COLUMN owner   TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE letter ADD COLUMN claimed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE letter ADD COLUMN receipt TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX letter_address ON letter (address, sent);
CREATE INDEX letter_created ON letter (created);

-- The kinds of letters that a member wants no more, or (with member_id 0) whoever
-- reads at an address.
CREATE TABLE mail_off (
    member_id BIGINT NOT NULL,
    address   TEXT COLLATE "C" NOT NULL,
    kinds     TEXT COLLATE "C" NOT NULL,
    updated   BIGINT NOT NULL,
    PRIMARY KEY (member_id, address)
);

-- Letters to all guests of a conference that were written at their hour. Another
-- start makes it another round.
CREATE TABLE mail_round (
    conference_id BIGINT NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL,
    starts        BIGINT NOT NULL,
    done          BIGINT NOT NULL,
    PRIMARY KEY (conference_id, kind, starts)
);
CREATE INDEX mail_round_done ON mail_round (done);
