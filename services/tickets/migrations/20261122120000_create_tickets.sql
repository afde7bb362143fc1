-- The running part of ticket numbers. A process takes a hundred at a time; what it does not use is a gap.
CREATE SEQUENCE ticket_numbers INCREMENT BY 100;

-- One row a ticket: what lists filter by, the free texts, and `state`, the encoded gongdan.tickets.v1.Ticket exactly as
-- the event of this version carries it.
CREATE TABLE tickets (
    id          uuid        NOT NULL,
    number      text        NOT NULL,
    version     bigint      NOT NULL,
    phase       smallint    NOT NULL,
    round       int         NOT NULL,
    kind        smallint    NOT NULL,
    item        text        NOT NULL,
    region      bigint      NOT NULL,
    channel     smallint    NOT NULL,
    priority    smallint    NOT NULL,
    origin      smallint    NOT NULL,
    customer_id uuid,
    lead_unit   text,
    handler     text,
    received_at timestamptz NOT NULL,
    resolved_at timestamptz,
    subject     text        NOT NULL,
    body        text        NOT NULL,
    state       bytea       NOT NULL,
    CONSTRAINT tickets_pkey PRIMARY KEY (id),
    CONSTRAINT tickets_number_key UNIQUE (number)
) WITH (fillfactor = 85);

-- Lists run newest first and page by (received_at, id).
CREATE INDEX tickets_received ON tickets (received_at DESC, id DESC);
CREATE INDEX tickets_region ON tickets (region, received_at DESC, id DESC);
CREATE INDEX tickets_open ON tickets (phase, received_at DESC, id DESC) WHERE phase < 10;
CREATE INDEX tickets_lead_unit ON tickets (lead_unit, received_at DESC, id DESC) WHERE lead_unit IS NOT NULL;
CREATE INDEX tickets_handler ON tickets (handler, received_at DESC, id DESC) WHERE handler IS NOT NULL;
CREATE INDEX tickets_customer ON tickets (customer_id, received_at DESC, id DESC) WHERE customer_id IS NOT NULL;
-- What the closing timer looks at: resolved or in callback.
CREATE INDEX tickets_resolved ON tickets (resolved_at, id) WHERE phase IN (8, 9);

-- Units that take or took part in a ticket: what a caller's units may see.
CREATE TABLE participants (
    ticket_id uuid NOT NULL,
    unit_id   text NOT NULL,
    CONSTRAINT participants_pkey PRIMARY KEY (ticket_id, unit_id)
);
CREATE INDEX participants_unit ON participants (unit_id, ticket_id);

-- Free texts of each round's resolution; earlier rounds stay.
CREATE TABLE resolutions (
    ticket_id  uuid NOT NULL,
    round      int  NOT NULL,
    solution   text,
    root_cause text NOT NULL,
    reply      text NOT NULL,
    CONSTRAINT resolutions_pkey PRIMARY KEY (ticket_id, round)
);

-- Tickets written down from the past, by their id in the source; `hash` tells a repetition from another body.
CREATE TABLE imports (
    external_source text  NOT NULL,
    external_id     text  NOT NULL,
    hash            bytea NOT NULL,
    ticket_id       uuid  NOT NULL,
    CONSTRAINT imports_pkey PRIMARY KEY (external_source, external_id)
);

-- Routing decisions that were answered, so that a repeated one is answered once.
CREATE TABLE answered_decisions (
    decision_id uuid        NOT NULL,
    ticket_id   uuid        NOT NULL,
    answered_at timestamptz NOT NULL,
    CONSTRAINT answered_decisions_pkey PRIMARY KEY (decision_id)
);
CREATE INDEX answered_decisions_answered_at ON answered_decisions USING brin (answered_at) WITH (autosummarize = on);
