-- A task asks about one resolved round of a ticket. What is personal stays in tickets' contact tables.
CREATE TABLE tasks (
    id              uuid        NOT NULL,
    ticket_id       uuid        NOT NULL,
    ticket_number   text        NOT NULL,
    round           integer     NOT NULL,
    -- 1 open, 2 pending_callback, 3 completed, 4 given_up, 5 skipped, 6 historical: as in the contract.
    state           smallint    NOT NULL,
    -- 1 live, 2 import.
    origin          smallint    NOT NULL,
    attempts        integer     NOT NULL DEFAULT 0,
    refused         integer     NOT NULL DEFAULT 0,
    wrong_number    integer     NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    due_at          timestamptz,
    unit_id         text        NOT NULL,
    region          bigint      NOT NULL,
    customer_id     uuid,
    contacted       boolean,
    solved          boolean,
    satisfied       boolean,
    reopen          boolean     NOT NULL DEFAULT false,
    reason          text        NOT NULL DEFAULT '',
    agent_id        text,
    held_until      timestamptz,
    -- +1 per taking; with `version` it makes the etag.
    takes           integer     NOT NULL DEFAULT 0,
    version         bigint      NOT NULL,
    opened_at       timestamptz NOT NULL,
    ended_at        timestamptz,
    CONSTRAINT tasks_pkey PRIMARY KEY (id),
    CONSTRAINT tasks_round_key UNIQUE (ticket_id, round),
    CONSTRAINT tasks_state_check CHECK (state BETWEEN 1 AND 6),
    CONSTRAINT tasks_origin_check CHECK (origin BETWEEN 1 AND 2),
    CONSTRAINT tasks_round_check CHECK (round >= 1),
    CONSTRAINT tasks_hold_check CHECK ((agent_id IS NULL) = (held_until IS NULL)),
    -- Only a success is submitted with a result, and every success is: C3, C5.
    CONSTRAINT tasks_result_check CHECK (num_nonnulls(contacted, solved, satisfied) = CASE state WHEN 3 THEN 3 ELSE 0 END),
    CONSTRAINT tasks_outstanding_check CHECK ((state IN (1, 2)) = (ended_at IS NULL)),
    CONSTRAINT tasks_next_check CHECK ((state IN (1, 2)) = (next_attempt_at IS NOT NULL)),
    CONSTRAINT tasks_historical_check CHECK (state <> 6 OR due_at IS NULL)
);

-- The queue: what is still to be called, the earliest due first. Small: tasks leave it when they end.
CREATE INDEX tasks_queue_idx ON tasks (due_at, id) WHERE state IN (1, 2);
-- A ticket named by its number.
CREATE INDEX tasks_number_idx ON tasks (ticket_number, round);
-- Lists, newest first.
CREATE INDEX tasks_state_idx ON tasks (state, id);
CREATE INDEX tasks_unit_idx ON tasks (unit_id, id);

-- Every call that was made, with the agent's words.
CREATE TABLE attempts (
    task_id         uuid        NOT NULL REFERENCES tasks (id),
    number          integer     NOT NULL,
    -- 1 success, 2 no_answer, 3 refused, 4 wrong_number, 5 call_later: as in the contract.
    outcome         smallint    NOT NULL,
    agent_id        text        NOT NULL,
    attempted_at    timestamptz NOT NULL,
    next_attempt_at timestamptz,
    note            text        NOT NULL DEFAULT '',
    CONSTRAINT attempts_pkey PRIMARY KEY (task_id, number),
    CONSTRAINT attempts_outcome_check CHECK (outcome BETWEEN 1 AND 5)
);

-- Which agent was shown a contact, and when; not what it was.
CREATE TABLE contact_reads (
    id       uuid        NOT NULL,
    task_id  uuid        NOT NULL,
    agent_id text        NOT NULL,
    read_at  timestamptz NOT NULL,
    CONSTRAINT contact_reads_pkey PRIMARY KEY (id)
);
CREATE INDEX contact_reads_task_idx ON contact_reads (task_id, read_at);
