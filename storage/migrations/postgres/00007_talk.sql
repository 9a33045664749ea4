-- +goose Up
-- Where an answer stands: thread is the id of what is talked about, path sorts
-- the talk from above to below (community.ThreadPath). Those from before are put
-- one below the other.
ALTER TABLE post ADD COLUMN thread TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN path   TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE post SET thread = COALESCE((SELECT CASE WHEN c.uri <> '' THEN c.uri ELSE m.value || '/conf/' || c.slug END FROM conference c, meta m WHERE m.key = 'base' AND c.id = post.conference_id), '')
    WHERE conference_id <> 0 AND reply_to <> '';
UPDATE post SET thread = reply_to WHERE thread = '' AND reply_to IN (SELECT m.value || '/posts/' || o.slug FROM post o, meta m WHERE m.key = 'base' AND o.slug <> '');
UPDATE post SET path = lpad(CAST(published AS TEXT), 16, '0') || lpad(to_hex(id), 8, '0') WHERE thread <> '';
-- What is shown of a talk, and that alone, in its order.
CREATE INDEX post_thread ON post (thread, path, author_id) WHERE thread <> '' AND draft = 0 AND kind = '' AND state = '' AND visibility IN ('public', 'unlisted');
CREATE INDEX post_thread_all ON post (thread, path) WHERE thread <> '';
CREATE INDEX actor_gone ON actor (id) WHERE gone > 0;

-- What the city says: its own posts that are no answers, and those it boosts.
DROP INDEX post_news;
CREATE INDEX post_news ON post ((CASE WHEN uri <> '' THEN announced ELSE published END), id)
    WHERE draft = 0 AND kind = '' AND state = '' AND visibility = 'public' AND (uri = '' AND reply_to = '' OR announced > 0);
CREATE INDEX post_boosted ON post (author_id, announced) WHERE announced > 0;

-- The activity that brought a post which the city may boost, as it came: some
-- servers know a boost only around it (FEP-1b12).
CREATE TABLE post_source (
    post_id  BIGINT NOT NULL PRIMARY KEY REFERENCES post (id) ON DELETE CASCADE,
    activity TEXT COLLATE "C" NOT NULL
);

-- What becomes of a post that mentions the city.
ALTER TABLE city ADD COLUMN mentions TEXT COLLATE "C" NOT NULL DEFAULT 'ask';

CREATE INDEX message_created ON message (created);
