-- What was erased of a ticket: its contact and whose it is; what people wrote. A ticket that is reopened has texts again.
ALTER TABLE tickets
    ADD COLUMN contact_erased boolean NOT NULL DEFAULT false,
    ADD COLUMN texts_erased   boolean NOT NULL DEFAULT false;
-- What retention looks at: tickets that are over, with something left, the longest ago received first.
CREATE INDEX tickets_to_erase ON tickets (received_at, id) WHERE phase >= 10 AND NOT (contact_erased AND texts_erased);

-- What must not be erased, and why; of a ticket or of all of a customer's.
CREATE TABLE legal_holds (
    id             uuid        NOT NULL,
    ticket_id      uuid,
    customer_id    uuid,
    reason         text        NOT NULL,
    placed_by      text        NOT NULL,
    placed_at      timestamptz NOT NULL,
    -- When it ends by itself; null: only by release.
    held_until     timestamptz,
    released_by    text,
    released_at    timestamptz,
    release_reason text,
    CONSTRAINT legal_holds_pkey PRIMARY KEY (id),
    CONSTRAINT legal_holds_subject_check CHECK (num_nonnulls(ticket_id, customer_id) = 1),
    CONSTRAINT legal_holds_released_check CHECK (num_nonnulls(released_by, released_at, release_reason) IN (0, 3))
);
CREATE INDEX legal_holds_ticket ON legal_holds (ticket_id) WHERE released_at IS NULL;
CREATE INDEX legal_holds_customer ON legal_holds (customer_id) WHERE released_at IS NULL;

-- Erasures that were asked for: by whom, why, and what they came to. Nothing personal.
CREATE TABLE erasures (
    id          uuid        NOT NULL,
    caller      text        NOT NULL,
    request_id  uuid        NOT NULL,
    hash        bytea       NOT NULL,
    ticket_id   uuid,
    customer_id uuid,
    reason      text        NOT NULL,
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    tickets     int         NOT NULL DEFAULT 0,
    CONSTRAINT erasures_pkey PRIMARY KEY (id),
    CONSTRAINT erasures_request_key UNIQUE (caller, request_id)
);
