-- Units and areas; principals are in the table of that name that every service has. Source: R1, R2.
CREATE TABLE units (
    id         text        PRIMARY KEY,
    name       text        NOT NULL,
    -- 1 unit, 2 desk, 3 group, 4 centre
    kind       smallint    NOT NULL CONSTRAINT units_kind CHECK (kind BETWEEN 1 AND 4),
    parent_id  text        CONSTRAINT units_parent REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    region     bigint      NOT NULL,
    valid_from timestamptz,
    valid_to   timestamptz,
    version    bigint      NOT NULL,
    CONSTRAINT units_dates CHECK (valid_from < valid_to),
    CONSTRAINT units_own_parent CHECK (parent_id <> id)
);

CREATE INDEX units_by_parent ON units (parent_id, id);
CREATE INDEX units_by_region ON units (region, id);

-- A responsibility is never changed: it ends and another begins, so that a decision can be explained later.
CREATE TABLE areas (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- first and last code it covers
    region_from bigint      NOT NULL,
    region_to   bigint      NOT NULL,
    -- key of a catalogue item or branch; empty: the whole catalogue
    item        text        NOT NULL,
    unit_id     text        NOT NULL CONSTRAINT areas_unit REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    begun_at    timestamptz NOT NULL,
    ended_at    timestamptz,
    CONSTRAINT areas_range CHECK (region_from <= region_to)
);

-- One unit answers for a range and branch. Also the order of ListAreas: by region, wider ones first.
CREATE UNIQUE INDEX areas_in_force ON areas (region_from, region_to DESC, item) WHERE ended_at IS NULL;
CREATE INDEX areas_by_unit ON areas (unit_id) WHERE ended_at IS NULL;

-- What an import came to, for a retry of the same request.
CREATE TABLE imports (
    id                 uuid        PRIMARY KEY,
    imported_at        timestamptz NOT NULL,
    imported_by        text        NOT NULL,
    units_created      integer     NOT NULL,
    units_changed      integer     NOT NULL,
    principals_created integer     NOT NULL,
    principals_changed integer     NOT NULL,
    areas_begun        integer     NOT NULL,
    areas_ended        integer     NOT NULL,
    unchanged          integer     NOT NULL
);

-- Grows with every change of units, principals, areas or rules: replicas that see another number than the one their
-- memory was read at read again. Written by imports and rules only, never on the way of a ticket.
CREATE TABLE generation (
    single boolean PRIMARY KEY DEFAULT true CONSTRAINT generation_single CHECK (single),
    value  bigint  NOT NULL
);

INSERT INTO generation (value) VALUES (1);
