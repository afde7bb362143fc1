-- Notes on tickets: what staff and citizens wrote. Class `texts`.
CREATE TABLE notes (
    id          uuid        NOT NULL,
    ticket_id   uuid        NOT NULL,
    -- The ticket's version with it: how a repeated request finds it again.
    version     bigint      NOT NULL,
    round       int         NOT NULL,
    public      boolean     NOT NULL,
    mentions    text[]      NOT NULL,
    text        text        NOT NULL,
    -- The encoded gongdan.common.v1.ActorRef.
    written_by  bytea       NOT NULL,
    by_citizen  boolean     NOT NULL,
    written_at  timestamptz NOT NULL,
    CONSTRAINT notes_pkey PRIMARY KEY (id)
);
CREATE INDEX notes_ticket ON notes (ticket_id, id);

-- Files that belong to tickets; their content is in the object store under their id. Class `texts`.
CREATE TABLE attachments (
    id            uuid        NOT NULL,
    ticket_id     uuid        NOT NULL,
    version       bigint      NOT NULL,
    public        boolean     NOT NULL,
    from_reporter boolean     NOT NULL,
    name          text        NOT NULL,
    media_type    text        NOT NULL,
    size          bigint      NOT NULL,
    sha256        bytea       NOT NULL,
    attached_by   bytea       NOT NULL,
    by_citizen    boolean     NOT NULL,
    attached_at   timestamptz NOT NULL,
    removed_at    timestamptz,
    CONSTRAINT attachments_pkey PRIMARY KEY (id)
);
CREATE INDEX attachments_ticket ON attachments (ticket_id, id);

-- Every object that was ever begun in the store and is not known to be gone: 1 is being written, 2 is kept, 3 is to be
-- deleted. Whatever happens to a process, what is not kept is deleted.
CREATE TABLE blobs (
    id    uuid        NOT NULL,
    state smallint    NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT blobs_pkey PRIMARY KEY (id)
);
CREATE INDEX blobs_unkept ON blobs (since) WHERE state <> 2;
