-- Units as routing last described them, as far as dispatch and transfer need to know.
CREATE TABLE units (
    id         text   NOT NULL,
    name       text   NOT NULL,
    valid_from timestamptz,
    valid_to   timestamptz,
    version    bigint NOT NULL,
    CONSTRAINT units_pkey PRIMARY KEY (id)
);
