-- What was decided for a version of a ticket, and what tickets answered. Source: R5, R7, R8, DESIGN rule 14.
CREATE TABLE decisions (
    id                 uuid        PRIMARY KEY,
    ticket_id          uuid        NOT NULL,
    ticket_number      text        NOT NULL,
    ticket_version     bigint      NOT NULL,
    round              integer     NOT NULL,
    region             bigint      NOT NULL,
    item               text        NOT NULL,
    decided_at         timestamptz NOT NULL,
    pooled             boolean     NOT NULL,
    unit_id            text,
    person_id          text,
    pool_reason        text        NOT NULL,
    assisting_unit_ids text[]      NOT NULL,
    mark_sensitive     boolean     NOT NULL,
    set_priority       smallint    NOT NULL,
    rule_revision      bigint,
    area_id            bigint,
    summary            text        NOT NULL,
    -- the compact form of the domain's Explanation, JSON
    explanation        text        NOT NULL,
    -- 1, and +1 for a decision that follows a refused one
    attempt            integer     NOT NULL,
    -- 1 unanswered, 2 dispatched, 3 pooled, 4 refused, 5 superseded
    state              smallint    NOT NULL DEFAULT 1 CONSTRAINT decisions_state CHECK (state BETWEEN 1 AND 5),
    refusal            text        NOT NULL DEFAULT '',
    answered_at        timestamptz,
    -- version of the decision's last event: how often it was sent
    version            bigint      NOT NULL DEFAULT 1,
    resend_at          timestamptz NOT NULL,
    CONSTRAINT decisions_ticket_version UNIQUE (ticket_id, ticket_version)
) WITH (fillfactor = 80);

CREATE INDEX decisions_by_number ON decisions (ticket_number, ticket_version);
-- Most decisions are dispatched; those are found in the order of ids, the others here.
CREATE INDEX decisions_by_state ON decisions (state, id) WHERE state <> 2;
CREATE INDEX decisions_to_send_again ON decisions (resend_at) WHERE state = 1;
