-- The newest decision of a ticket is found along an index, also where a version has several.
DROP INDEX decisions_by_ticket;
CREATE INDEX decisions_by_ticket ON decisions (ticket_id, ticket_version, id);
DROP INDEX decisions_by_number;
CREATE INDEX decisions_by_number ON decisions (ticket_number, ticket_version, id);
