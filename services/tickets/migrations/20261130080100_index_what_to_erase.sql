-- Each class of what is personal has its own index of the tickets it is left of: where contacts go before texts, every ticket
-- in between was looked at in each pass.
DROP INDEX tickets_to_erase;
CREATE INDEX tickets_contact_to_erase ON tickets (received_at, id) WHERE phase >= 10 AND NOT contact_erased;
CREATE INDEX tickets_texts_to_erase ON tickets (received_at, id) WHERE phase >= 10 AND NOT texts_erased;
