-- What scopes ask of a ticket, in services that keep what belongs to tickets: the latest state, from tickets' events.
CREATE TABLE ticket_scopes (
    ticket_id    uuid     NOT NULL,
    version      bigint   NOT NULL,
    region       bigint   NOT NULL,
    -- Units that take or took part.
    unit_ids     text[]   NOT NULL,
    -- The unit that has it, and the unit in whose pool it waits; empty: none.
    lead_unit    text     NOT NULL,
    pool_unit    text     NOT NULL,
    customer_id  uuid,
    sensitive    boolean  NOT NULL,
    confidential boolean  NOT NULL,
    CONSTRAINT ticket_scopes_pkey PRIMARY KEY (ticket_id)
);

-- The answer of a table of 64 answers for one combination; the numbers of the facts are those of libs/access.
CREATE FUNCTION scope_allows(answers bigint, in_region boolean, takes_part boolean, holds boolean, own boolean,
                             sensitive boolean, confidential boolean)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT answers >> (in_region::int + 2 * takes_part::int + 4 * holds::int + 8 * own::int + 16 * sensitive::int
                       + 32 * confidential::int) & 1 = 1
$$;

-- The same for a row of ticket_scopes and a caller: areas from low to high, units, customer.
CREATE FUNCTION scope_allows(s ticket_scopes, answers bigint, low bigint[], high bigint[], units text[], customer uuid)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT scope_allows(answers,
        EXISTS (SELECT 1 FROM unnest(low, high) AS r (low, high) WHERE s.region BETWEEN r.low AND r.high),
        s.unit_ids && units OR s.lead_unit = ANY (units) OR s.pool_unit = ANY (units),
        s.lead_unit = ANY (units) OR s.pool_unit = ANY (units),
        (s.customer_id = customer) IS TRUE, s.sensitive, s.confidential)
$$;

-- Whether a ticket is within a scope; one that is not known is not, unless everything is.
CREATE FUNCTION ticket_in_scope(ticket uuid, answers bigint, low bigint[], high bigint[], units text[], customer uuid)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT answers = -1
        OR EXISTS (SELECT 1 FROM ticket_scopes s
                   WHERE s.ticket_id = ticket AND scope_allows(s, answers, low, high, units, customer))
$$;
