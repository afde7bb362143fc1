-- What calls from a number are found by, whether it is a customer's or nobody's yet: blind indexes of the number, as in
-- `customer_keys`, of each version of the index key that was in use. Of class `contact`; they go with the number.
CREATE TABLE call_keys (
    call_id   text  NOT NULL,
    version   int   NOT NULL,
    key_index bytea NOT NULL,
    CONSTRAINT call_keys_pkey PRIMARY KEY (call_id, version),
    CONSTRAINT call_keys_call_fkey FOREIGN KEY (call_id) REFERENCES calls (call_id) ON DELETE CASCADE
);
CREATE INDEX call_keys_index ON call_keys (key_index);
CREATE INDEX call_keys_version ON call_keys (version);
