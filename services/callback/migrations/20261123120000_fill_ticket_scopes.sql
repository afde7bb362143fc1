-- Tickets known from tasks, until their next event says more; whether they are sensitive is not known, so they count as it.
INSERT INTO ticket_scopes (ticket_id, version, region, unit_ids, lead_unit, pool_unit, customer_id, sensitive, confidential)
SELECT DISTINCT ON (ticket_id) ticket_id, 0, region, ARRAY[unit_id], unit_id, '', customer_id, true, true
FROM tasks ORDER BY ticket_id, round DESC
ON CONFLICT DO NOTHING;
