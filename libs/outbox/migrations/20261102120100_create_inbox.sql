-- The last version of each aggregate that each consumer has applied.
CREATE TABLE inbox_versions (
    consumer     text    NOT NULL,
    aggregate_id uuid    NOT NULL,
    version      bigint  NOT NULL,
    -- Whether later versions may be parked.
    waiting      boolean NOT NULL DEFAULT false,
    -- The version that could not be applied and holds the later ones back; its event is in inbox_dead.
    held         bigint,
    -- When the owner was last asked for what is missing.
    asked_at     timestamptz,
    CONSTRAINT inbox_versions_pkey PRIMARY KEY (consumer, aggregate_id)
) WITH (fillfactor = 80);

-- Events that came before one they follow.
CREATE TABLE inbox_parked (
    consumer     text        NOT NULL,
    aggregate_id uuid        NOT NULL,
    version      bigint      NOT NULL,
    event        bytea       NOT NULL,
    parked_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT inbox_parked_pkey PRIMARY KEY (consumer, aggregate_id, version)
);
CREATE INDEX inbox_parked_at ON inbox_parked (consumer, parked_at);

-- Events that could not be applied: tried again until retry_at is null, then dead letters.
CREATE TABLE inbox_dead (
    consumer       text        NOT NULL,
    event_id       uuid        NOT NULL,
    aggregate_id   uuid        NOT NULL,
    version        bigint      NOT NULL,
    type           text        NOT NULL,
    event          bytea       NOT NULL,
    error          text        NOT NULL,
    attempts       integer     NOT NULL,
    retry_at       timestamptz,
    dead_at        timestamptz,
    -- When the dead stream had it.
    announced_at   timestamptz,
    discarded_at   timestamptz,
    discarded_by   text,
    discard_reason text,
    CONSTRAINT inbox_dead_pkey PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_dead_open ON inbox_dead (dead_at, event_id, consumer) WHERE discarded_at IS NULL;
