-- Extensions of all tickets, for the list of what was asked for and granted; the ticket's state has the rest. T17.
CREATE TABLE extensions (
    extension_id    uuid        NOT NULL,
    ticket_id       uuid        NOT NULL,
    -- 1 requested, 2 approved, 3 rejected, 4 lapsed.
    extension_state smallint    NOT NULL,
    requested_at    timestamptz NOT NULL,
    CONSTRAINT extensions_pkey PRIMARY KEY (extension_id)
);
CREATE INDEX extensions_list_idx ON extensions (requested_at DESC, extension_id DESC);
-- Those that wait are few among many.
CREATE INDEX extensions_requested_idx ON extensions (requested_at DESC, extension_id DESC) WHERE extension_state = 1;

-- Suspended tickets that go on by themselves. T16.
CREATE TABLE resumptions (
    ticket_id uuid        NOT NULL,
    until     timestamptz NOT NULL,
    CONSTRAINT resumptions_pkey PRIMARY KEY (ticket_id)
);
CREATE INDEX resumptions_until_idx ON resumptions (until, ticket_id);
