-- What units hold, with a person or without, and what waits in their pools. Source: R1. `holdings.unit_id` is from now on the
-- unit that has the ticket in hand or in whose pool it waits; a row is there once a unit or person had the ticket.
CREATE INDEX holdings_by_unit ON holdings (unit_id) WHERE unit_id IS NOT NULL;

-- What an import found to be looked after, for a retry of the same request.
ALTER TABLE imports ADD COLUMN findings jsonb NOT NULL DEFAULT '[]', ADD COLUMN more_findings integer NOT NULL DEFAULT 0;
