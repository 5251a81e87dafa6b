-- What can be booked, by whom, in which hours.

CREATE TABLE schedules (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    number BIGINT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Zone, weekly hours, overrides, as JSON.
    rules TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX schedules_id ON schedules (id);
CREATE INDEX schedules_user ON schedules (organization_id, user_id);

-- Days away, both included, as dates: they are the host's own, in whatever zone they are then.
CREATE TABLE out_of_office (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    from_date TEXT NOT NULL,
    until_date TEXT NOT NULL,
    note TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    CHECK (from_date <= until_date),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX out_of_office_user ON out_of_office (user_id, until_date);

-- Another zone for some days.
CREATE TABLE travels (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    from_date TEXT NOT NULL,
    until_date TEXT,
    zone TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    CHECK (from_date <= until_date),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX travels_user ON travels (user_id);

CREATE TABLE event_types (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    number BIGINT NOT NULL UNIQUE,
    owner_user_id TEXT,
    owner_team_id TEXT,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    hidden BOOLEAN NOT NULL,
    position BIGINT NOT NULL,
    schedule_id TEXT,
    assignment TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- Bookings still speak of it; nobody can book it any more.
    deleted_at BIGINT,
    PRIMARY KEY (organization_id, id),
    CHECK ((owner_user_id IS NULL) <> (owner_team_id IS NULL)),
    FOREIGN KEY (organization_id, owner_user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, owner_team_id) REFERENCES teams (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX event_types_id ON event_types (id);
CREATE UNIQUE INDEX event_types_user_slug ON event_types (organization_id, owner_user_id, slug)
    WHERE owner_user_id IS NOT NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX event_types_team_slug ON event_types (organization_id, owner_team_id, slug)
    WHERE owner_team_id IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE event_type_hosts (
    organization_id TEXT NOT NULL,
    event_type_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    fixed BOOLEAN NOT NULL,
    priority BIGINT NOT NULL,
    weight BIGINT NOT NULL,
    schedule_id TEXT,
    PRIMARY KEY (organization_id, event_type_id, user_id),
    FOREIGN KEY (organization_id, event_type_id) REFERENCES event_types (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX event_type_hosts_user ON event_type_hosts (organization_id, user_id);

-- Whose turn it is under round robin; kept when hosts are edited.
CREATE TABLE host_turns (
    organization_id TEXT NOT NULL,
    event_type_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    booked BIGINT NOT NULL,
    last_booked_at BIGINT,
    PRIMARY KEY (organization_id, event_type_id, user_id)
);

CREATE TABLE private_links (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    event_type_id TEXT NOT NULL,
    uid TEXT NOT NULL UNIQUE,
    expires_at BIGINT,
    most_uses BIGINT,
    uses BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, event_type_id) REFERENCES event_types (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX private_links_event_type ON private_links (organization_id, event_type_id);
