-- Tickets known from clocks, until their next event says more; whether they are sensitive is not known, so they count as it.
INSERT INTO ticket_scopes (ticket_id, version, region, unit_ids, lead_unit, pool_unit, customer_id, sensitive, confidential)
SELECT DISTINCT ON (ticket_id) ticket_id, 0, region, ARRAY[unit_id], unit_id, '', NULL::uuid, true, true
FROM clocks ORDER BY ticket_id, id DESC
ON CONFLICT DO NOTHING;
