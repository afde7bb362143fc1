-- How often in a row a reassignment did not get on: it waits the longer, and the others do not wait for it. Source: R10.
ALTER TABLE reassignments ADD COLUMN failures integer NOT NULL DEFAULT 0;
