-- Apps that are enabled, their secrets, their health, and what they made outside.

CREATE TABLE installations (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    app TEXT NOT NULL,
    -- Neither: the whole organization's.
    owner_user_id TEXT,
    owner_team_id TEXT,
    settings TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, owner_user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, owner_team_id) REFERENCES teams (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX installations_id ON installations (id);
CREATE INDEX installations_user ON installations (organization_id, owner_user_id);
CREATE INDEX installations_app ON installations (organization_id, app);

-- The account behind an installation: its health, and the sealed secret.
CREATE TABLE connections (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    installation_id TEXT NOT NULL,
    account TEXT NOT NULL,
    state TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    cause TEXT NOT NULL,
    checked_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, installation_id) REFERENCES installations (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX connections_id ON connections (id);
CREATE UNIQUE INDEX connections_account ON connections (organization_id, installation_id, account);

CREATE TABLE credentials (
    organization_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    name TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    expires_at BIGINT,
    -- Counts writes, so that a refresh can see that another came first.
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, connection_id, name),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX credentials_key ON credentials (key_id);

-- The tie between a booking and one thing outside: what is wanted, and what is there.
CREATE TABLE booking_references (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    booking_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    app TEXT NOT NULL,
    installation_id TEXT NOT NULL,
    target TEXT NOT NULL,
    host_id TEXT NOT NULL,
    desired_revision BIGINT NOT NULL,
    desired_present BOOLEAN NOT NULL,
    applied_revision BIGINT,
    applied_present BOOLEAN NOT NULL,
    external_id TEXT,
    external_url TEXT,
    etag TEXT,
    detail TEXT NOT NULL,
    status TEXT NOT NULL,
    tries BIGINT NOT NULL,
    last_error TEXT,
    next_try_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, booking_id, installation_id, target),
    FOREIGN KEY (organization_id, booking_id) REFERENCES bookings (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX booking_references_id ON booking_references (id);
CREATE INDEX booking_references_open ON booking_references (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX booking_references_external ON booking_references (organization_id, installation_id, external_id)
    WHERE external_id IS NOT NULL;

-- What was said to whom outside, redacted, for the person who must mend it.
CREATE TABLE flight_records (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    app TEXT NOT NULL,
    operation TEXT NOT NULL,
    connection_id TEXT,
    booking_id TEXT,
    method TEXT NOT NULL,
    url TEXT NOT NULL,
    status BIGINT,
    millis BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX flight_records_connection ON flight_records (organization_id, connection_id, at);
CREATE INDEX flight_records_booking ON flight_records (organization_id, booking_id, at) WHERE booking_id IS NOT NULL;
CREATE INDEX flight_records_at ON flight_records (at);
