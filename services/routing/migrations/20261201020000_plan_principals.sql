-- What staff are to be. Source: R1, effective dates. What has come into force stands in `principals` and not here any more.
CREATE TABLE principal_plans (
    principal_id text        NOT NULL,
    begins_at    timestamptz NOT NULL,
    -- all of it, as in `principals`; citizens have no plans
    issuer       text        NOT NULL,
    subject      text        NOT NULL,
    name         text        NOT NULL,
    kind         smallint    NOT NULL CONSTRAINT principal_plans_kind CHECK (kind IN (1, 2)),
    roles        text[]      NOT NULL,
    unit_ids     text[]      NOT NULL,
    regions      bigint[]    NOT NULL,
    rights       text[]      NOT NULL,
    email        text        NOT NULL,
    language     text        NOT NULL,
    skills       text[]      NOT NULL,
    tier         smallint    NOT NULL,
    active       boolean     NOT NULL,
    recorded_at  timestamptz NOT NULL,
    recorded_by  text        NOT NULL,
    -- why it did not come into force when it was due; none: it is still to
    failure      text,
    CONSTRAINT principal_plans_pkey PRIMARY KEY (principal_id, begins_at)
);

-- What is due next.
CREATE INDEX principal_plans_due ON principal_plans (begins_at, principal_id) WHERE failure IS NULL;
-- Who is to have a token that an import gives to somebody.
CREATE INDEX principal_plans_token ON principal_plans (issuer, subject) WHERE failure IS NULL;
CREATE INDEX principal_plans_failed ON principal_plans (principal_id) WHERE failure IS NOT NULL;

-- What staff were, without what they are called, their mail and tokens: these are erased with the principal's.
CREATE TABLE principal_states (
    principal_id text        NOT NULL,
    -- until then; since the state before, or since they were first told of
    ended_at     timestamptz NOT NULL,
    -- none, and nothing else either: they were not there
    version      bigint,
    kind         smallint,
    roles        text[],
    unit_ids     text[],
    regions      bigint[],
    rights       text[],
    skills       text[],
    tier         smallint,
    active       boolean,
    CONSTRAINT principal_states_pkey PRIMARY KEY (principal_id, ended_at),
    CONSTRAINT principal_states_whole CHECK (num_nulls(version, kind, roles, unit_ids, regions, rights, skills, tier, active)
                                             IN (0, 9))
);

CREATE INDEX principal_states_by_unit ON principal_states USING gin (unit_ids);

ALTER TABLE imports ADD COLUMN principals_planned integer NOT NULL DEFAULT 0;
