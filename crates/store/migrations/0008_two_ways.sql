-- Both ways: what calendars tell us, and what was done in them to events of ours.

-- An event of ours that stands in a calendar otherwise than it was written. One row per event; the later sight counts.
CREATE TABLE outside_changes (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    reference_id TEXT NOT NULL,
    booking_id TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    host_id TEXT NOT NULL,
    -- The booking's revision that had been written there: a later one makes the sight void.
    revision BIGINT NOT NULL,
    seen TEXT NOT NULL,
    etag TEXT,
    -- Why its host is asked; until then it is only seen.
    why TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, reference_id),
    FOREIGN KEY (organization_id, booking_id) REFERENCES bookings (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX outside_changes_host ON outside_changes (organization_id, host_id) WHERE why IS NOT NULL;
CREATE INDEX outside_changes_booking ON outside_changes (organization_id, booking_id);

-- What a host said about a foreign event that lies over a booking, as both were then.
CREATE TABLE conflict_answers (
    organization_id TEXT NOT NULL,
    booking_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    calendar_id TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    starts BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    answer TEXT NOT NULL,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, booking_id, calendar_id, remote_id, starts, ends),
    FOREIGN KEY (organization_id, booking_id) REFERENCES bookings (organization_id, id) ON DELETE CASCADE
);

-- Where a provider reaches us about one account, or about all of an app's. The address holds a key nobody can guess: its
-- hash finds the row, and sealed it is there for making the address again. Accounts' secrets are among their credentials.
CREATE TABLE hooks (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    app TEXT NOT NULL,
    connection_id TEXT,
    key_hash TEXT NOT NULL UNIQUE,
    key_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX hooks_connection ON hooks (organization_id, connection_id) WHERE connection_id IS NOT NULL;
CREATE UNIQUE INDEX hooks_app ON hooks (organization_id, app) WHERE connection_id IS NULL;

-- What a provider told us, verified: each once, by the name it has over there.
CREATE TABLE inbound_events (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    hook_id TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    signal TEXT NOT NULL,
    status TEXT NOT NULL,
    tries BIGINT NOT NULL,
    last_error TEXT,
    received_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, hook_id, remote_id),
    FOREIGN KEY (organization_id, hook_id) REFERENCES hooks (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX inbound_events_received ON inbound_events (received_at);
CREATE INDEX inbound_events_dead ON inbound_events (organization_id, received_at) WHERE status = 'dead';

-- A calendar whose provider tells us of changes.
CREATE TABLE calendar_channels (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    resource TEXT,
    status TEXT NOT NULL,
    expires_at BIGINT,
    -- When it is made anew: at three quarters of its life, or the next try.
    renew_at BIGINT,
    tries BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, calendar_id),
    FOREIGN KEY (organization_id, calendar_id) REFERENCES calendars (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX calendar_channels_remote ON calendar_channels (organization_id, connection_id, remote_id);
CREATE INDEX calendar_channels_due ON calendar_channels (renew_at) WHERE renew_at IS NOT NULL;
