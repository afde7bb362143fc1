-- Tickets known from decisions, until their next event says more; whether they are sensitive is not known, so they count
-- as it.
INSERT INTO ticket_scopes (ticket_id, version, region, unit_ids, lead_unit, pool_unit, customer_id, sensitive, confidential)
SELECT DISTINCT ON (ticket_id) ticket_id, 0, region, array_remove(ARRAY[unit_id], NULL), '', '', NULL::uuid, true, true
FROM decisions ORDER BY ticket_id, ticket_version DESC
ON CONFLICT DO NOTHING;
