-- Our own name of a mail, under which its sender tells what became of it, and what that was.
ALTER TABLE deliveries ADD COLUMN message_id TEXT;
ALTER TABLE deliveries ADD COLUMN delivered_at BIGINT;
ALTER TABLE deliveries ADD COLUMN returned_at BIGINT;
CREATE INDEX deliveries_message_id ON deliveries (organization_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX deliveries_remote_id ON deliveries (organization_id, remote_id) WHERE remote_id IS NOT NULL;
