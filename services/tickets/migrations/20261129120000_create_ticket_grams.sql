-- What tickets are found by: the grams of their texts (libs/text), and the bands by which texts that are alike are found.
-- Written behind the event log by a job, never in the transaction of an act. Source: T10, T28.
CREATE TABLE ticket_grams (
    ticket_id     uuid        NOT NULL,
    -- When the ticket was received.
    at            timestamptz NOT NULL,
    -- The first so many grams are those of subject and body, in order; those of resolutions and of the number follow.
    request_grams int         NOT NULL,
    grams         int[]       NOT NULL,
    bands         bigint[]    NOT NULL,
    CONSTRAINT ticket_grams_pkey PRIMARY KEY (ticket_id)
);
-- Read a thousand and more at a time: beside the row, not out of line.
ALTER TABLE ticket_grams ALTER grams SET STORAGE main, ALTER bands SET STORAGE main;
-- Common words are looked for among the newest, rare ones by their grams.
CREATE INDEX ticket_grams_at ON ticket_grams (at DESC, ticket_id DESC);
CREATE INDEX ticket_grams_grams ON ticket_grams USING gin (grams) WITH (gin_pending_list_limit = 512);
CREATE INDEX ticket_grams_bands ON ticket_grams USING gin (bands) WITH (gin_pending_list_limit = 512);

-- How far the job is: a place in the event log, and, while the index is built anew, a ticket. One row; who holds its lock
-- works.
CREATE TABLE text_index (
    only_one boolean     NOT NULL DEFAULT true,
    -- Of the way texts are cut and signed that the index was made with, or is being made with.
    version  int         NOT NULL DEFAULT 0,
    txid     bigint      NOT NULL DEFAULT 0,
    position bigint      NOT NULL DEFAULT 0,
    building boolean     NOT NULL DEFAULT false,
    built_to uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    built    bigint      NOT NULL DEFAULT 0,
    total    bigint      NOT NULL DEFAULT 0,
    CONSTRAINT text_index_pkey PRIMARY KEY (only_one),
    CONSTRAINT text_index_only_one_check CHECK (only_one)
);
INSERT INTO text_index DEFAULT VALUES;
