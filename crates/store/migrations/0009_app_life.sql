-- What becomes of an installation that is switched off or taken away.

-- Since then it is off.
ALTER TABLE installations ADD COLUMN off_at BIGINT;
-- Since then it is taken away; until purge_at it can come back.
ALTER TABLE installations ADD COLUMN removed_at BIGINT;
ALTER TABLE installations ADD COLUMN purge_at BIGINT;
-- What it had then: how its calendars were used, where its rooms were offered.
ALTER TABLE installations ADD COLUMN kept TEXT;
CREATE INDEX installations_purge ON installations (purge_at) WHERE purge_at IS NOT NULL;
CREATE INDEX installations_team ON installations (organization_id, owner_team_id);
