-- What was held before `holdings` was kept, and what units held before they were counted, is read once from tickets' log: how
-- far that is. Source: R6, R1.
CREATE TABLE holdings_fill (
    single   boolean     PRIMARY KEY DEFAULT true CONSTRAINT holdings_fill_single CHECK (single),
    -- in tickets' event log; none: from its beginning
    position text,
    done_at  timestamptz
);

INSERT INTO holdings_fill DEFAULT VALUES;

-- Grows with every change of rosters, leave and swaps, so that replicas read only those again.
ALTER TABLE generation ADD COLUMN duty bigint NOT NULL DEFAULT 1;
