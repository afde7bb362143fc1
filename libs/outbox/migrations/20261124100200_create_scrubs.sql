-- Events whose payload was redacted here and may still be on the bus as it was. Gone once the bus has forgotten them,
-- which is tried when the relay is past them.
CREATE TABLE outbox_scrubs (
    event_id    uuid        NOT NULL,
    txid        xid8        NOT NULL,
    position    bigint      NOT NULL,
    subject     text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT outbox_scrubs_pkey PRIMARY KEY (event_id)
);
