-- Tickets whose reporter is not to be known to those who handle them.
ALTER TABLE tickets ADD COLUMN confidential boolean NOT NULL DEFAULT false;

-- The request of somebody who left no contact can be read in clear too.
ALTER TABLE contact_reads ALTER COLUMN customer_id DROP NOT NULL;

CREATE OR REPLACE VIEW ticket_views AS
SELECT t.id, t.number, t.version, t.phase, t.round, t.kind, t.item, t.region, t.channel, t.priority, t.origin,
       t.customer_id, t.lead_unit, t.handler, t.received_at, t.resolved_at, t.subject, t.body, t.state,
       r.solution, r.root_cause, r.reply,
       c.key_version, c.sealed, t.sensitive, t.pool_unit, t.confidential
FROM tickets t
LEFT JOIN resolutions r ON r.ticket_id = t.id AND r.round = t.round
LEFT JOIN contacts c ON c.ticket_id = t.id;
