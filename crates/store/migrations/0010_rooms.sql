-- How much of a day's allowance at a provider is used: a server that starts again, or another node, must know it too.

CREATE TABLE daily_writes (
    organization_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    -- On whose behalf: some providers count each user of an account.
    host_id TEXT NOT NULL,
    -- Days since 1970-01-01, UTC.
    day BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (organization_id, connection_id, host_id, day),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX daily_writes_day ON daily_writes (day);
