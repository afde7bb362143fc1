-- Of a citizen: the customer whose requests are theirs.
ALTER TABLE principals ADD COLUMN customer_id uuid;
