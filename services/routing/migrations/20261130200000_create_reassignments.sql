-- Reassignments in bulk: what a person has in hand goes to others. Source: R10.

-- What the ticket of a holding is called, where it is and what about. None: its last event came before these columns; it is
-- read from tickets' log when it is needed.
ALTER TABLE holdings
    ADD COLUMN ticket_number text,
    ADD COLUMN region        bigint,
    ADD COLUMN item          text;

-- Oldest first: ids rise with the time at which tickets were made.
DROP INDEX holdings_by_person;
CREATE INDEX holdings_by_person ON holdings (person_id, ticket_id) WHERE person_id IS NOT NULL;

-- One reassignment of a person's tickets.
CREATE TABLE reassignments (
    id          uuid        PRIMARY KEY,
    person_id   text        NOT NULL,
    -- units that the tickets were with when it began
    unit_ids    text[]      NOT NULL,
    -- the domain's Wish and Plan, JSON
    wish        text        NOT NULL,
    plan        text        NOT NULL,
    leave_id    uuid,
    reason      text        NOT NULL,
    total       integer     NOT NULL,
    -- 1 running, 2 stopping, 3 finished, 4 stopped
    state       smallint    NOT NULL DEFAULT 1 CONSTRAINT reassignments_state CHECK (state BETWEEN 1 AND 4),
    -- when a replica looks after it next
    due_at      timestamptz NOT NULL,
    started_at  timestamptz NOT NULL,
    started_by  text        NOT NULL,
    stopped_by  text        NOT NULL DEFAULT '',
    finished_at timestamptz
);

CREATE UNIQUE INDEX reassignments_running ON reassignments (person_id) WHERE state IN (1, 2);
CREATE INDEX reassignments_due ON reassignments (due_at) WHERE state IN (1, 2);
CREATE INDEX reassignments_by_person ON reassignments (person_id, id);

-- What the person had in hand when it began, and what became of it.
CREATE TABLE reassignment_tickets (
    reassignment_id uuid     NOT NULL CONSTRAINT reassignment_tickets_of REFERENCES reassignments (id),
    ticket_id       uuid     NOT NULL,
    unit_id         text     NOT NULL,
    -- 1 waiting, 2 open, 3 transferred, 4 refused, 5 nobody able, 6 moved on, 7 stopped
    state           smallint NOT NULL DEFAULT 1 CONSTRAINT reassignment_tickets_state CHECK (state BETWEEN 1 AND 7),
    decision_id     uuid,
    to_person_id    text,
    why             text     NOT NULL DEFAULT '',
    -- of tickets that nobody could take: the domain's CourseTrials, JSON
    courses         text     NOT NULL DEFAULT '',
    CONSTRAINT reassignment_tickets_pkey PRIMARY KEY (reassignment_id, ticket_id)
) WITH (fillfactor = 80);

CREATE INDEX reassignment_tickets_by_state ON reassignment_tickets (reassignment_id, state, ticket_id);
CREATE INDEX reassignment_tickets_by_decision ON reassignment_tickets (decision_id) WHERE decision_id IS NOT NULL;

-- A decision may hand a ticket over instead of dispatching it; 6: transferred.
ALTER TABLE decisions
    ADD COLUMN reassignment_id uuid,
    ADD COLUMN from_person_id  text,
    DROP CONSTRAINT decisions_state,
    ADD CONSTRAINT decisions_state CHECK (state BETWEEN 1 AND 6) NOT VALID;
