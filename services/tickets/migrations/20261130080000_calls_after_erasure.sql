-- What was erased of a call stays erased when the telephone system says its end again; and calls of no ticket are found
-- without looking at those of tickets. Source: T35, DESIGN rule 15.
ALTER TABLE calls
    ADD COLUMN linked boolean NOT NULL DEFAULT false,
    ADD COLUMN note_erased boolean NOT NULL DEFAULT false,
    ADD COLUMN recording_erased boolean NOT NULL DEFAULT false;
UPDATE calls c SET linked = true WHERE EXISTS (SELECT FROM call_links l WHERE l.call_id = c.call_id);
DROP INDEX calls_started;
CREATE INDEX calls_of_nothing ON calls (started_at) WHERE NOT linked;
CREATE INDEX contact_reads_at ON contact_reads (read_at);
