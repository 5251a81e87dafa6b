-- What must follow, written with the change that causes it.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT,
    payload TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    tries BIGINT NOT NULL,
    last_error TEXT,
    dead_at BIGINT,
    created_at BIGINT NOT NULL
);
-- Two waiting are one. A running one is not waiting, so what is added then runs after it.
CREATE UNIQUE INDEX jobs_waiting ON jobs (kind, key) WHERE lease_owner IS NULL AND dead_at IS NULL AND key IS NOT NULL;
CREATE INDEX jobs_due ON jobs (run_at) WHERE lease_owner IS NULL AND dead_at IS NULL;
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE lease_owner IS NOT NULL;
CREATE INDEX jobs_running ON jobs (kind, key) WHERE lease_owner IS NOT NULL;
CREATE INDEX jobs_dead ON jobs (dead_at) WHERE dead_at IS NOT NULL;

-- One message to one recipient over one channel, once per revision.
CREATE TABLE deliveries (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    booking_id TEXT,
    message TEXT NOT NULL,
    revision BIGINT NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    -- The same message again on purpose, such as the link that came later.
    part TEXT NOT NULL,
    detail TEXT NOT NULL,
    status TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_try_at BIGINT,
    remote_id TEXT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX deliveries_id ON deliveries (id);
CREATE UNIQUE INDEX deliveries_once ON deliveries (organization_id, booking_id, message, revision, channel, recipient, part)
    WHERE booking_id IS NOT NULL;
CREATE INDEX deliveries_waiting ON deliveries (next_try_at) WHERE next_try_at IS NOT NULL;
