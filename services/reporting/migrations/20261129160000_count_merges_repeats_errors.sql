-- Merged tickets count in no rate, as cancelled ones; of the others is counted what was answered at intake, what repeats
-- another, and what inspectors found.
ALTER TABLE rounds
    -- The ticket was merged into another: all its rounds are, until the merge is undone.
    ADD COLUMN merged boolean NOT NULL DEFAULT false,
    -- Answered at intake.
    ADD COLUMN first_contact boolean NOT NULL DEFAULT false,
    -- The ticket repeats another.
    ADD COLUMN repeats boolean NOT NULL DEFAULT false;

-- What inspectors found, by tickets' events.
CREATE TABLE quality_errors (
    ticket_id uuid NOT NULL,
    error_id uuid NOT NULL,
    round integer NOT NULL,
    marked_at timestamptz NOT NULL,
    -- Empty: the unit of the round.
    unit_id text NOT NULL,
    -- The mark was taken back.
    withdrawn boolean NOT NULL,
    PRIMARY KEY (ticket_id, error_id)
);

CREATE INDEX quality_errors_by_time ON quality_errors (marked_at);

CREATE OR REPLACE VIEW facts AS
SELECT 'began'::text AS kind, r.began_at AS at, r.unit_id, r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, r.open AND NOT r.cancelled AND NOT r.merged AS open, h.due_at,
       NULL::boolean AS on_time,
       NULL::double precision AS working_seconds, NULL::double precision AS elapsed_seconds,
       NULL::boolean AS contacted, NULL::boolean AS solved, NULL::boolean AS satisfied, r.ticket_id,
       r.merged, r.first_contact, r.repeats
FROM rounds r LEFT JOIN handlings h USING (ticket_id, round)
UNION ALL
SELECT 'resolved', r.resolved_at, r.unit_id, r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, h.due_at, h.on_time,
       h.working_seconds::double precision,
       EXTRACT(EPOCH FROM r.resolved_at - r.first_dispatched_at)::double precision,
       NULL, NULL, NULL, r.ticket_id, r.merged, r.first_contact, r.repeats
FROM rounds r LEFT JOIN handlings h USING (ticket_id, round)
WHERE r.resolved_at IS NOT NULL AND NOT r.cancelled AND NOT r.merged
UNION ALL
SELECT 'urged', r.urged_at, r.unit_id, r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, r.ticket_id,
       r.merged, r.first_contact, r.repeats
FROM rounds r
WHERE r.urged_at IS NOT NULL AND NOT r.cancelled AND NOT r.merged
UNION ALL
SELECT CASE a.kind WHEN 1 THEN 'dispatch' WHEN 2 THEN 'return' WHEN 3 THEN 'reopening' ELSE 'urge' END,
       a.at, CASE a.unit_id WHEN '' THEN r.unit_id ELSE a.unit_id END,
       r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, r.ticket_id,
       r.merged, r.first_contact, r.repeats
FROM acts a JOIN rounds r USING (ticket_id, round)
WHERE NOT r.cancelled AND NOT r.merged
UNION ALL
SELECT 'callback', k.completed_at, r.unit_id, r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, NULL, NULL, NULL, NULL, k.contacted, k.solved, k.satisfied, r.ticket_id,
       r.merged, r.first_contact, r.repeats
FROM answers k JOIN rounds r USING (ticket_id, round)
WHERE NOT r.cancelled AND NOT r.merged
UNION ALL
SELECT 'quality_error', q.marked_at, CASE q.unit_id WHEN '' THEN r.unit_id ELSE q.unit_id END,
       r.region, r.province, r.city, r.county, r.item, r.type,
       r.origin, r.round, r.cancelled, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, r.ticket_id,
       r.merged, r.first_contact, r.repeats
FROM quality_errors q JOIN rounds r USING (ticket_id, round)
WHERE NOT q.withdrawn AND NOT r.cancelled AND NOT r.merged;
