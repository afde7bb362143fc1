-- What each unit was, is and is to be. Source: R1, effective dates. `units` holds the state of now ready.
CREATE TABLE unit_states (
    unit_id     text        NOT NULL CONSTRAINT unit_states_unit REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    -- until the next state of the unit; its first one begins in year 1: of what was before it nobody told
    begins_at   timestamptz NOT NULL,
    name        text        NOT NULL,
    kind        smallint    NOT NULL CONSTRAINT unit_states_kind CHECK (kind BETWEEN 1 AND 4),
    parent_id   text        CONSTRAINT unit_states_parent REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    region      bigint      NOT NULL,
    valid_from  timestamptz,
    valid_to    timestamptz,
    -- the unit's version in this state; none: it has not begun
    version     bigint,
    recorded_at timestamptz NOT NULL,
    recorded_by text        NOT NULL,
    CONSTRAINT unit_states_pkey PRIMARY KEY (unit_id, begins_at)
);

-- What is due next, and all that is planned.
CREATE INDEX unit_states_planned ON unit_states (begins_at, unit_id) WHERE version IS NULL;

INSERT INTO unit_states (unit_id, begins_at, name, kind, parent_id, region, valid_from, valid_to, version, recorded_at,
                         recorded_by)
SELECT id, '0001-01-01T00:00:00Z', name, kind, parent_id, region, valid_from, valid_to, version, now(), '' FROM units;

ALTER TABLE imports ADD COLUMN units_planned integer NOT NULL DEFAULT 0;
