-- What clocks in its zone showed at a booking's start when it was agreed, and when they show that by the rules known last:
-- not at its start where new rules came between. Both are filled in, by the rules in force, when a server next starts.
ALTER TABLE bookings ADD COLUMN wall TEXT;
ALTER TABLE bookings ADD COLUMN wall_starts BIGINT;
CREATE INDEX bookings_shifted ON bookings (starts) WHERE wall_starts <> starts;
