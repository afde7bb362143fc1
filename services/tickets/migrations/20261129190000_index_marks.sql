-- Each mark has an index of its own: a page of one queue passed over the tickets of the others, and a caller who sees many
-- regions collected a page's worth from each. Along the newest of one mark a page costs the same however many are marked.
DROP INDEX tickets_marked_region;
DROP INDEX tickets_marked_desk;
CREATE INDEX tickets_returned_region ON tickets (region, priority, received_at DESC, id DESC) WHERE marks & 1 <> 0;
CREATE INDEX tickets_extension_region ON tickets (region, priority, received_at DESC, id DESC) WHERE marks & 2 <> 0;
CREATE INDEX tickets_error_region ON tickets (region, priority, received_at DESC, id DESC) WHERE marks & 4 <> 0;
CREATE INDEX tickets_overdue_region ON tickets (region, priority, received_at DESC, id DESC)
    WHERE marks & 8 <> 0 AND phase BETWEEN 3 AND 7;
CREATE INDEX tickets_returned_received ON tickets (received_at DESC, id DESC) WHERE marks & 1 <> 0;
CREATE INDEX tickets_extension_received ON tickets (received_at DESC, id DESC) WHERE marks & 2 <> 0;
CREATE INDEX tickets_error_received ON tickets (received_at DESC, id DESC) WHERE marks & 4 <> 0;
CREATE INDEX tickets_overdue_received ON tickets (received_at DESC, id DESC)
    WHERE marks & 8 <> 0 AND phase BETWEEN 3 AND 7;
CREATE INDEX tickets_returned_desk ON tickets (COALESCE(lead_unit, pool_unit), priority, received_at DESC, id DESC)
    WHERE marks & 1 <> 0 AND COALESCE(lead_unit, pool_unit) IS NOT NULL;
CREATE INDEX tickets_extension_desk ON tickets (COALESCE(lead_unit, pool_unit), priority, received_at DESC, id DESC)
    WHERE marks & 2 <> 0 AND COALESCE(lead_unit, pool_unit) IS NOT NULL;
CREATE INDEX tickets_error_desk ON tickets (COALESCE(lead_unit, pool_unit), priority, received_at DESC, id DESC)
    WHERE marks & 4 <> 0 AND COALESCE(lead_unit, pool_unit) IS NOT NULL;
CREATE INDEX tickets_overdue_desk ON tickets (COALESCE(lead_unit, pool_unit), priority, received_at DESC, id DESC)
    WHERE marks & 8 <> 0 AND phase BETWEEN 3 AND 7 AND COALESCE(lead_unit, pool_unit) IS NOT NULL;

-- The newest of many marks of one person are found without looking at all of them.
ALTER TABLE trackers ADD COLUMN received_at timestamptz;
UPDATE trackers SET received_at = tickets.received_at FROM tickets WHERE tickets.id = trackers.ticket_id;
ALTER TABLE trackers ALTER COLUMN received_at SET NOT NULL;
CREATE INDEX trackers_received ON trackers (person, received_at DESC, ticket_id DESC);
