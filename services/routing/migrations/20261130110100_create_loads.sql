-- What people have in hand. Source: R6, DESIGN rule 14.
--
-- Who holds a ticket, kept from tickets' events by their version; only of tickets that a person had once. Nobody: the
-- ticket is with a unit, in a pool, resolved or over.
CREATE TABLE holdings (
    ticket_id   uuid   PRIMARY KEY,
    version     bigint NOT NULL,
    round       integer NOT NULL,
    person_id   text,
    unit_id     text,
    -- people who returned it in this round
    returned_by text[] NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX holdings_by_person ON holdings (person_id) WHERE person_id IS NOT NULL;

-- Per person: how many rows of holdings and of reservations there are. Locked in the order of ids.
CREATE TABLE loads (
    person_id text    PRIMARY KEY,
    held      integer NOT NULL CONSTRAINT loads_held CHECK (held >= 0),
    reserved  integer NOT NULL CONSTRAINT loads_reserved CHECK (reserved >= 0)
) WITH (fillfactor = 50);

-- Decisions in favour of a person that tickets has not answered yet.
CREATE TABLE reservations (
    decision_id uuid PRIMARY KEY,
    person_id   text NOT NULL,
    reserved_at timestamptz NOT NULL
);

CREATE INDEX reservations_by_person ON reservations (person_id);

-- Whom a rule chose last by round robin. Locked before loads, in the order of ids.
CREATE TABLE rotations (
    rule_id   text PRIMARY KEY,
    person_id text NOT NULL
) WITH (fillfactor = 50);

-- Who had a customer's last ticket about an item; gone when the ticket's contact is erased.
CREATE TABLE last_handlers (
    customer_id uuid        NOT NULL,
    item        text        NOT NULL,
    person_id   text        NOT NULL,
    ticket_id   uuid        NOT NULL,
    since       timestamptz NOT NULL,
    CONSTRAINT last_handlers_pkey PRIMARY KEY (customer_id, item)
);

CREATE INDEX last_handlers_by_ticket ON last_handlers (ticket_id);
