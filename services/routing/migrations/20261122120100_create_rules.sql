-- Rules. A revision is never changed, so that a decision can be explained with the rules as they were. Source: R4, R7.
CREATE TABLE rule_revisions (
    revision   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule_id    text        NOT NULL,
    name       text        NOT NULL,
    position   integer     NOT NULL,
    condition  text        NOT NULL,
    -- target and marks
    action     jsonb       NOT NULL,
    disabled   boolean     NOT NULL,
    written_at timestamptz NOT NULL,
    written_by text        NOT NULL
);

-- The rules there are, each at its present revision.
CREATE TABLE rules (
    id       text    PRIMARY KEY,
    revision bigint  NOT NULL CONSTRAINT rules_revision REFERENCES rule_revisions (revision),
    position integer NOT NULL CONSTRAINT rules_position UNIQUE CHECK (position > 0)
);
