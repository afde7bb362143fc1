-- How many tickets from pools a person may have in hand who claims what waits so; 0: any number. Source: R9.
ALTER TABLE decisions ADD COLUMN claim_limit int NOT NULL DEFAULT 0;
