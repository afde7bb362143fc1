-- A reassignment takes along what its caller may reassign. Source: R10, DESIGN rule 16.

-- Tickets that the person had in hand besides, when it began.
ALTER TABLE reassignments ADD COLUMN left_out integer NOT NULL DEFAULT 0;

-- Unit leaders list those of their units.
CREATE INDEX reassignments_by_unit ON reassignments USING gin (unit_ids);
