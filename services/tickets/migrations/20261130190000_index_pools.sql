-- What waits in the pools of units, in the order in which it is claimed. Source: R9.
CREATE INDEX tickets_pools ON tickets (pool_unit, priority, received_at, id) WHERE phase = 3 AND pool_unit IS NOT NULL;
