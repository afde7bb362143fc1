-- Versions of the service catalogue; version 1 ships with the product.
CREATE TABLE catalogues (
    version     int         NOT NULL,
    items       int         NOT NULL,
    hash        bytea       NOT NULL,
    imported_at timestamptz NOT NULL,
    CONSTRAINT catalogues_pkey PRIMARY KEY (version)
);

-- Nodes of each version in tree order.
CREATE TABLE catalogue_items (
    catalogue_version int      NOT NULL,
    ordinal           int      NOT NULL,
    key               text     NOT NULL,
    name              text     NOT NULL,
    parent_key        text     NOT NULL,
    level             smallint NOT NULL,
    leaf              boolean  NOT NULL,
    kind              smallint NOT NULL,
    urgency           smallint NOT NULL,
    impact            smallint NOT NULL,
    sla_policy        text     NOT NULL,
    routing_hints     text[]   NOT NULL,
    regions           bigint[] NOT NULL,
    CONSTRAINT catalogue_items_pkey PRIMARY KEY (catalogue_version, ordinal),
    CONSTRAINT catalogue_items_key_key UNIQUE (catalogue_version, key)
);

INSERT INTO catalogues (version, items, hash, imported_at) VALUES (1, 1, '', 'epoch');
INSERT INTO catalogue_items VALUES (1, 0, 'unclassified', 'unclassified', '', 1, true, 0, 0, 0, '', '{}', '{}');

-- Versions of the priority matrices; type 0 is for all that have none of their own. Cells row by row: urgency 1 to 4,
-- impact 1 to 4. Version 1 of type 0 is the domain's default.
CREATE TABLE priority_matrices (
    kind    smallint   NOT NULL,
    version int        NOT NULL,
    cells   smallint[] NOT NULL CHECK (cardinality(cells) = 16),
    set_at  timestamptz NOT NULL,
    CONSTRAINT priority_matrices_pkey PRIMARY KEY (kind, version)
);
INSERT INTO priority_matrices VALUES (0, 1, '{5,4,3,3,4,3,3,2,3,3,2,1,3,2,1,1}', 'epoch');
