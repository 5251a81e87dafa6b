-- What was called for whom, in order, with what is needed to do a failed step again.

-- For which notice of a provider's.
ALTER TABLE flight_records ADD COLUMN notice_id TEXT;
-- Which step of ours it belongs to: a kind and a row, such as `delivery:…`. None where a person waited for the answer.
ALTER TABLE flight_records ADD COLUMN step TEXT;
-- Which try of the call, and of how many; which run of the step, and of how many.
ALTER TABLE flight_records ADD COLUMN attempt BIGINT NOT NULL DEFAULT 1;
ALTER TABLE flight_records ADD COLUMN attempts BIGINT NOT NULL DEFAULT 1;
ALTER TABLE flight_records ADD COLUMN run BIGINT;
ALTER TABLE flight_records ADD COLUMN runs BIGINT;
-- The provider wanted to hear nothing before.
ALTER TABLE flight_records ADD COLUMN not_before_at BIGINT;

-- A page of a time line is one walk along one of these.
DROP INDEX flight_records_connection;
DROP INDEX flight_records_booking;
CREATE INDEX flight_records_connection ON flight_records (organization_id, connection_id, at, id) WHERE connection_id IS NOT NULL;
CREATE INDEX flight_records_booking ON flight_records (organization_id, booking_id, at, id) WHERE booking_id IS NOT NULL;
CREATE INDEX flight_records_notice ON flight_records (organization_id, notice_id, at, id) WHERE notice_id IS NOT NULL;

-- The account a notice turned out to be about, where its address stands for many.
ALTER TABLE inbound_events ADD COLUMN connection_id TEXT;
UPDATE inbound_events SET connection_id = (SELECT h.connection_id FROM hooks h
    WHERE h.organization_id = inbound_events.organization_id AND h.id = inbound_events.hook_id);
CREATE INDEX inbound_events_connection ON inbound_events (organization_id, connection_id, received_at, id)
    WHERE connection_id IS NOT NULL;

-- Notices whose sender was not who they should be leave no row of their own: they are counted.
ALTER TABLE hooks ADD COLUMN refused BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hooks ADD COLUMN refused_at BIGINT;
ALTER TABLE hooks ADD COLUMN refused_why TEXT;
