-- Work queues. What their lists ask of a ticket beside what is there; all but `due_at` and one bit of `marks` follow from
-- `state`.
ALTER TABLE tickets
    -- The principal who took it down: a person among its `doers`, or whoever saved it while it is a draft.
    ADD COLUMN created_by text,
    -- Bits: 1 returned and waiting; 2 an extension is asked for; 4 has a quality error; 8 beyond its time while in flight,
    -- which is set and cleared by what clocks say, kept when it leaves flight, and cleared when it comes back.
    ADD COLUMN marks smallint NOT NULL DEFAULT 0,
    -- By when it is to be resolved; none while no clock says so.
    ADD COLUMN due_at timestamptz;

-- People who did something with a ticket that they did not take down, and the unit of theirs that took part.
CREATE TABLE doers (
    person      text        NOT NULL,
    received_at timestamptz NOT NULL,
    ticket_id   uuid        NOT NULL,
    unit        text,
    CONSTRAINT doers_pkey PRIMARY KEY (person, received_at, ticket_id)
);

-- Whose own marks a ticket has, and the unit of theirs through which they see it.
CREATE TABLE trackers (
    person    text NOT NULL,
    ticket_id uuid NOT NULL,
    unit      text,
    CONSTRAINT trackers_pkey PRIMARY KEY (person, ticket_id)
);

-- How many tickets stand in a place: a queue, whose it is, the unit through which its owner sees them, their region, and
-- their class (bits: 1 sensitive, 2 confidential, 4 the owner's own). Acts append to `queue_deltas` in the statement that
-- writes them; a job folds them into `queue_counts`; a count is the sum of both.
CREATE TABLE queue_counts (
    queue  smallint NOT NULL,
    owner  text     NOT NULL,
    unit   text     NOT NULL,
    region bigint   NOT NULL,
    class  smallint NOT NULL,
    n      bigint   NOT NULL,
    CONSTRAINT queue_counts_pkey PRIMARY KEY (queue, owner, region, unit, class)
) WITH (fillfactor = 80);
CREATE TABLE queue_deltas (
    queue  smallint NOT NULL,
    owner  text     NOT NULL,
    unit   text     NOT NULL,
    region bigint   NOT NULL,
    class  smallint NOT NULL,
    n      int      NOT NULL
);

-- Field `wanted` of an encoded message: the digits of a varint as text, or a message or text as hexadecimal digits; null
-- when it is not there.
CREATE FUNCTION pg_temp.field_in_hex(message bytea, wanted int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    at    int := 0;
    step  int;
    byte  int;
    value bigint;
    tag   bigint := 0;
    found text;
BEGIN
    WHILE at < length(message) LOOP
        -- Tag, then a varint that is the value or the length.
        FOR part IN 1..2 LOOP
            value := 0;
            step := 0;
            LOOP
                byte := get_byte(message, at);
                at := at + 1;
                IF step < 63 THEN
                    value := value | ((byte & 127)::bigint << step);
                END IF;
                step := step + 7;
                EXIT WHEN byte < 128;
            END LOOP;
            IF part = 1 THEN
                tag := value;
                EXIT WHEN tag & 7 IN (1, 5);
            END IF;
        END LOOP;
        CASE tag & 7
            WHEN 0 THEN
                IF tag >> 3 = wanted THEN found := value::text; END IF;
            WHEN 1 THEN at := at + 8;
            WHEN 2 THEN
                IF tag >> 3 = wanted THEN
                    found := encode(substring(message FROM at + 1 FOR value::int), 'hex');
                END IF;
                at := at + value::int;
            WHEN 5 THEN at := at + 4;
            ELSE RAISE EXCEPTION 'a ticket''s state cannot be read';
        END CASE;
    END LOOP;
    RETURN found;
END
$$;

-- Tickets of earlier releases know who saved them, and not who did something with them later.
UPDATE tickets
SET created_by = NULLIF(convert_from(decode(pg_temp.field_in_hex(decode(pg_temp.field_in_hex(state, 45), 'hex'), 1), 'hex'),
                                     'UTF8'), '')
WHERE phase = 1;
UPDATE tickets SET marks = 1 WHERE phase = 3 AND pg_temp.field_in_hex(state, 29) IS NOT NULL;

-- In flight, by region, and by the unit on whose desk they are; lists merge the priorities, so that one index gives two
-- orders.
CREATE INDEX tickets_flight_region ON tickets (region, priority, received_at DESC, id DESC)
    WHERE phase BETWEEN 3 AND 7;
CREATE INDEX tickets_flight_desk ON tickets (COALESCE(lead_unit, pool_unit), priority, received_at DESC, id DESC)
    WHERE phase BETWEEN 3 AND 7 AND COALESCE(lead_unit, pool_unit) IS NOT NULL;
CREATE INDEX tickets_flight_handler ON tickets (handler, priority, received_at DESC, id DESC)
    WHERE phase BETWEEN 3 AND 7 AND handler IS NOT NULL;
-- The same by what is due first.
CREATE INDEX tickets_due_region ON tickets (region, due_at, id) WHERE phase BETWEEN 3 AND 7 AND due_at IS NOT NULL;
CREATE INDEX tickets_due_desk ON tickets (COALESCE(lead_unit, pool_unit), due_at, id)
    WHERE phase BETWEEN 3 AND 7 AND COALESCE(lead_unit, pool_unit) IS NOT NULL AND due_at IS NOT NULL;
CREATE INDEX tickets_due_handler ON tickets (handler, due_at, id)
    WHERE phase BETWEEN 3 AND 7 AND handler IS NOT NULL AND due_at IS NOT NULL;
-- Few of all are marked.
CREATE INDEX tickets_marked_region ON tickets (region, priority, received_at DESC, id DESC)
    WHERE marks & 7 <> 0 OR (marks & 8 <> 0 AND phase BETWEEN 3 AND 7);
CREATE INDEX tickets_marked_desk ON tickets (COALESCE(lead_unit, pool_unit), priority, received_at DESC, id DESC)
    WHERE (marks & 7 <> 0 OR (marks & 8 <> 0 AND phase BETWEEN 3 AND 7)) AND COALESCE(lead_unit, pool_unit) IS NOT NULL;
CREATE INDEX tickets_drafts ON tickets (created_by, received_at DESC, id DESC) WHERE phase = 1;
CREATE INDEX tickets_created_by ON tickets (created_by, received_at DESC, id DESC)
    WHERE phase > 1 AND created_by IS NOT NULL;

INSERT INTO queue_counts (queue, owner, unit, region, class, n)
SELECT p.queue, COALESCE(p.owner, ''), COALESCE(p.unit, ''), t.region,
       t.sensitive::int + 2 * t.confidential::int + CASE WHEN p.queue = 7
         AND pg_temp.field_in_hex(decode(pg_temp.field_in_hex(t.state, 45), 'hex'), 3) = '3' THEN 4 ELSE 0 END, count(*)
FROM tickets t
CROSS JOIN LATERAL (VALUES
    (1, COALESCE(t.lead_unit, t.pool_unit), COALESCE(t.lead_unit, t.pool_unit),
     t.phase BETWEEN 3 AND 7 AND COALESCE(t.lead_unit, t.pool_unit) IS NOT NULL),
    (2, t.handler, COALESCE(t.lead_unit, t.pool_unit), t.phase BETWEEN 3 AND 7 AND t.handler IS NOT NULL),
    (5, NULL, NULL, t.phase BETWEEN 3 AND 7),
    (6, NULL, NULL, t.phase >= 10),
    (6, t.lead_unit, t.lead_unit, t.phase >= 10 AND t.lead_unit IS NOT NULL),
    (7, t.created_by, NULL, t.phase = 1),
    (8, NULL, NULL, t.marks & 1 <> 0),
    (8, COALESCE(t.lead_unit, t.pool_unit), COALESCE(t.lead_unit, t.pool_unit),
     t.marks & 1 <> 0 AND COALESCE(t.lead_unit, t.pool_unit) IS NOT NULL)
) AS p (queue, owner, unit, stands)
WHERE p.stands
GROUP BY 1, 2, 3, 4, 5;

CREATE OR REPLACE VIEW ticket_views AS
SELECT t.id, t.number, t.version, t.phase, t.round, t.kind, t.item, t.region, t.channel, t.priority, t.origin,
       t.customer_id, t.lead_unit, t.handler, t.received_at, t.resolved_at, t.subject, t.body, t.state,
       r.solution, r.root_cause, r.reply,
       c.key_version, c.sealed, t.sensitive, t.pool_unit, t.confidential,
       ARRAY(SELECT unnest(ARRAY[x.record_id::text, x.part, x.text]) FROM record_texts x WHERE x.ticket_id = t.id)
         AS records,
       t.due_at, t.marks & 8 <> 0 AND t.phase BETWEEN 3 AND 7 AS overdue
FROM tickets t
LEFT JOIN resolutions r ON r.ticket_id = t.id AND r.round = t.round
LEFT JOIN contacts c ON c.ticket_id = t.id;
