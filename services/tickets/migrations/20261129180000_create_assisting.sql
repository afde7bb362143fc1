-- Units that owe their help with a ticket in flight, for their queue `assisting`. It follows from `state`; no release before
-- this one asked units for help, so that there is nothing to fill in.
CREATE TABLE assisting (
    unit        text        NOT NULL,
    ticket_id   uuid        NOT NULL,
    received_at timestamptz NOT NULL,
    CONSTRAINT assisting_pkey PRIMARY KEY (unit, ticket_id)
);
CREATE INDEX assisting_received ON assisting (unit, received_at DESC, ticket_id DESC);
