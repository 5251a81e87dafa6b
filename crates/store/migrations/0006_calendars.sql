-- Our copy of the busy times of external calendars.

CREATE TABLE calendars (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    name TEXT NOT NULL,
    zone TEXT,
    colour TEXT,
    writable BOOLEAN NOT NULL,
    -- Its events make the user busy.
    blocks BOOLEAN NOT NULL,
    -- Bookings are written here.
    receives BOOLEAN NOT NULL,
    -- Events nobody has answered yet make the user busy too.
    tentative_blocks BOOLEAN NOT NULL,
    cursor TEXT,
    -- The copy covers this time.
    starts BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    synced_at BIGINT,
    failing_since_at BIGINT,
    last_error TEXT,
    -- While failing: believed for so many hours, then everything is busy, or nothing.
    trust_hours BIGINT NOT NULL,
    then_blocks BOOLEAN NOT NULL,
    next_sync_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, connection_id, remote_id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX calendars_id ON calendars (id);
CREATE INDEX calendars_user ON calendars (user_id);
CREATE INDEX calendars_due ON calendars (next_sync_at) WHERE next_sync_at IS NOT NULL;

-- One object of a calendar: an event with all its exceptions.
CREATE TABLE mirror_events (
    organization_id TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    uid TEXT NOT NULL,
    etag TEXT NOT NULL,
    -- Its text, when its times must be worked out again as the window moves on.
    source TEXT,
    PRIMARY KEY (organization_id, calendar_id, remote_id),
    FOREIGN KEY (organization_id, calendar_id) REFERENCES calendars (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX mirror_events_uid ON mirror_events (organization_id, calendar_id, uid);

-- When it makes its user busy: one row per span.
CREATE TABLE mirror_spans (
    organization_id TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    -- Its event's, again, so that reading needs no join.
    uid TEXT NOT NULL,
    user_id TEXT NOT NULL,
    starts BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    PRIMARY KEY (organization_id, calendar_id, remote_id, starts, ends),
    CHECK (starts < ends),
    FOREIGN KEY (organization_id, calendar_id) REFERENCES calendars (organization_id, id) ON DELETE CASCADE
);
-- All hosts' busy times of a window are one pass over this.
CREATE INDEX mirror_spans_time ON mirror_spans (user_id, ends, starts, calendar_id);
