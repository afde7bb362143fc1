-- Versions of forms: JSON Schemas (2020-12) that catalogue items bind by key.
CREATE TABLE forms (
    key     text        NOT NULL,
    version int         NOT NULL,
    name    text        NOT NULL,
    schema  text        NOT NULL,
    put_at  timestamptz NOT NULL,
    CONSTRAINT forms_pkey PRIMARY KEY (key, version)
);

-- The form an item binds; empty: none. Items of another type than those that ship name it here, beside the type it is
-- counted as.
ALTER TABLE catalogue_items
    ADD COLUMN form     text NOT NULL DEFAULT '',
    ADD COLUMN type_key text NOT NULL DEFAULT '';

-- Types of tickets as data: what a house set of those that ship, and its own. `base` is the type they count as.
CREATE TABLE ticket_types (
    key     text        NOT NULL,
    name_zh text        NOT NULL,
    name_en text        NOT NULL,
    base    smallint    NOT NULL CHECK (base BETWEEN 1 AND 10),
    enabled boolean     NOT NULL,
    version bigint      NOT NULL,
    put_at  timestamptz NOT NULL,
    CONSTRAINT ticket_types_pkey PRIMARY KEY (key)
);

-- Versions of each channel's standard: seconds to the first response, 0 for none. Version 1 ships.
CREATE TABLE channel_standards (
    channel smallint    NOT NULL,
    version int         NOT NULL,
    seconds int         NOT NULL CHECK (seconds >= 0),
    set_at  timestamptz NOT NULL,
    CONSTRAINT channel_standards_pkey PRIMARY KEY (channel, version)
);
INSERT INTO channel_standards (channel, version, seconds, set_at)
SELECT channel, 1, seconds, 'epoch'
FROM (VALUES (1, 30), (2, 60), (3, 60), (4, 60), (5, 60), (6, 60), (7, 86400), (8, 86400), (9, 60), (10, 0), (11, 0),
             (12, 0), (13, 180)) AS shipped (channel, seconds);

-- Values of forms that can be filtered on, a row each, in the column of their kind. All that was filled in is a text of the
-- ticket in `record_texts`, without what says who somebody is: that is sealed with the contact. The field `$type` is the
-- ticket's type, if it is one of the house's own.
CREATE TABLE ticket_fields (
    ticket_id    uuid             NOT NULL,
    field        text             NOT NULL,
    text_value   text COLLATE "C",
    number_value double precision,
    flag_value   boolean,
    date_value   date,
    CONSTRAINT ticket_fields_pkey PRIMARY KEY (ticket_id, field),
    CONSTRAINT ticket_fields_value_check CHECK (num_nonnulls(text_value, number_value, flag_value, date_value) = 1)
);
CREATE INDEX ticket_fields_text ON ticket_fields (field, text_value, ticket_id) WHERE text_value IS NOT NULL;
CREATE INDEX ticket_fields_number ON ticket_fields (field, number_value, ticket_id) WHERE number_value IS NOT NULL;
CREATE INDEX ticket_fields_flag ON ticket_fields (field, flag_value, ticket_id) WHERE flag_value IS NOT NULL;
CREATE INDEX ticket_fields_date ON ticket_fields (field, date_value, ticket_id) WHERE date_value IS NOT NULL;
