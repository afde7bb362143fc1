-- Facts that reports are counted from. Each table is written by the consumer of one owner and keeps the version of the
-- event it stands for, so that the order in which owners are heard does not matter and repeats change nothing.

-- A round of a ticket, as tickets' latest event about it left it.
CREATE TABLE rounds (
    ticket_id uuid NOT NULL,
    round integer NOT NULL,
    version bigint NOT NULL,
    -- 1 live, 2 import.
    origin smallint NOT NULL,
    -- The ticket's type by its number in the contract.
    type smallint NOT NULL,
    item text NOT NULL,
    -- As the ticket was received; then what it counts for at each level.
    region bigint NOT NULL,
    province bigint NOT NULL,
    city bigint NOT NULL,
    county bigint NOT NULL,
    -- Empty while nobody has it.
    unit_id text NOT NULL,
    -- Receipt for round 1, the reopening for later ones.
    began_at timestamptz NOT NULL,
    first_dispatched_at timestamptz,
    resolved_at timestamptz,
    -- Its first urge.
    urged_at timestamptz,
    -- It waits to be resolved.
    open boolean NOT NULL,
    -- The ticket was cancelled: all its rounds are.
    cancelled boolean NOT NULL,
    PRIMARY KEY (ticket_id, round)
);

CREATE INDEX rounds_by_beginning ON rounds (began_at);
CREATE INDEX rounds_by_resolution ON rounds (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX rounds_by_urge ON rounds (urged_at) WHERE urged_at IS NOT NULL;

-- Acts that are counted by themselves: 1 dispatched, 2 returned, 3 reopened, 4 urged.
CREATE TABLE acts (
    ticket_id uuid NOT NULL,
    version bigint NOT NULL,
    -- Of a reopening, the round that ended.
    round integer NOT NULL,
    kind smallint NOT NULL,
    at timestamptz NOT NULL,
    -- Empty: the unit of the round.
    unit_id text NOT NULL,
    PRIMARY KEY (ticket_id, version)
);

CREATE INDEX acts_by_time ON acts (at);

-- The handling clock of a round, from sla.
CREATE TABLE handlings (
    ticket_id uuid NOT NULL,
    round integer NOT NULL,
    clock_id uuid NOT NULL,
    version bigint NOT NULL,
    due_at timestamptz NOT NULL,
    -- Set when it stopped.
    on_time boolean,
    working_seconds bigint,
    PRIMARY KEY (ticket_id, round)
);

-- Completed callbacks.
CREATE TABLE answers (
    task_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    ticket_id uuid NOT NULL,
    round integer NOT NULL,
    completed_at timestamptz NOT NULL,
    contacted boolean NOT NULL,
    solved boolean NOT NULL,
    satisfied boolean NOT NULL
);

CREATE INDEX answers_by_time ON answers (completed_at);

-- Names of units, from routing.
CREATE TABLE units (
    id text PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL
);

-- Every countable thing with its time and what it can be counted by. A condition on `at` reaches the index of each part.
CREATE VIEW facts AS
SELECT 'began'::text AS kind, r.began_at AS at, r.unit_id, r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, r.open AND NOT r.cancelled AS open, h.due_at, NULL::boolean AS on_time,
       NULL::double precision AS working_seconds, NULL::double precision AS elapsed_seconds,
       NULL::boolean AS contacted, NULL::boolean AS solved, NULL::boolean AS satisfied
FROM rounds r LEFT JOIN handlings h USING (ticket_id, round)
UNION ALL
SELECT 'resolved', r.resolved_at, r.unit_id, r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, h.due_at, h.on_time,
       h.working_seconds::double precision,
       EXTRACT(EPOCH FROM r.resolved_at - r.first_dispatched_at)::double precision,
       NULL, NULL, NULL
FROM rounds r LEFT JOIN handlings h USING (ticket_id, round)
WHERE r.resolved_at IS NOT NULL AND NOT r.cancelled
UNION ALL
SELECT 'urged', r.urged_at, r.unit_id, r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM rounds r
WHERE r.urged_at IS NOT NULL AND NOT r.cancelled
UNION ALL
SELECT CASE a.kind WHEN 1 THEN 'dispatch' WHEN 2 THEN 'return' WHEN 3 THEN 'reopening' ELSE 'urge' END,
       a.at, CASE a.unit_id WHEN '' THEN r.unit_id ELSE a.unit_id END,
       r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM acts a JOIN rounds r USING (ticket_id, round)
WHERE NOT r.cancelled
UNION ALL
SELECT 'callback', k.completed_at, r.unit_id, r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, NULL, NULL, NULL, NULL, k.contacted, k.solved, k.satisfied
FROM answers k JOIN rounds r USING (ticket_id, round)
WHERE NOT r.cancelled;

-- Rebuilds, the latest last.
CREATE TABLE rebuilds (
    id uuid PRIMARY KEY,
    -- Who asked.
    caller text NOT NULL,
    request_id uuid NOT NULL,
    -- 1 running, 2 succeeded, 3 failed; as in the contract.
    state smallint NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    error text NOT NULL,
    -- Per owner: source, applied, expected, done.
    sources jsonb NOT NULL,
    UNIQUE (caller, request_id)
);

CREATE UNIQUE INDEX rebuilds_one_at_a_time ON rebuilds ((true)) WHERE state = 1;
CREATE INDEX rebuilds_by_start ON rebuilds (started_at);

-- Where a rebuild counts until its counts are whole: tables of the same names as here.
CREATE SCHEMA rebuild;
