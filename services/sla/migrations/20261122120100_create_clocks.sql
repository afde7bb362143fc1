-- Clocks of tickets. A running clock's next warning or breach is in its own row, so that clock and timer can never
-- disagree: firing is one update of one row. S3, S5.
CREATE TABLE clocks (
    id                       uuid        NOT NULL,
    ticket_id                uuid        NOT NULL,
    ticket_number            text        NOT NULL,
    round                    integer     NOT NULL,
    -- 1 dispatch, 2 handling, 3 callback: as in the contract.
    kind                     smallint    NOT NULL,
    -- 1 running, 2 stopped, 3 cancelled.
    state                    smallint    NOT NULL,
    policy                   text        NOT NULL,
    calendar                 text        NOT NULL,
    amount                   text        NOT NULL,
    started_at               timestamptz NOT NULL,
    due_at                   timestamptz NOT NULL,
    stopped_at               timestamptz,
    breached                 boolean     NOT NULL,
    -- [{"percent": 50, "at": "2026-03-02T06:00:00Z"}, …], ascending.
    thresholds               jsonb       NOT NULL,
    -- How many of them were warned of.
    warned                   smallint    NOT NULL,
    working_seconds          bigint,
    handling_working_seconds bigint,
    unit_id                  text        NOT NULL,
    handler_id               text        NOT NULL,
    region                   bigint      NOT NULL,
    version                  bigint      NOT NULL,
    -- 1 live, 2 import.
    origin                   smallint    NOT NULL,
    -- Set while an import may still say how the clock ended.
    settle_at                timestamptz,
    -- When something is to happen next; null when nothing is left to fire.
    next_fire_at             timestamptz,
    CONSTRAINT clocks_pkey PRIMARY KEY (id),
    CONSTRAINT clocks_kind_check CHECK (kind BETWEEN 1 AND 3),
    CONSTRAINT clocks_state_check CHECK (state BETWEEN 1 AND 3),
    CONSTRAINT clocks_origin_check CHECK (origin BETWEEN 1 AND 2),
    CONSTRAINT clocks_running_check CHECK ((state = 1) = (stopped_at IS NULL)),
    CONSTRAINT clocks_fire_check CHECK (state = 1 OR next_fire_at IS NULL)
);

-- A ticket's clocks in the order they started (ids are UUIDv7).
CREATE INDEX clocks_ticket_idx ON clocks (ticket_id, id);
-- A ticket named by its number.
CREATE INDEX clocks_number_idx ON clocks (ticket_number, id);
-- One clock of a kind runs at a time.
CREATE UNIQUE INDEX clocks_running_idx ON clocks (ticket_id, kind) WHERE state = 1;
-- The timers: what fires next.
CREATE INDEX clocks_timers_idx ON clocks (next_fire_at) WHERE next_fire_at IS NOT NULL AND settle_at IS NULL;
-- Imports that are not settled yet; never among the timers.
CREATE INDEX clocks_settle_idx ON clocks (next_fire_at) WHERE next_fire_at IS NOT NULL AND settle_at IS NOT NULL;
