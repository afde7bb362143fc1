-- Event log and outbox in one: appended in the transaction of the change, never emptied. The relay moves a cursor
-- over it in the order (txid, position), up to the oldest transaction that is still running.
CREATE SEQUENCE events_position AS bigint;

CREATE TABLE events (
    position     bigint      NOT NULL DEFAULT nextval('events_position'),
    txid         xid8        NOT NULL DEFAULT pg_current_xact_id(),
    event_id     uuid        NOT NULL,
    aggregate_id uuid        NOT NULL,
    version      bigint      NOT NULL CHECK (version > 0),
    type         text        NOT NULL,
    subject      text        NOT NULL,
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    origin       smallint    NOT NULL,
    traceparent  text,
    payload      bytea       NOT NULL
) PARTITION BY RANGE (recorded_at);

CREATE INDEX events_txid_position ON events (txid, position);
CREATE INDEX events_aggregate_version ON events (aggregate_id, version);

CREATE TABLE events_default PARTITION OF events DEFAULT;

-- How far the relay came; one row.
CREATE TABLE outbox_cursor (
    only_one  boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    txid      xid8        NOT NULL,
    position  bigint      NOT NULL,
    -- The stream's sequence of the last event the bus acknowledged, and the server that did.
    sequence  bigint      NOT NULL,
    server_id text        NOT NULL,
    moved_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Where the cursor was, so that it can go back by what an unclean restart of the bus may have lost.
CREATE TABLE outbox_cursor_history (
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    txid     xid8        NOT NULL,
    position bigint      NOT NULL,
    sequence bigint      NOT NULL
);
CREATE INDEX outbox_cursor_history_at ON outbox_cursor_history (at);
