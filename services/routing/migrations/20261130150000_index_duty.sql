-- Members of a unit. Source: R3.
CREATE INDEX principals_by_unit ON principals USING gin (unit_ids);

-- The order in which swaps are listed; it begins with the day, as swaps_by_day did.
CREATE INDEX swaps_in_order ON swaps (day, roster_id, person_id, shift);
DROP INDEX swaps_by_day;

-- Swaps that a revision of their roster took back, as they no longer fit.
CREATE TABLE dropped_swaps (
    revision    bigint NOT NULL CONSTRAINT dropped_swaps_revision REFERENCES roster_revisions (revision),
    roster_id   text   NOT NULL,
    shift       text   NOT NULL,
    day         date   NOT NULL,
    person_id   text   NOT NULL,
    stand_in_id text   NOT NULL,
    CONSTRAINT dropped_swaps_pkey PRIMARY KEY (revision, shift, day, person_id)
);
