-- Until when events of tickets' log are read for what was held before: the consumer has what was recorded later. None: the reading
-- has not begun since there is an end.
ALTER TABLE holdings_fill ADD COLUMN until timestamptz;
