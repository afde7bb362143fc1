-- Who answers in person for a customer or an asset. Source: R5. Read by keys on the way of a ticket, never as a whole: a house
-- may have some hundred thousand.
CREATE TABLE responsibilities (
    id          uuid        PRIMARY KEY,
    -- exactly one of the two
    customer_id uuid,
    asset       text,
    -- key of a catalogue item or branch; empty: the whole catalogue
    item        text        NOT NULL,
    person_id   text        NOT NULL,
    unit_id     text        NOT NULL,
    valid_from  timestamptz,
    valid_to    timestamptz,
    updated_at  timestamptz NOT NULL,
    updated_by  text        NOT NULL,
    CONSTRAINT responsibilities_charge CHECK (num_nonnulls(customer_id, asset) = 1),
    CONSTRAINT responsibilities_dates CHECK (valid_from < valid_to)
);

CREATE INDEX responsibilities_by_customer ON responsibilities (customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX responsibilities_by_asset ON responsibilities (asset, id) WHERE asset IS NOT NULL;
CREATE INDEX responsibilities_by_person ON responsibilities (person_id, id);

-- What an import of them came to, for a retry of the same request.
CREATE TABLE responsibility_imports (
    id          uuid        PRIMARY KEY,
    imported_at timestamptz NOT NULL,
    imported_by text        NOT NULL,
    begun       integer     NOT NULL,
    gone        integer     NOT NULL,
    unchanged   integer     NOT NULL
);

-- Whether a customer has any ticket left that is not erased.
CREATE INDEX ticket_scopes_by_customer ON ticket_scopes (customer_id) WHERE customer_id IS NOT NULL;
