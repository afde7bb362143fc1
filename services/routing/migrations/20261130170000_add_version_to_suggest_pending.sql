-- Which version of a ticket waits to be learnt from: a training takes out what it has read, and nothing that came after it.
-- What waits already is read by any training that finds the ticket. Source: R11.
ALTER TABLE suggest_pending ADD COLUMN version bigint NOT NULL DEFAULT 0;
