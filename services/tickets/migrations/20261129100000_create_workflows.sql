-- Workflows as people wrote them; a version, once there, stays as it is, because tickets follow it. The first versions of
-- those that ship are in the program.
CREATE TABLE workflows (
    key        text        NOT NULL,
    version    integer     NOT NULL,
    definition text        NOT NULL,
    set_by     text        NOT NULL,
    set_at     timestamptz NOT NULL,
    CONSTRAINT workflows_pkey PRIMARY KEY (key, version)
);

-- Which workflow a new ticket follows: kind 0 is any type, an empty item any item, else a branch of the catalogue.
CREATE TABLE workflow_rules (
    kind     smallint    NOT NULL,
    item     text        NOT NULL,
    workflow text        NOT NULL,
    set_by   text        NOT NULL,
    set_at   timestamptz NOT NULL,
    CONSTRAINT workflow_rules_pkey PRIMARY KEY (kind, item)
);

-- UnitKind of routing's contract; 0: not known yet.
ALTER TABLE units ADD COLUMN kind integer NOT NULL DEFAULT 0;
