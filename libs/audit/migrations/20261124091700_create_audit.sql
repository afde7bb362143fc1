-- The audit log: who read or changed what, from where. Kept apart from the business tables in a schema of its own. Rows
-- are only ever added, through audit.append, which chains them; whole months are dropped by audit.forget.
CREATE SCHEMA audit;

CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit: % of % is refused, the log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- number and recorded_at rise together, so that a month is a piece of the chain. hash is SHA-256 of the hash before it,
-- number and recorded_at (microseconds since 1970), each 8 bytes big-endian, and SHA-256 of the entry as the contract's
-- AuditEntry encodes it.
CREATE TABLE audit.entries (
    number         bigint      NOT NULL,
    recorded_at    timestamptz NOT NULL,
    hash           bytea       NOT NULL CHECK (octet_length(hash) = 32),
    id             uuid        NOT NULL,
    at             timestamptz NOT NULL,
    service        text        NOT NULL,
    method         text        NOT NULL,
    action         text        NOT NULL,
    level          smallint    NOT NULL,
    stage          smallint    NOT NULL,
    principal_id   text        NOT NULL,
    principal_kind smallint    NOT NULL,
    unit_ids       text[]      NOT NULL,
    on_behalf_of   text        NOT NULL,
    peer           text        NOT NULL,
    trace_id       text        NOT NULL,
    request_id     text        NOT NULL,
    -- Two arrays of one length: what kind, which one.
    resource_kinds text[]      NOT NULL,
    resource_ids   text[]      NOT NULL,
    code           smallint    NOT NULL,
    reason         text        NOT NULL,
    messages       bigint      NOT NULL,
    detail         jsonb       NOT NULL,
    CONSTRAINT entries_pkey PRIMARY KEY (number, recorded_at)
) PARTITION BY RANGE (recorded_at);

-- Each insert goes to the right end of these; ids and traces, which do not, go through GIN's pending list in batches.
CREATE INDEX entries_at ON audit.entries (at, number);
CREATE INDEX entries_principal ON audit.entries (principal_id, at, number);
CREATE INDEX entries_refused ON audit.entries (at, number) WHERE code <> 0;
CREATE INDEX entries_personal ON audit.entries (at, number) WHERE level = 3;
CREATE INDEX entries_named ON audit.entries USING gin (resource_ids, (ARRAY[trace_id]));

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit.entries
    FOR EACH ROW EXECUTE FUNCTION audit.refuse();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();

-- The end of the chain. Its lock is what writers queue for, so that replicas cannot fork the chain.
CREATE TABLE audit.head (
    only_one    boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    number      bigint      NOT NULL,
    hash        bytea       NOT NULL CHECK (octet_length(hash) = 32),
    recorded_at timestamptz NOT NULL
) WITH (fillfactor = 50);
INSERT INTO audit.head (number, hash, recorded_at) VALUES (0, decode(repeat('00', 32), 'hex'), 'epoch');

CREATE FUNCTION audit.refuse_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.number <= old.number THEN
        RAISE EXCEPTION 'audit: the head moves forward only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN new;
END $$;
CREATE TRIGGER forward_only BEFORE UPDATE ON audit.head FOR EACH ROW EXECUTE FUNCTION audit.refuse_back();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON audit.head
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();

-- Where the chain begins since months were dropped: the last entry that is gone, and its hash.
CREATE TABLE audit.checkpoints (
    number    bigint      NOT NULL,
    hash      bytea       NOT NULL CHECK (octet_length(hash) = 32),
    forgotten bigint      NOT NULL,
    before    date        NOT NULL,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT checkpoints_pkey PRIMARY KEY (number)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();

-- Makes the partition of a month; says whether it was missing.
CREATE FUNCTION audit.ensure_partition(day date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first date := date_trunc('month', day::timestamp)::date;
    part  text := 'entries_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass('audit.' || part) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('gongdan.audit.partitions', 0));
    -- The catalogue itself: to_regclass may remember from before the wait for the lock that it was not there.
    IF EXISTS (SELECT FROM pg_class AS c WHERE c.relname = part AND c.relnamespace = 'audit'::regnamespace) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE audit.%I PARTITION OF audit.entries FOR VALUES FROM (%L) TO (%L)', part,
                   first || ' 00:00+00', (first + interval '1 month')::date || ' 00:00+00');
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.%I
                    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse()', part);
    RETURN true;
END $$;

-- Appends entries as of an instant, or as of the head's when that is later. Not for services: audit.append is.
CREATE FUNCTION audit.append_at(now_is timestamptz, batch jsonb, digests bytea[], OUT last_number bigint, OUT last_hash bytea)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    link   audit.head;
    first  bigint;
    micros bytea;
    digest bytea;
    hashes bytea[] := '{}';
BEGIN
    IF jsonb_array_length(batch) <> cardinality(digests) THEN
        RAISE EXCEPTION 'audit: % entries with % digests', jsonb_array_length(batch), cardinality(digests);
    END IF;
    SELECT * INTO STRICT link FROM audit.head FOR UPDATE;
    IF link.recorded_at < now_is THEN
        link.recorded_at := now_is;
    END IF;
    PERFORM audit.ensure_partition((link.recorded_at AT TIME ZONE 'UTC')::date);
    first := link.number + 1;
    micros := int8send((extract(epoch FROM link.recorded_at) * 1000000)::bigint);
    FOREACH digest IN ARRAY digests LOOP
        link.number := link.number + 1;
        link.hash := sha256(link.hash || int8send(link.number) || micros || digest);
        hashes := array_append(hashes, link.hash);
    END LOOP;
    INSERT INTO audit.entries (number, recorded_at, hash, id, at, service, method, action, level, stage, principal_id,
                               principal_kind, unit_ids, on_behalf_of, peer, trace_id, request_id, resource_kinds,
                               resource_ids, code, reason, messages, detail)
    SELECT e.number, link.recorded_at, e.hash, e.id, e.at, e.service, e.method, e.action, e.level, e.stage,
           e.principal_id, e.principal_kind, e.unit_ids, e.on_behalf_of, e.peer, e.trace_id, e.request_id,
           e.resource_kinds, e.resource_ids, e.code, e.reason, e.messages, e.detail
    FROM ROWS FROM (
        jsonb_to_recordset(batch) AS (
            id uuid, at timestamptz, service text, method text, action text, level smallint, stage smallint,
            principal_id text, principal_kind smallint, unit_ids text[], on_behalf_of text, peer text, trace_id text,
            request_id text, resource_kinds text[], resource_ids text[], code smallint, reason text, messages bigint,
            detail jsonb),
        unnest(hashes),
        generate_series(first, link.number)
    ) AS e (id, at, service, method, action, level, stage, principal_id, principal_kind, unit_ids, on_behalf_of, peer,
            trace_id, request_id, resource_kinds, resource_ids, code, reason, messages, detail, hash, number);
    UPDATE audit.head AS h SET number = link.number, hash = link.hash, recorded_at = link.recorded_at;
    last_number := link.number;
    last_hash := link.hash;
END $$;

-- Appends entries and answers the new end of the chain. One statement and so one transaction: a writer that hangs holds
-- nobody up.
CREATE FUNCTION audit.append(batch jsonb, digests bytea[], OUT last_number bigint, OUT last_hash bytea)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
    'SELECT * FROM audit.append_at(clock_timestamp(), batch, digests)';

-- Drops the months that end no later than a day, and notes where the chain begins now. Never younger than half a year
-- (Cybersecurity Law, article 21). Waits two seconds at most for readers: the job tries again.
CREATE FUNCTION audit.forget(until date, OUT forgotten bigint, OUT last_number bigint, OUT last_hash bytea)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    part   text;
    lowest bigint;
    most   bigint;
BEGIN
    IF until > (clock_timestamp() AT TIME ZONE 'UTC')::date - 180 THEN
        RAISE EXCEPTION 'audit: entries are kept for 180 days at least, and % is younger', until;
    END IF;
    forgotten := 0;
    IF NOT EXISTS (
        SELECT FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'audit.entries'::regclass
          AND (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month')::date <= until) THEN
        RETURN;
    END IF;
    LOCK TABLE audit.entries IN ACCESS EXCLUSIVE MODE;
    FOR part IN
        SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'audit.entries'::regclass
          AND (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month')::date <= until
        ORDER BY c.relname
    LOOP
        EXECUTE format('SELECT min(number), max(number) FROM audit.%I', part) INTO lowest, most;
        IF most IS NOT NULL THEN
            forgotten := forgotten + most - lowest + 1;
            last_number := most;
            EXECUTE format('SELECT hash FROM audit.%I WHERE number = $1', part) INTO last_hash USING most;
        END IF;
        EXECUTE format('DROP TABLE audit.%I', part);
    END LOOP;
    IF forgotten > 0 THEN
        INSERT INTO audit.checkpoints (number, hash, forgotten, before)
        VALUES (last_number, last_hash, forgotten, until);
    END IF;
END $$;

-- Nobody but the owner calls these unless it is granted: see docs/SECURITY.md.
REVOKE ALL ON FUNCTION audit.append_at(timestamptz, jsonb, bytea[]), audit.append(jsonb, bytea[]),
    audit.ensure_partition(date), audit.forget(date) FROM PUBLIC;
