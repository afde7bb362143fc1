-- Marks of a desk have an index each, as those of a region have. Source: T27.
DROP INDEX tickets_marked_desk;
CREATE INDEX tickets_returned_desk ON tickets (COALESCE(lead_unit, pool_unit), priority, received_at DESC, id DESC)
    WHERE marks & 1 <> 0 AND COALESCE(lead_unit, pool_unit) IS NOT NULL;
CREATE INDEX tickets_extension_desk ON tickets (COALESCE(lead_unit, pool_unit), priority, received_at DESC, id DESC)
    WHERE marks & 2 <> 0 AND COALESCE(lead_unit, pool_unit) IS NOT NULL;
CREATE INDEX tickets_error_desk ON tickets (COALESCE(lead_unit, pool_unit), priority, received_at DESC, id DESC)
    WHERE marks & 4 <> 0 AND COALESCE(lead_unit, pool_unit) IS NOT NULL;
CREATE INDEX tickets_overdue_desk ON tickets (COALESCE(lead_unit, pool_unit), priority, received_at DESC, id DESC)
    WHERE marks & 8 <> 0 AND phase BETWEEN 3 AND 7 AND COALESCE(lead_unit, pool_unit) IS NOT NULL;

-- The newest of many marks of one person, and of much help that a unit owes, are found without looking at all of them.
ALTER TABLE trackers ADD COLUMN received_at timestamptz;
UPDATE trackers SET received_at = tickets.received_at FROM tickets WHERE tickets.id = trackers.ticket_id;
ALTER TABLE trackers ALTER COLUMN received_at SET NOT NULL;
CREATE INDEX trackers_received ON trackers (person, received_at DESC, ticket_id DESC);
ALTER TABLE assisting ADD COLUMN received_at timestamptz;
UPDATE assisting SET received_at = tickets.received_at FROM tickets WHERE tickets.id = assisting.ticket_id;
ALTER TABLE assisting ALTER COLUMN received_at SET NOT NULL;
CREATE INDEX assisting_received ON assisting (unit, received_at DESC, ticket_id DESC);
