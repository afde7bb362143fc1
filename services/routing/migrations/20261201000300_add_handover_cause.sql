-- Why a person's tickets are reassigned, where nobody wrote a reason: 1 on leave, 2 goes on leave, 3 left, 4 hands over; 0: the
-- reason says it. Source: R10, T26.
ALTER TABLE reassignments
    ADD COLUMN cause smallint NOT NULL DEFAULT 0
        CONSTRAINT reassignments_cause CHECK (cause BETWEEN 0 AND 4);
