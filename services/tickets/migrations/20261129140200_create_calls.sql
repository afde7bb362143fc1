-- Calls as the telephone system told of them. The caller's number is encrypted and bound to the call; it, the customer and
-- the recording are of class `contact`, the note is of class `texts`.
CREATE TABLE calls (
    call_id       text        NOT NULL,
    seat          text        NOT NULL,
    agent_id      text        NOT NULL,
    customer_id   uuid,
    key_version   int,
    sealed        bytea,
    started_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    result        smallint    NOT NULL DEFAULT 0,
    note          text        NOT NULL DEFAULT '',
    recording_url text        NOT NULL DEFAULT '',
    CONSTRAINT calls_pkey PRIMARY KEY (call_id),
    CONSTRAINT calls_sealed_check CHECK ((key_version IS NULL) = (sealed IS NULL))
);
CREATE INDEX calls_started ON calls (started_at);
CREATE INDEX calls_customer ON calls (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX calls_key_version ON calls (key_version, call_id) WHERE key_version IS NOT NULL;

-- Which tickets a call belongs to; `version` is the ticket's with it.
CREATE TABLE call_links (
    ticket_id uuid   NOT NULL,
    call_id   text   NOT NULL,
    version   bigint NOT NULL,
    CONSTRAINT call_links_pkey PRIMARY KEY (ticket_id, call_id)
);
CREATE INDEX call_links_call ON call_links (call_id);
