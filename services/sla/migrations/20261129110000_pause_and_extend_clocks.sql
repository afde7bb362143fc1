-- Clocks that wait while their ticket is suspended, are extended, and belong to an assist, a review or a directive.
-- S4, T14, T16, T17, T18, T23.
ALTER TABLE clocks
    -- The assist, review or directive it is for; null for the clocks of a round.
    ADD record_id uuid,
    -- Whether it waits while its ticket is suspended, by its policy.
    ADD pausable  boolean NOT NULL DEFAULT false,
    -- [{"turn": "paused", "at": …}, {"turn": "resumed", "at": …}, {"turn": "moved", "at": …, "due_at": …}, …], in order.
    ADD turns     jsonb   NOT NULL DEFAULT '[]',
    -- A merge cancelled it: undoing the merge restores it.
    ADD merged    boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT clocks_kind_check,
    DROP CONSTRAINT clocks_state_check,
    DROP CONSTRAINT clocks_running_check,
    -- 4 assist, 5 review, 6 supervision.
    ADD CONSTRAINT clocks_kind_check CHECK (kind BETWEEN 1 AND 6),
    -- 4 paused.
    ADD CONSTRAINT clocks_state_check CHECK (state BETWEEN 1 AND 4),
    ADD CONSTRAINT clocks_open_check CHECK ((state IN (1, 4)) = (stopped_at IS NULL)),
    ADD CONSTRAINT clocks_record_check CHECK ((kind IN (4, 5, 6)) = (record_id IS NOT NULL));

-- Handling waits unless a policy says otherwise; no policy did before.
UPDATE clocks SET pausable = true WHERE kind = 2 AND state = 1;

-- One clock of a kind, or of a record, is open at a time.
DROP INDEX clocks_running_idx;
CREATE UNIQUE INDEX clocks_open_idx ON clocks (ticket_id, kind, record_id) NULLS NOT DISTINCT WHERE state IN (1, 4);
