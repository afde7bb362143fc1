-- What a house says of a customer beside what the tickets say: tier and region, when somebody made sure that the
-- contact is theirs, and a version that changes with each of them.
ALTER TABLE customers
    ADD COLUMN region      bigint,
    ADD COLUMN verified_at timestamptz,
    ADD COLUMN verified_by text,
    ADD COLUMN version     bigint NOT NULL DEFAULT 1;

-- What waits in the quarantine, by customer.
CREATE INDEX tickets_quarantined ON tickets (customer_id, id) WHERE phase = 2;

-- Until when tickets wait there. Those that left earlier go from here when their time is over.
CREATE TABLE quarantined (
    ticket_id uuid        NOT NULL,
    until     timestamptz NOT NULL,
    CONSTRAINT quarantined_pkey PRIMARY KEY (ticket_id)
);
CREATE INDEX quarantined_until ON quarantined (until, ticket_id);
