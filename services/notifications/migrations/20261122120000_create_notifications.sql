-- Names of units, from routing's unit_changed; the latest state of each.
CREATE TABLE units (
    id      text   NOT NULL,
    name    text   NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT units_pkey PRIMARY KEY (id)
);

-- Recipients are looked up by unit and by role.
CREATE INDEX principals_by_unit ON principals USING gin (unit_ids);
CREATE INDEX principals_by_role ON principals USING gin (roles);

-- What people were told inside the suite.
CREATE TABLE inbox_items (
    id            uuid        NOT NULL,
    -- The writing transaction and the place in it: a cursor over both is not fooled by commits out of order.
    txid          xid8        NOT NULL DEFAULT pg_current_xact_id(),
    position      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    recipient     text        NOT NULL,
    event_id      uuid        NOT NULL,
    kind          text        NOT NULL,
    title         text        NOT NULL,
    body          text        NOT NULL,
    ticket_id     uuid        NOT NULL,
    ticket_number text        NOT NULL,
    occurred_at   timestamptz NOT NULL,
    created_at    timestamptz NOT NULL,
    read_at       timestamptz,
    CONSTRAINT inbox_items_pkey PRIMARY KEY (id),
    CONSTRAINT inbox_items_once UNIQUE (recipient, event_id, kind)
);
CREATE INDEX inbox_items_of ON inbox_items (recipient, id DESC);
CREATE INDEX inbox_items_unread ON inbox_items (recipient, id DESC) WHERE read_at IS NULL;
CREATE INDEX inbox_items_by_cursor ON inbox_items (txid, position);
CREATE INDEX inbox_items_of_by_cursor ON inbox_items (recipient, txid, position);
CREATE INDEX inbox_items_by_age ON inbox_items (created_at);

-- Endpoints of other systems.
CREATE TABLE webhooks (
    id              uuid        NOT NULL,
    url             text        NOT NULL,
    event_types     text[]      NOT NULL,
    description     text        NOT NULL,
    secret          bytea       NOT NULL,
    previous_secret bytea,
    previous_until  timestamptz,
    enabled         boolean     NOT NULL DEFAULT true,
    created_by      text        NOT NULL,
    created_at      timestamptz NOT NULL,
    version         bigint      NOT NULL DEFAULT 1,
    CONSTRAINT webhooks_pkey PRIMARY KEY (id)
);

-- What is sent out of the suite. Numbers as in the contract: channel 1 e-mail, 2 webhook; state 1 pending,
-- 2 delivered, 3 dead, 4 dropped.
CREATE TABLE deliveries (
    id              uuid        NOT NULL,
    channel         smallint    NOT NULL CHECK (channel IN (1, 2)),
    recipient       text        NOT NULL,
    kind            text        NOT NULL,
    event_id        uuid        NOT NULL,
    ticket_id       uuid        NOT NULL,
    -- Empty for webhooks.
    subject         text        NOT NULL,
    body            text        NOT NULL,
    state           smallint    NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 4),
    attempts        integer     NOT NULL DEFAULT 0,
    -- Attempts after which it is given up.
    give_up_after   integer     NOT NULL,
    -- While it is being sent: when another process may take it over.
    next_attempt_at timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    delivered_at    timestamptz,
    CONSTRAINT deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT deliveries_once UNIQUE (channel, recipient, event_id, kind)
);
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE state = 1;
CREATE INDEX deliveries_by_state ON deliveries (state, id DESC);
CREATE INDEX deliveries_by_recipient ON deliveries (recipient, id DESC);
CREATE INDEX deliveries_by_age ON deliveries (created_at) WHERE state <> 1;

-- Each try.
CREATE TABLE delivery_attempts (
    delivery_id uuid        NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    number      integer     NOT NULL,
    at          timestamptz NOT NULL,
    duration_ms integer     NOT NULL,
    succeeded   boolean     NOT NULL,
    -- HTTP status or SMTP code; 0 without an answer.
    code        integer     NOT NULL,
    error       text        NOT NULL,
    CONSTRAINT delivery_attempts_pkey PRIMARY KEY (delivery_id, number)
);
