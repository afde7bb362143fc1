-- What sla's clocks say of tickets: the latest clock of each kind, and of each record that has one of its own.
CREATE TABLE deadlines (
    ticket_id uuid        NOT NULL,
    -- As in sla's contract: 2 handling, 4 assist, 5 review, 6 supervision.
    kind      smallint    NOT NULL,
    -- The assist, review or directive; nil for the clocks of a round.
    record_id uuid        NOT NULL,
    clock_id  uuid        NOT NULL,
    version   bigint      NOT NULL,
    round     integer     NOT NULL,
    -- 1 running, 2 stopped, 3 cancelled, 4 paused.
    state     smallint    NOT NULL,
    due_at    timestamptz NOT NULL,
    breached  boolean     NOT NULL,
    CONSTRAINT deadlines_pkey PRIMARY KEY (ticket_id, kind, record_id)
);
