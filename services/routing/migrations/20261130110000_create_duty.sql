-- Who is on duty. Source: R3. A revision of a roster is never changed.
CREATE TABLE roster_revisions (
    revision   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    roster_id  text        NOT NULL,
    unit_id    text        NOT NULL,
    -- the domain's Roster
    document   jsonb       NOT NULL,
    written_at timestamptz NOT NULL,
    written_by text        NOT NULL
);

-- The rosters there are, each at its present revision.
CREATE TABLE rosters (
    id       text   PRIMARY KEY,
    revision bigint NOT NULL CONSTRAINT rosters_revision REFERENCES roster_revisions (revision),
    unit_id  text   NOT NULL CONSTRAINT rosters_unit REFERENCES units (id)
);

CREATE INDEX rosters_by_unit ON rosters (unit_id, id);

-- A person is away; taken back: cancelled_at.
CREATE TABLE leaves (
    id           uuid        PRIMARY KEY,
    person_id    text        NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    stand_in_id  text,
    reason       text        NOT NULL,
    recorded_at  timestamptz NOT NULL,
    recorded_by  text        NOT NULL,
    cancelled_at timestamptz,
    CONSTRAINT leaves_times CHECK (starts_at < ends_at)
);

CREATE INDEX leaves_by_person ON leaves (person_id, id);
CREATE INDEX leaves_by_end ON leaves (ends_at) WHERE cancelled_at IS NULL;

-- One shift of one day that is somebody else's.
CREATE TABLE swaps (
    roster_id   text        NOT NULL,
    shift       text        NOT NULL,
    day         date        NOT NULL,
    person_id   text        NOT NULL,
    stand_in_id text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text        NOT NULL,
    CONSTRAINT swaps_pkey PRIMARY KEY (roster_id, shift, day, person_id)
);

CREATE INDEX swaps_by_day ON swaps (day);
