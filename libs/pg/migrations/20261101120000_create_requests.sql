-- What was asked before, so that a retry gets its answer and another body under the same id is refused (AIP-155).
-- The message itself is never kept: only its hash, and what it led to.
CREATE TABLE requests (
    caller      text        NOT NULL,
    method      text        NOT NULL,
    request_id  uuid        NOT NULL,
    hash        bytea       NOT NULL,
    resource_id uuid        NOT NULL,
    version     bigint      NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT requests_pkey PRIMARY KEY (caller, method, request_id)
);

-- Rows are appended in the order of time and removed by it: a block range index costs next to nothing to keep.
CREATE INDEX requests_created_at ON requests USING brin (created_at) WITH (autosummarize = on);
