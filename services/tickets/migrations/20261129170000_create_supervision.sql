-- Directives (督办) of all tickets, as lists and the job that climbs their lateness look for them; what they are is in the
-- ticket's state, from which a row is written in the act's transaction. state: as the contract's DirectiveState.
CREATE TABLE directives (
    id         uuid        NOT NULL,
    ticket_id  uuid        NOT NULL,
    unit_id    text        NOT NULL,
    issued_by  text        NOT NULL,
    state      smallint    NOT NULL,
    due_at     timestamptz NOT NULL,
    late_level smallint    NOT NULL,
    CONSTRAINT directives_pkey PRIMARY KEY (id)
);
CREATE INDEX directives_issued ON directives (issued_by, due_at, id);
CREATE INDEX directives_owed ON directives (unit_id, due_at, id) WHERE state = 1;
CREATE INDEX directives_late ON directives (due_at, id) WHERE state = 1 AND late_level > 0;
CREATE INDEX directives_climbing ON directives (due_at, id) WHERE state = 1 AND late_level < 3;

-- Who is to be reminded of a ticket that they track (跟踪), and when; gone when they were.
CREATE TABLE reminders (
    ticket_id uuid        NOT NULL,
    person_id text        NOT NULL,
    remind_at timestamptz NOT NULL,
    CONSTRAINT reminders_pkey PRIMARY KEY (ticket_id, person_id)
);
CREATE INDEX reminders_due ON reminders (remind_at, ticket_id);

-- What was shown inside a unit (传阅, 公告): a ticket, whose note is in record_texts under the circulation's id, or an
-- announcement with title and text, in which numbers are masked. person_ids: empty is all of the unit.
CREATE TABLE circulations (
    id                 uuid        NOT NULL,
    ticket_id          uuid,
    unit_id            text        NOT NULL,
    person_ids         text[]      NOT NULL,
    title              text        NOT NULL,
    text               text        NOT NULL,
    circulated_by      text        NOT NULL,
    circulated_by_name text        NOT NULL,
    circulated_at      timestamptz NOT NULL,
    CONSTRAINT circulations_pkey PRIMARY KEY (id)
);
CREATE INDEX circulations_of_unit ON circulations (unit_id, circulated_at DESC, id DESC);
CREATE INDEX circulations_of_ticket ON circulations (ticket_id, circulated_at DESC, id DESC) WHERE ticket_id IS NOT NULL;

-- Who has read one.
CREATE TABLE circulation_reads (
    circulation_id uuid        NOT NULL,
    person_id      text        NOT NULL,
    read_at        timestamptz NOT NULL,
    CONSTRAINT circulation_reads_pkey PRIMARY KEY (circulation_id, person_id)
);

-- Members of a unit.
CREATE INDEX principals_by_unit ON principals USING gin (unit_ids);
