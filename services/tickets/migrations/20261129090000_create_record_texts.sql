-- What people wrote into a ticket's records (assists, extensions, directives …); a later text of the same part takes the
-- place of the earlier one, which stays in the timeline.
CREATE TABLE record_texts (
    ticket_id uuid NOT NULL,
    record_id uuid NOT NULL,
    part      text NOT NULL,
    text      text NOT NULL,
    CONSTRAINT record_texts_pkey PRIMARY KEY (ticket_id, record_id, part)
);

-- `records`: record, part and text of each, one after the other.
CREATE OR REPLACE VIEW ticket_views AS
SELECT t.id, t.number, t.version, t.phase, t.round, t.kind, t.item, t.region, t.channel, t.priority, t.origin,
       t.customer_id, t.lead_unit, t.handler, t.received_at, t.resolved_at, t.subject, t.body, t.state,
       r.solution, r.root_cause, r.reply,
       c.key_version, c.sealed, t.sensitive, t.pool_unit, t.confidential,
       ARRAY(SELECT unnest(ARRAY[x.record_id::text, x.part, x.text]) FROM record_texts x WHERE x.ticket_id = t.id)
         AS records
FROM tickets t
LEFT JOIN resolutions r ON r.ticket_id = t.id AND r.round = t.round
LEFT JOIN contacts c ON c.ticket_id = t.id;
