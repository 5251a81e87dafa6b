-- Providers' notices as they came, sealed: to be looked into and read again. They may name people, so they are kept for a
-- shorter time than the names by which they are told apart.
CREATE TABLE inbound_notices (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    hook_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    -- Verb, parameters, headers and body.
    sealed TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, hook_id) REFERENCES hooks (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX inbound_notices_hook ON inbound_notices (organization_id, hook_id, received_at);
CREATE INDEX inbound_notices_received ON inbound_notices (received_at);
CREATE INDEX inbound_notices_key ON inbound_notices (key_id);

-- The notice an event came with, while that is kept; one may tell of several.
ALTER TABLE inbound_events ADD COLUMN notice_id TEXT;
CREATE INDEX inbound_events_latest ON inbound_events (organization_id, received_at);
