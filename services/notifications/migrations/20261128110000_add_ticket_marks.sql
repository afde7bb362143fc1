-- Whether a ticket is sensitive, from tickets' events, because those of clocks do not say. A ticket that is not here counts
-- as sensitive for what clocks tell, until its next event says more.
CREATE TABLE ticket_marks (
    ticket_id uuid    NOT NULL,
    sensitive boolean NOT NULL,
    CONSTRAINT ticket_marks_pkey PRIMARY KEY (ticket_id)
);
