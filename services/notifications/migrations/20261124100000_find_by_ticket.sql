-- What was told of a ticket goes when what is personal of the ticket is erased.
CREATE INDEX inbox_items_ticket ON inbox_items (ticket_id);
CREATE INDEX deliveries_ticket ON deliveries (ticket_id);
