-- Recurring work. S10.
CREATE TABLE schedules (
    id               uuid        NOT NULL,
    key              text        NOT NULL,
    name             text        NOT NULL,
    -- {"cron": "0 9 * * *"} or {"working": {"calendar": "cn", "days": {"of_month": 1}, "times": ["09:00:00"], …}}
    recurrence       jsonb       NOT NULL,
    time_zone        text        NOT NULL,
    -- Key of the calendar it goes by, and the version that `next_run_at` was worked out with; null for cron.
    calendar         text,
    calendar_version integer,
    -- 1 once, 2 all, 3 skip: as in the contract.
    catch_up         smallint    NOT NULL,
    -- gongdan.sla.v1.ScheduleAction.
    action           bytea       NOT NULL,
    -- 1 active, 2 paused.
    state            smallint    NOT NULL,
    -- +1 per change by somebody; the etag.
    version          bigint      NOT NULL,
    -- Planned times up to this one are runs, or were let go.
    considered_until timestamptz NOT NULL,
    -- The first planned time after it; null while it is paused.
    next_run_at      timestamptz,
    put_at           timestamptz NOT NULL,
    put_by           text        NOT NULL,
    CONSTRAINT schedules_pkey PRIMARY KEY (id),
    CONSTRAINT schedules_key_key UNIQUE (key),
    CONSTRAINT schedules_catch_up_check CHECK (catch_up BETWEEN 1 AND 3),
    CONSTRAINT schedules_state_check CHECK (state BETWEEN 1 AND 2),
    CONSTRAINT schedules_next_check CHECK (state = 1 OR next_run_at IS NULL),
    CONSTRAINT schedules_calendar_check CHECK ((calendar IS NULL) = (calendar_version IS NULL))
);

-- What is due next.
CREATE INDEX schedules_due_idx ON schedules (next_run_at) WHERE next_run_at IS NOT NULL;

-- Planned times that came. A time is here once, whichever replica takes it on; `schedules.next_run_at` moves on in the
-- transaction that inserts it.
CREATE TABLE schedule_runs (
    schedule_id     uuid        NOT NULL,
    planned_at      timestamptz NOT NULL,
    -- UUIDv5 of both: the request_id of what it does.
    id              uuid        NOT NULL,
    -- 1 pending, 2 done, 3 failed, 4 skipped.
    state           smallint    NOT NULL,
    by_hand         boolean     NOT NULL,
    claimed_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    attempts        integer     NOT NULL,
    -- While pending: when it is tried next, or when the replica that tries it counts as dead.
    next_attempt_at timestamptz,
    -- gongdan.sla.v1.ScheduleAction as it was then, with the planned time filled in; null once it is over.
    action          bytea,
    ticket_id       uuid,
    ticket_number   text        NOT NULL,
    reason          text        NOT NULL,
    -- Skipped: how many planned times from `planned_at` to `skipped_until` it stands for.
    skipped         integer     NOT NULL,
    skipped_until   timestamptz,
    CONSTRAINT schedule_runs_pkey PRIMARY KEY (schedule_id, planned_at),
    CONSTRAINT schedule_runs_id_key UNIQUE (id),
    CONSTRAINT schedule_runs_schedule_fkey FOREIGN KEY (schedule_id) REFERENCES schedules (id) ON DELETE CASCADE,
    CONSTRAINT schedule_runs_state_check CHECK (state BETWEEN 1 AND 4),
    CONSTRAINT schedule_runs_pending_check CHECK ((state = 1) = (next_attempt_at IS NOT NULL)),
    CONSTRAINT schedule_runs_ended_check CHECK ((state = 1) = (ended_at IS NULL)),
    CONSTRAINT schedule_runs_skipped_check CHECK ((state = 4) = (skipped > 0))
);

-- What is to be tried next.
CREATE INDEX schedule_runs_pending_idx ON schedule_runs (next_attempt_at) WHERE state = 1;
-- What is old enough to be forgotten.
CREATE INDEX schedule_runs_ended_idx ON schedule_runs (ended_at) WHERE state <> 1;
