-- Bookings, and who owns whose time.

CREATE TABLE bookings (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    number BIGINT NOT NULL,
    uid TEXT NOT NULL,
    event_type_id TEXT NOT NULL,
    host_id TEXT NOT NULL,
    title TEXT NOT NULL,
    starts BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    zone TEXT NOT NULL,
    status TEXT NOT NULL,
    revision BIGINT NOT NULL,
    series_uid TEXT,
    rest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX bookings_id ON bookings (id);
CREATE UNIQUE INDEX bookings_uid ON bookings (uid);
CREATE UNIQUE INDEX bookings_number ON bookings (number);
CREATE INDEX bookings_event_type ON bookings (organization_id, event_type_id, starts);
CREATE INDEX bookings_starts ON bookings (organization_id, starts);
CREATE INDEX bookings_series ON bookings (organization_id, series_uid) WHERE series_uid IS NOT NULL;

CREATE TABLE booking_hosts (
    organization_id TEXT NOT NULL,
    booking_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    -- The booking's start again, so that one host's list is one index.
    starts BIGINT NOT NULL,
    PRIMARY KEY (organization_id, booking_id, user_id),
    FOREIGN KEY (organization_id, booking_id) REFERENCES bookings (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX booking_hosts_user ON booking_hosts (organization_id, user_id, starts);

CREATE TABLE attendees (
    organization_id TEXT NOT NULL,
    booking_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    seat_uid TEXT,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    zone TEXT NOT NULL,
    locale TEXT NOT NULL,
    phone TEXT,
    extra BOOLEAN NOT NULL,
    absent BOOLEAN NOT NULL,
    PRIMARY KEY (organization_id, booking_id, position),
    FOREIGN KEY (organization_id, booking_id) REFERENCES bookings (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX attendees_email ON attendees (organization_id, email);
CREATE UNIQUE INDEX attendees_seat ON attendees (seat_uid) WHERE seat_uid IS NOT NULL;

-- What happened to a booking, told in order.
CREATE TABLE booking_events (
    organization_id TEXT NOT NULL,
    booking_id TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    revision BIGINT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (organization_id, booking_id, id),
    FOREIGN KEY (organization_id, booking_id) REFERENCES bookings (organization_id, id) ON DELETE CASCADE
);

-- One row per host: who decides about a host's time locks it.
CREATE TABLE host_guards (
    host_id TEXT PRIMARY KEY
);

-- Who owns which time of a host, widened by buffers. Rows with the same `shared` are seats of one slot.
CREATE TABLE claims (
    organization_id TEXT NOT NULL,
    host_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    owner_kind TEXT NOT NULL,
    starts BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    expires_at BIGINT,
    shared TEXT,
    seats BIGINT NOT NULL,
    PRIMARY KEY (organization_id, host_id, owner_id),
    -- Longer ones could be missed: the search looks back this far and no farther.
    CHECK (starts < ends AND ends - starts <= 345600)
);
CREATE INDEX claims_owner ON claims (owner_id);
CREATE INDEX claims_time ON claims (host_id, starts, ends);
CREATE INDEX claims_expiry ON claims (expires_at) WHERE expires_at IS NOT NULL;

-- A slot kept while a guest types. Its time is in claims.
CREATE TABLE holds (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    uid TEXT NOT NULL UNIQUE,
    event_type_id TEXT NOT NULL,
    starts BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    seats BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX holds_event_type ON holds (organization_id, event_type_id, starts);
CREATE INDEX holds_expiry ON holds (expires_at);

-- What was answered to a request that may be sent again.
CREATE TABLE idempotency_keys (
    organization_id TEXT NOT NULL,
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status BIGINT,
    answer TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, principal, key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
