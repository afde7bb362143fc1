-- Which unit is above which, and which is the centre (kind 4), for what climbs. Units that were here before are known by
-- name only until routing tells of them again; what climbs beyond them goes to supervisors meanwhile.
ALTER TABLE units ADD COLUMN parent_id text NOT NULL DEFAULT '', ADD COLUMN kind smallint NOT NULL DEFAULT 0;
