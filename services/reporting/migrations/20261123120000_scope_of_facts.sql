-- Tickets known from rounds, until their next event says more; whether they are sensitive is not known, so they count as it.
INSERT INTO ticket_scopes (ticket_id, version, region, unit_ids, lead_unit, pool_unit, customer_id, sensitive, confidential)
SELECT DISTINCT ON (ticket_id) ticket_id, 0, region, ARRAY[unit_id], unit_id, '', NULL::uuid, true, true
FROM rounds ORDER BY ticket_id, round DESC
ON CONFLICT DO NOTHING;

-- Facts name their ticket, so that reports count what the reader may see.
CREATE OR REPLACE VIEW facts AS
SELECT 'began'::text AS kind, r.began_at AS at, r.unit_id, r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, r.open AND NOT r.cancelled AS open, h.due_at, NULL::boolean AS on_time,
       NULL::double precision AS working_seconds, NULL::double precision AS elapsed_seconds,
       NULL::boolean AS contacted, NULL::boolean AS solved, NULL::boolean AS satisfied, r.ticket_id
FROM rounds r LEFT JOIN handlings h USING (ticket_id, round)
UNION ALL
SELECT 'resolved', r.resolved_at, r.unit_id, r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, h.due_at, h.on_time,
       h.working_seconds::double precision,
       EXTRACT(EPOCH FROM r.resolved_at - r.first_dispatched_at)::double precision,
       NULL, NULL, NULL, r.ticket_id
FROM rounds r LEFT JOIN handlings h USING (ticket_id, round)
WHERE r.resolved_at IS NOT NULL AND NOT r.cancelled
UNION ALL
SELECT 'urged', r.urged_at, r.unit_id, r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, r.ticket_id
FROM rounds r
WHERE r.urged_at IS NOT NULL AND NOT r.cancelled
UNION ALL
SELECT CASE a.kind WHEN 1 THEN 'dispatch' WHEN 2 THEN 'return' WHEN 3 THEN 'reopening' ELSE 'urge' END,
       a.at, CASE a.unit_id WHEN '' THEN r.unit_id ELSE a.unit_id END,
       r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, r.ticket_id
FROM acts a JOIN rounds r USING (ticket_id, round)
WHERE NOT r.cancelled
UNION ALL
SELECT 'callback', k.completed_at, r.unit_id, r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, NULL, NULL, NULL, NULL, k.contacted, k.solved, k.satisfied, r.ticket_id
FROM answers k JOIN rounds r USING (ticket_id, round)
WHERE NOT r.cancelled;
