-- A clock that waits for its suspended ticket is due at no time: such a round is not overdue. T16.
ALTER TABLE handlings ALTER COLUMN due_at DROP NOT NULL;
