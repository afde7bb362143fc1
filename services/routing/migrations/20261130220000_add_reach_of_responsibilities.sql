-- How far a responsibility counts. Source: R5, X4. What is there already was written when all counted everywhere.
ALTER TABLE responsibilities ADD COLUMN everywhere boolean NOT NULL DEFAULT true;
ALTER TABLE responsibilities ALTER COLUMN everywhere DROP DEFAULT;
