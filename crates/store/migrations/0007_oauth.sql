-- Sign-ins at providers: our registrations, questions under way, and what was granted.

CREATE TABLE oauth_clients (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    app TEXT NOT NULL,
    client_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    -- The client secret, and the one notices are signed with.
    sealed TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, app)
);

-- A registration the provider does not take: an administrator's problem, not the connections'.
CREATE TABLE oauth_troubles (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    app TEXT NOT NULL,
    cause TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, app)
);

-- Somebody was sent to a provider and is to come back.
CREATE TABLE oauth_flows (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    -- SHA-256 of the state: the state itself is only in their browser.
    state_hash TEXT NOT NULL,
    app TEXT NOT NULL,
    user_id TEXT NOT NULL,
    -- The browser session that asked; no other may bring the answer.
    session_id TEXT NOT NULL,
    -- For whom, as in installations.
    owner_user_id TEXT,
    owner_team_id TEXT,
    -- The connection to be mended; none for a new one.
    installation_id TEXT,
    settings TEXT NOT NULL,
    key_id TEXT NOT NULL,
    -- The PKCE verifier; after an answer from another account, what it granted, until that is confirmed.
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX oauth_flows_state ON oauth_flows (state_hash);
CREATE INDEX oauth_flows_over ON oauth_flows (expires_at);

-- What stands behind a connection's tokens, and whose turn it is to renew them.
CREATE TABLE oauth_grants (
    organization_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    app TEXT NOT NULL,
    -- The account's own id at the provider.
    subject TEXT NOT NULL,
    -- What does not work because it was not granted, in words: a JSON list.
    missing TEXT NOT NULL,
    refreshed_at BIGINT NOT NULL,
    -- Counts turns. Tokens of an earlier turn never replace those of a later one.
    fence BIGINT NOT NULL,
    stored_fence BIGINT NOT NULL,
    lease_until BIGINT,
    -- Written before the provider is asked: which version of the tokens is being renewed, since when.
    attempt_version BIGINT,
    attempt_at BIGINT,
    failures BIGINT NOT NULL,
    next_try_at BIGINT,
    -- The provider has ended it, and why; nothing is tried until its owner has signed in again.
    ended_at BIGINT,
    cause TEXT NOT NULL,
    PRIMARY KEY (organization_id, connection_id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX oauth_grants_due ON oauth_grants (refreshed_at) WHERE ended_at IS NULL;
CREATE INDEX oauth_grants_subject ON oauth_grants (app, subject);
