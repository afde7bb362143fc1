-- Tickets says whom it does not know any more by the hash of their id: what is kept of them here is found by it. Source: X11.
CREATE INDEX responsibilities_by_hash ON responsibilities (sha256(uuid_send(customer_id))) WHERE customer_id IS NOT NULL;
CREATE INDEX responsibility_revisions_by_hash ON responsibility_revisions (sha256(uuid_send(customer_id)))
    WHERE customer_id IS NOT NULL;

-- Nobody asks any more whether a customer has a ticket left here: of a ticket that is on its way nothing is known yet.
DROP INDEX ticket_scopes_by_customer;
