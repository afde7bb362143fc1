-- What a customer is found by: blind indexes, one row a live version of the index key. A new customer gets a row for each
-- version that is live, all or none, so that replicas that know different versions never make the same one twice.
-- `sealed` is what the indexes were made of, encrypted and bound to the customer's id, so that they can be made anew with
-- the next key; it is missing in rows of earlier releases, whose number is in the contacts.
CREATE TABLE customer_keys (
    key_index       bytea NOT NULL,
    version         int   NOT NULL,
    last_four_index bytea,
    customer_id     uuid  NOT NULL,
    key_version     int,
    sealed          bytea,
    CONSTRAINT customer_keys_pkey PRIMARY KEY (key_index),
    CONSTRAINT customer_keys_sealed_check CHECK ((key_version IS NULL) = (sealed IS NULL))
);
CREATE INDEX customer_keys_last_four ON customer_keys (last_four_index) WHERE last_four_index IS NOT NULL;
-- A rotation walks along it, and erasing finds the rows of a customer.
CREATE INDEX customer_keys_customer ON customer_keys (customer_id, version, key_version);

INSERT INTO customer_keys (key_index, version, last_four_index, customer_id)
SELECT key_index, 1, last_four_index, id FROM customers WHERE key_index IS NOT NULL;
ALTER TABLE customers DROP COLUMN key_index, DROP COLUMN last_four_index;

-- A rotation finds what is sealed with older keys; the status counts it.
CREATE INDEX contacts_key_version ON contacts (key_version, ticket_id);

-- Which keys each running process holds and writes with. A version is written with once all hold it.
CREATE TABLE key_holders (
    process    uuid        NOT NULL,
    encryption int[]       NOT NULL,
    indexes    int[]       NOT NULL,
    -- The version it seals with, and the oldest index version that it still gives to new customers.
    sealing    int         NOT NULL,
    indexing   int         NOT NULL,
    seen_at    timestamptz NOT NULL,
    CONSTRAINT key_holders_pkey PRIMARY KEY (process)
);

-- Rotations: state 1 running, 2 succeeded, 3 failed. From the begin of one on, new customers get no older index.
CREATE TABLE key_rotations (
    id                  uuid        NOT NULL,
    caller              text        NOT NULL,
    request_id          uuid        NOT NULL,
    state               smallint    NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 3),
    encryption_version  int         NOT NULL,
    index_version       int         NOT NULL,
    forget_unknown      boolean     NOT NULL,
    contacts_done       bigint      NOT NULL DEFAULT 0,
    contacts_total      bigint      NOT NULL,
    customers_done      bigint      NOT NULL DEFAULT 0,
    customers_total     bigint      NOT NULL,
    customers_forgotten bigint      NOT NULL DEFAULT 0,
    started_at          timestamptz NOT NULL,
    ended_at            timestamptz,
    error               text        NOT NULL DEFAULT '',
    CONSTRAINT key_rotations_pkey PRIMARY KEY (id),
    CONSTRAINT key_rotations_request_key UNIQUE (caller, request_id),
    CONSTRAINT key_rotations_ended_check CHECK ((state = 1) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX key_rotations_running ON key_rotations (state) WHERE state = 1;
CREATE INDEX key_rotations_started ON key_rotations (started_at DESC, id DESC);
