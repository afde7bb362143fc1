-- Addresses and points, encrypted: where a ticket is about (record: the ticket), and where somebody was who checked in at
-- a visit (record: the report). Class `contact`. Bound to the record.
CREATE TABLE places (
    ticket_id   uuid  NOT NULL,
    record_id   uuid  NOT NULL,
    key_version int   NOT NULL,
    sealed      bytea NOT NULL,
    CONSTRAINT places_pkey PRIMARY KEY (ticket_id, record_id)
);
-- A rotation finds what is sealed with older keys; the status counts it.
CREATE INDEX places_key_version ON places (key_version, record_id);

-- Which grid a ticket is about, for lists.
CREATE TABLE ticket_grids (
    ticket_id uuid NOT NULL,
    grid      text NOT NULL,
    CONSTRAINT ticket_grids_pkey PRIMARY KEY (ticket_id)
);
CREATE INDEX ticket_grids_grid ON ticket_grids (grid, ticket_id);
