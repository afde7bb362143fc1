-- Callers as routing last described them; every service keeps its own copy, routing's own is the first.
CREATE TABLE principals (
    id         text PRIMARY KEY,
    issuer     text NOT NULL,
    subject    text NOT NULL,
    name       text NOT NULL,
    kind       smallint NOT NULL,
    roles      text[] NOT NULL DEFAULT '{}',
    unit_ids   text[] NOT NULL DEFAULT '{}',
    regions    bigint[] NOT NULL DEFAULT '{}',
    rights     text[] NOT NULL DEFAULT '{}',
    email      text NOT NULL DEFAULT '',
    language   text NOT NULL DEFAULT 'zh-CN',
    skills     text[] NOT NULL DEFAULT '{}',
    tier       smallint NOT NULL DEFAULT 1,
    active     boolean NOT NULL DEFAULT true,
    version    bigint NOT NULL
);

-- Not unique: a token subject may move from one principal to another, and their events keep no order between them.
CREATE INDEX principals_by_token ON principals (issuer, subject);
