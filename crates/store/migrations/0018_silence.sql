-- The provider asked to hear nothing of this account before then.
ALTER TABLE connections ADD COLUMN silent_until_at BIGINT;
