-- Who is to answer for areas. Source: R1, effective dates. What has become true stands in `areas` and not here any more.
CREATE TABLE area_plans (
    begins_at   timestamptz NOT NULL,
    -- first and last code it covers
    region_from bigint      NOT NULL,
    region_to   bigint      NOT NULL,
    -- key of a catalogue item or branch; empty: the whole catalogue
    item        text        NOT NULL,
    -- none: nobody answers for it from then on
    unit_id     text        CONSTRAINT area_plans_unit REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    recorded_at timestamptz NOT NULL,
    recorded_by text        NOT NULL,
    CONSTRAINT area_plans_pkey PRIMARY KEY (begins_at, region_from, region_to, item),
    CONSTRAINT area_plans_range CHECK (region_from <= region_to)
);

ALTER TABLE imports ADD COLUMN areas_planned integer NOT NULL DEFAULT 0;
