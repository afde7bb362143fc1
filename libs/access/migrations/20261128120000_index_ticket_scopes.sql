-- Lists of what belongs to tickets begin here for callers who see few of them: by area, and by units that take or took
-- part, have the ticket, or have it in their pool. The expression is that of libs/access/src/projection.rs. Without a
-- pending list: consumers write it, callers wait for reads.
CREATE INDEX ticket_scopes_region_idx ON ticket_scopes (region);
CREATE INDEX ticket_scopes_units_idx ON ticket_scopes USING gin ((unit_ids || ARRAY[lead_unit, pool_unit]))
    WITH (fastupdate = off);
