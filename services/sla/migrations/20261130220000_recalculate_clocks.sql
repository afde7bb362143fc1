-- What a running clock goes by, so that what is left of it can be laid on other terms; first response and accept. S3, S7.
ALTER TABLE clocks
    -- Position of the rule in its policy set; null: a deadline or standard that no rule gave, or not kept yet.
    ADD rule    smallint,
    -- {"type": …, "item": …, "priority": …, "urgency": …, "channel": …, "customer_tier": …, "first_dispatched_at": …}: the
    -- ticket as its latest event left it; null: not kept yet.
    ADD subject jsonb,
    DROP CONSTRAINT clocks_kind_check,
    -- 7 first response, 8 accept.
    ADD CONSTRAINT clocks_kind_check CHECK (kind BETWEEN 1 AND 8);
