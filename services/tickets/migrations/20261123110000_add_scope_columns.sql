-- What scopes ask of a ticket beside its region and participants. Both are in `state` too; a scope needs them in SQL.
ALTER TABLE tickets
    ADD COLUMN sensitive boolean NOT NULL DEFAULT false,
    -- The unit whose members may claim it from the pool.
    ADD COLUMN pool_unit text;

-- Field `wanted` of an encoded message: the digits of a varint as text, or a text; null when it is not there.
CREATE FUNCTION pg_temp.proto_field(message bytea, wanted int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
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
                    found := convert_from(substring(message FROM at + 1 FOR value::int), 'UTF8');
                END IF;
                at := at + value::int;
            WHEN 5 THEN at := at + 4;
            ELSE RAISE EXCEPTION 'a ticket''s state cannot be read';
        END CASE;
    END LOOP;
    RETURN found;
END
$$;

UPDATE tickets
SET sensitive = COALESCE(pg_temp.proto_field(state, 20), '0') <> '0',
    pool_unit = NULLIF(pg_temp.proto_field(state, 28), '')
WHERE pg_temp.proto_field(state, 20) IS NOT NULL OR pg_temp.proto_field(state, 28) IS NOT NULL;

CREATE INDEX tickets_pool_unit ON tickets (pool_unit, received_at DESC, id DESC) WHERE pool_unit IS NOT NULL;

CREATE OR REPLACE VIEW ticket_views AS
SELECT t.id, t.number, t.version, t.phase, t.round, t.kind, t.item, t.region, t.channel, t.priority, t.origin,
       t.customer_id, t.lead_unit, t.handler, t.received_at, t.resolved_at, t.subject, t.body, t.state,
       r.solution, r.root_cause, r.reply,
       c.key_version, c.sealed,
       t.sensitive, t.pool_unit
FROM tickets t
LEFT JOIN resolutions r ON r.ticket_id = t.id AND r.round = t.round
LEFT JOIN contacts c ON c.ticket_id = t.id;
