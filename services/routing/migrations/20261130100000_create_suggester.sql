-- What was learnt from resolved tickets: weights, and no words of anybody. Source: R11.
CREATE TABLE suggest_models (
    -- number of the training; the highest is in use
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trained_at      timestamptz NOT NULL,
    trained_by      text        NOT NULL,
    -- resolved tickets that were read
    tickets         bigint      NOT NULL,
    -- how good it is on held-out tickets, JSON
    quality         text        NOT NULL,
    -- +1 with every change of the weights
    revision        bigint      NOT NULL DEFAULT 1,
    -- tickets that were learnt from since
    learnt          bigint      NOT NULL DEFAULT 0,
    items_suggested bigint      NOT NULL DEFAULT 0,
    items_right     bigint      NOT NULL DEFAULT 0,
    units_suggested bigint      NOT NULL DEFAULT 0,
    units_right     bigint      NOT NULL DEFAULT 0,
    -- the weights; gone when another is in use
    weights         bytea
);
-- Numbers of weights do not become shorter.
ALTER TABLE suggest_models ALTER COLUMN weights SET STORAGE EXTERNAL;

-- Tickets that have resolved and are to be learnt from. Their words are read when that is done, and not kept.
CREATE TABLE suggest_pending (
    ticket_id  uuid        PRIMARY KEY,
    region     bigint      NOT NULL,
    item       text        NOT NULL,
    unit_id    text        NOT NULL,
    queued_at  timestamptz NOT NULL
);

CREATE INDEX suggest_pending_newest ON suggest_pending (queued_at DESC, ticket_id);
