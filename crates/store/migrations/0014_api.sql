-- What clients of the API say of accounts and calendars.

-- An account, as the API names it; those that are there already are counted.
ALTER TABLE connections ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
UPDATE connections SET number = (SELECT COUNT(*) FROM connections earlier WHERE earlier.id <= connections.id);
CREATE UNIQUE INDEX connections_number ON connections (number);
-- The account's main calendar; known when its calendars are listed next.
ALTER TABLE calendars ADD COLUMN main BOOLEAN NOT NULL DEFAULT FALSE;
-- What becomes of a booking whose event is changed there: follow, ask or ignore; none for what its owner wants elsewhere.
ALTER TABLE calendars ADD COLUMN on_change TEXT;
