-- +goose Up
-- Instants are microseconds since 1970 in UTC; 0 means "not". Lists and nested
-- values are JSON. An id that AUTOINCREMENT gave is never given again.

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE city (
    id        INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    handle    TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    about     TEXT    NOT NULL,
    zone      TEXT    NOT NULL,
    country   TEXT    NOT NULL,
    languages TEXT    NOT NULL,
    place     TEXT    NOT NULL,
    picture   TEXT    NOT NULL,
    banner    TEXT    NOT NULL,
    links     TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    updated   INTEGER NOT NULL
);

CREATE TABLE actor_key (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    actor   TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    private BLOB    NOT NULL,
    created INTEGER NOT NULL,
    retired INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX actor_key_actor ON actor_key (actor, id);

CREATE TABLE member (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    handle    TEXT    NOT NULL UNIQUE,
    name      TEXT    NOT NULL,
    about     TEXT    NOT NULL,
    languages TEXT    NOT NULL,
    role      TEXT    NOT NULL,
    email     TEXT    NOT NULL,
    picture   TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    updated   INTEGER NOT NULL,
    suspended INTEGER NOT NULL DEFAULT 0,
    deleted   INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE token (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    member_id INTEGER NOT NULL REFERENCES member (id),
    name      TEXT    NOT NULL,
    hash      BLOB    NOT NULL UNIQUE,
    created   INTEGER NOT NULL,
    last_used INTEGER NOT NULL DEFAULT 0,
    revoked   INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE actor (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    uri           TEXT    NOT NULL UNIQUE,
    type          TEXT    NOT NULL,
    handle        TEXT    NOT NULL,
    host          TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    about         TEXT    NOT NULL,
    url           TEXT    NOT NULL,
    inbox         TEXT    NOT NULL,
    shared_inbox  TEXT    NOT NULL,
    outbox        TEXT    NOT NULL,
    followers     TEXT    NOT NULL,
    featured      TEXT    NOT NULL,
    upcoming      TEXT    NOT NULL,
    icon          TEXT    NOT NULL,
    keys          TEXT    NOT NULL,
    also_known_as TEXT    NOT NULL,
    moved_to      TEXT    NOT NULL,
    locked        INTEGER NOT NULL,
    fetched       INTEGER NOT NULL,
    gone          INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX actor_host ON actor (host, handle);
CREATE INDEX actor_inbox ON actor (inbox);
CREATE INDEX actor_shared_inbox ON actor (shared_inbox) WHERE shared_inbox <> '';

CREATE TABLE peer (
    host            TEXT    NOT NULL PRIMARY KEY,
    software        TEXT    NOT NULL DEFAULT '',
    version         TEXT    NOT NULL DEFAULT '',
    application     TEXT    NOT NULL DEFAULT '',
    scheme          TEXT    NOT NULL DEFAULT '',
    asked           INTEGER NOT NULL DEFAULT 0,
    last_seen       INTEGER NOT NULL DEFAULT 0,
    last_delivered  INTEGER NOT NULL DEFAULT 0,
    failures        INTEGER NOT NULL DEFAULT 0,
    failing_since   INTEGER NOT NULL DEFAULT 0,
    next_try        INTEGER NOT NULL DEFAULT 0,
    last_error      TEXT    NOT NULL DEFAULT '',
    last_refused    TEXT    NOT NULL DEFAULT '',
    last_refused_at INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE follower (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    local    TEXT    NOT NULL,
    actor_id INTEGER NOT NULL REFERENCES actor (id),
    uri      TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL,
    UNIQUE (local, actor_id)
);
CREATE INDEX follower_actor ON follower (actor_id);
CREATE INDEX follower_state ON follower (local, state, id);
CREATE INDEX follower_uri ON follower (uri);

CREATE TABLE followed (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    local    TEXT    NOT NULL,
    actor_id INTEGER NOT NULL REFERENCES actor (id),
    uri      TEXT    NOT NULL UNIQUE,
    state    TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL,
    UNIQUE (local, actor_id)
);
CREATE INDEX followed_actor ON followed (actor_id);
CREATE INDEX followed_state ON followed (local, state, id);

CREATE TABLE series (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    rule     TEXT    NOT NULL,
    template TEXT    NOT NULL,
    horizon  INTEGER NOT NULL,
    ended    INTEGER NOT NULL DEFAULT 0,
    created  INTEGER NOT NULL
);

CREATE TABLE conference (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid         TEXT    NOT NULL,
    slug         TEXT    NOT NULL,
    uri          TEXT    NOT NULL,
    url          TEXT    NOT NULL,
    origin_id    INTEGER NOT NULL,
    title        TEXT    NOT NULL,
    search       TEXT    NOT NULL, -- the titles in lower case, since neither engine folds more than ASCII
    text         TEXT    NOT NULL,
    html         TEXT    NOT NULL,
    starts       INTEGER NOT NULL,
    ends         INTEGER NOT NULL,
    all_day      INTEGER NOT NULL,
    open_end     INTEGER NOT NULL,
    zone         TEXT    NOT NULL,
    venue        TEXT    NOT NULL,
    online_url   TEXT    NOT NULL,
    capacity     INTEGER NOT NULL,
    join_mode    TEXT    NOT NULL,
    external_url TEXT    NOT NULL,
    languages    TEXT    NOT NULL,
    cost         TEXT    NOT NULL,
    cover        TEXT    NOT NULL,
    tags         TEXT    NOT NULL,
    category     TEXT    NOT NULL,
    organisers   TEXT    NOT NULL,
    link         TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    draft        INTEGER NOT NULL,
    series_id    INTEGER NOT NULL,
    uid          TEXT    NOT NULL,
    sequence     INTEGER NOT NULL,
    import_key   TEXT    NOT NULL,
    created      INTEGER NOT NULL,
    published    INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    announced    INTEGER NOT NULL
);
CREATE UNIQUE INDEX conference_slug ON conference (slug) WHERE slug <> '';
CREATE UNIQUE INDEX conference_uri ON conference (uri) WHERE uri <> '';
CREATE UNIQUE INDEX conference_import_key ON conference (import_key) WHERE import_key <> '';
-- What the city's own pages and feeds show: its conferences and those it announced.
CREATE INDEX conference_calendar ON conference (starts, id) WHERE draft = 0 AND (uri = '' OR announced > 0);
CREATE INDEX conference_calendar_ends ON conference (ends, id) WHERE draft = 0 AND (uri = '' OR announced > 0);
CREATE INDEX conference_calendar_updated ON conference (updated) WHERE draft = 0 AND (uri = '' OR announced > 0);
CREATE INDEX conference_calendar_published ON conference (published, id) WHERE draft = 0 AND (uri = '' OR announced > 0);
-- Feeds ask for what came into the calendar last: what is ours when it was
-- published, that of another city when it was announced here.
CREATE INDEX conference_calendar_news ON conference ((CASE WHEN uri <> '' AND announced > published THEN announced ELSE published END), id) WHERE draft = 0 AND (uri = '' OR announced > 0);
CREATE INDEX conference_ends ON conference (ends, id);
CREATE INDEX conference_origin ON conference (origin_id, starts);
CREATE INDEX conference_uid ON conference (uid);
CREATE INDEX conference_series ON conference (series_id, starts);

CREATE TABLE conference_tag (
    conference_id INTEGER NOT NULL REFERENCES conference (id) ON DELETE CASCADE,
    tag           TEXT    NOT NULL,
    PRIMARY KEY (conference_id, tag)
);
CREATE INDEX conference_tag_tag ON conference_tag (tag, conference_id);

CREATE TABLE guest (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    conference_id INTEGER NOT NULL REFERENCES conference (id) ON DELETE CASCADE,
    member_id     INTEGER NOT NULL,
    actor_id      INTEGER NOT NULL,
    email         TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    plus          INTEGER NOT NULL,
    comment       TEXT    NOT NULL,
    join_uri      TEXT    NOT NULL,
    queued        INTEGER NOT NULL,
    created       INTEGER NOT NULL,
    updated       INTEGER NOT NULL,
    UNIQUE (conference_id, member_id, actor_id, email)
);
CREATE INDEX guest_state ON guest (conference_id, state, queued, id);
CREATE INDEX guest_member ON guest (member_id, conference_id) WHERE member_id <> 0;
CREATE INDEX guest_actor ON guest (actor_id, conference_id) WHERE actor_id <> 0;
CREATE INDEX guest_join ON guest (join_uri) WHERE join_uri <> '';

CREATE TABLE post (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    slug          TEXT    NOT NULL,
    uri           TEXT    NOT NULL,
    url           TEXT    NOT NULL,
    author        TEXT    NOT NULL,
    author_id     INTEGER NOT NULL,
    title         TEXT    NOT NULL,
    text          TEXT    NOT NULL,
    html          TEXT    NOT NULL,
    warning       TEXT    NOT NULL,
    reply_to      TEXT    NOT NULL,
    conference_id INTEGER NOT NULL,
    visibility    TEXT    NOT NULL,
    tags          TEXT    NOT NULL,
    mentions      TEXT    NOT NULL,
    pictures      TEXT    NOT NULL,
    draft         INTEGER NOT NULL,
    created       INTEGER NOT NULL,
    published     INTEGER NOT NULL,
    updated       INTEGER NOT NULL
);
CREATE UNIQUE INDEX post_slug ON post (slug) WHERE slug <> '';
CREATE UNIQUE INDEX post_uri ON post (uri) WHERE uri <> '';
CREATE INDEX post_own ON post (published, id) WHERE uri = '' AND draft = 0;
CREATE INDEX post_news ON post (published, id) WHERE uri = '' AND draft = 0 AND reply_to = '' AND visibility = 'public';
CREATE INDEX post_conference ON post (conference_id, published) WHERE conference_id <> 0;
CREATE INDEX post_reply ON post (reply_to, published) WHERE reply_to <> '';
CREATE INDEX post_author ON post (author_id) WHERE author_id <> 0;

CREATE TABLE post_tag (
    post_id INTEGER NOT NULL REFERENCES post (id) ON DELETE CASCADE,
    tag     TEXT    NOT NULL,
    PRIMARY KEY (post_id, tag)
);
CREATE INDEX post_tag_tag ON post_tag (tag, post_id);

CREATE TABLE reaction (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    actor_id INTEGER NOT NULL REFERENCES actor (id),
    kind     TEXT    NOT NULL,
    emoji    TEXT    NOT NULL,
    object   TEXT    NOT NULL,
    uri      TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    UNIQUE (object, kind, actor_id, emoji)
);
CREATE INDEX reaction_uri ON reaction (uri);
CREATE INDEX reaction_actor ON reaction (actor_id);

CREATE TABLE report (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    actor_id INTEGER NOT NULL,
    uri      TEXT    NOT NULL UNIQUE,
    objects  TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    closed   INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE block (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    domain    TEXT    NOT NULL,
    actor_uri TEXT    NOT NULL,
    severity  TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    by_member TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    UNIQUE (domain, actor_uri)
);

-- What was deleted answers 410 for ever. Key is the path of ours below the base
-- ("conf/first"), or the id of someone else's object, so that a late Create does
-- not bring it back.
CREATE TABLE tombstone (
    key         TEXT    NOT NULL PRIMARY KEY,
    former_type TEXT    NOT NULL,
    deleted     INTEGER NOT NULL
);

-- Activities of ours, as they go out, byte for byte.
CREATE TABLE activity (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid    TEXT    NOT NULL UNIQUE,
    actor   TEXT    NOT NULL,
    type    TEXT    NOT NULL,
    object  TEXT    NOT NULL,
    json    TEXT    NOT NULL,
    public  INTEGER NOT NULL,
    created INTEGER NOT NULL
);
CREATE INDEX activity_outbox ON activity (actor, id) WHERE public = 1;
CREATE INDEX activity_object ON activity (object, id);

-- An activity that is not yet broken down into deliveries.
CREATE TABLE fanout (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    activity_id INTEGER NOT NULL REFERENCES activity (id),
    audience    TEXT    NOT NULL,
    created     INTEGER NOT NULL
);

-- One activity on its way to one inbox. A row goes away when it is done. Among
-- those of one inbox with the same order_key the lowest id goes first; next_try
-- of a later one is never before that of an earlier one.
CREATE TABLE delivery (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    activity_id INTEGER NOT NULL REFERENCES activity (id),
    host        TEXT    NOT NULL,
    inbox       TEXT    NOT NULL,
    order_key   TEXT    NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    next_try    INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    last_error  TEXT    NOT NULL DEFAULT '',
    UNIQUE (activity_id, inbox)
);
CREATE INDEX delivery_lane ON delivery (host, id);
CREATE INDEX delivery_due ON delivery (host, next_try);
CREATE INDEX delivery_order ON delivery (inbox, order_key, id);

-- Which process works on the deliveries of a host, and until when if it dies.
CREATE TABLE lane_lease (
    host    TEXT    NOT NULL PRIMARY KEY,
    owner   TEXT    NOT NULL,
    expires INTEGER NOT NULL
);

-- What other servers sent us and we answered 202 to.
CREATE TABLE received (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    uri      TEXT    NOT NULL,
    digest   BLOB    NOT NULL,
    actor    TEXT    NOT NULL,
    host     TEXT    NOT NULL,
    inbox    TEXT    NOT NULL,
    body     BLOB    NOT NULL,
    received INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try INTEGER NOT NULL DEFAULT 0,
    done     INTEGER NOT NULL DEFAULT 0,
    outcome  TEXT    NOT NULL DEFAULT '',
    UNIQUE (uri, digest)
);
CREATE INDEX received_todo ON received (next_try, id) WHERE done = 0;
CREATE INDEX received_open ON received (id) WHERE done = 0;
CREATE INDEX received_done ON received (done) WHERE done > 0;
