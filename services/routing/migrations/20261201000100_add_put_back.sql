-- Who claimed a ticket in its round and put it back into the pool: as the ticket says, whoever did so for them. Source: R9, R6.
ALTER TABLE holdings ADD COLUMN put_back_by text[] NOT NULL DEFAULT '{}';
