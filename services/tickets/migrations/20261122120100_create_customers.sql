-- Who asks. `key_index` is a blind index, an HMAC of the E.164 number or of a source's key for the citizen; none
-- for one who left no number.
CREATE TABLE customers (
    id              uuid        NOT NULL,
    key_index       bytea,
    last_four_index bytea,
    tier            text        NOT NULL DEFAULT 'standard',
    first_seen_at   timestamptz NOT NULL,
    CONSTRAINT customers_pkey PRIMARY KEY (id),
    CONSTRAINT customers_key_index_key UNIQUE (key_index)
);
CREATE INDEX customers_last_four ON customers (last_four_index, first_seen_at DESC) WHERE last_four_index IS NOT NULL;

-- The contact given with a ticket: AES-256-GCM under the key of this version, bound to the ticket's id. The only place
-- where phone, name, identity number and address are kept.
CREATE TABLE contacts (
    ticket_id   uuid        NOT NULL,
    customer_id uuid        NOT NULL,
    key_version int         NOT NULL,
    sealed      bytea       NOT NULL,
    given_at    timestamptz NOT NULL,
    CONSTRAINT contacts_pkey PRIMARY KEY (ticket_id)
);
CREATE INDEX contacts_customer ON contacts (customer_id, given_at DESC);

-- Who read a contact in clear, and why.
CREATE TABLE contact_reads (
    id          uuid        NOT NULL,
    customer_id uuid        NOT NULL,
    ticket_id   uuid,
    reader      text        NOT NULL,
    purpose     text        NOT NULL,
    read_at     timestamptz NOT NULL,
    CONSTRAINT contact_reads_pkey PRIMARY KEY (id)
);
CREATE INDEX contact_reads_customer ON contact_reads (customer_id, read_at DESC);
