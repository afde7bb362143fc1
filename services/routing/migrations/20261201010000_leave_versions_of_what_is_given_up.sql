-- A decision that was given up because tickets never answered it leaves its version of the ticket to another one: without
-- it nobody could reassign the ticket before something else happens to it. An answer that comes after all is noted still.
ALTER TABLE decisions ADD COLUMN given_up_at timestamptz;

-- Of decisions that hand a ticket over only these end so.
UPDATE decisions SET given_up_at = resend_at WHERE reassignment_id IS NOT NULL AND state = 5;

CREATE UNIQUE INDEX decisions_one_a_version ON decisions (ticket_id, ticket_version) WHERE given_up_at IS NULL;
CREATE INDEX decisions_by_ticket ON decisions (ticket_id, ticket_version);
ALTER TABLE decisions DROP CONSTRAINT decisions_ticket_version;
