-- SPDX-License-Identifier: PostgreSQL
-- Every backend keeps the shares in memory; a change tells them all, however
-- it was made (COPY of a restore and replication included).
--
-- Triggers for each row, since the workers of a logical subscription fire no others;
-- but for TRUNCATE, which has no rows.  ALWAYS, since these workers are replicas.

CREATE FUNCTION dittofs.shares_changed() RETURNS trigger
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_shares_changed';

CREATE TRIGGER shares_changed
	AFTER INSERT OR UPDATE OR DELETE ON dittofs.shares
	FOR EACH ROW EXECUTE FUNCTION dittofs.shares_changed();
CREATE TRIGGER shares_truncated AFTER TRUNCATE ON dittofs.shares
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.shares_changed();
ALTER TABLE dittofs.shares ENABLE ALWAYS TRIGGER shares_changed;
ALTER TABLE dittofs.shares ENABLE ALWAYS TRIGGER shares_truncated;
CREATE TRIGGER shares_changed
	AFTER INSERT OR UPDATE OR DELETE ON dittofs.filesystem_capabilities
	FOR EACH ROW EXECUTE FUNCTION dittofs.shares_changed();
CREATE TRIGGER shares_truncated AFTER TRUNCATE ON dittofs.filesystem_capabilities
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.shares_changed();
ALTER TABLE dittofs.filesystem_capabilities ENABLE ALWAYS TRIGGER shares_changed;
ALTER TABLE dittofs.filesystem_capabilities ENABLE ALWAYS TRIGGER shares_truncated;
CREATE TRIGGER shares_changed
	AFTER INSERT OR UPDATE OR DELETE ON dittofs.content_stores
	FOR EACH ROW EXECUTE FUNCTION dittofs.shares_changed();
CREATE TRIGGER shares_truncated AFTER TRUNCATE ON dittofs.content_stores
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.shares_changed();
ALTER TABLE dittofs.content_stores ENABLE ALWAYS TRIGGER shares_changed;
ALTER TABLE dittofs.content_stores ENABLE ALWAYS TRIGGER shares_truncated;
CREATE TRIGGER shares_changed
	AFTER INSERT OR UPDATE OR DELETE ON dittofs.server_config
	FOR EACH ROW EXECUTE FUNCTION dittofs.shares_changed();
CREATE TRIGGER shares_truncated AFTER TRUNCATE ON dittofs.server_config
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.shares_changed();
ALTER TABLE dittofs.server_config ENABLE ALWAYS TRIGGER shares_changed;
ALTER TABLE dittofs.server_config ENABLE ALWAYS TRIGGER shares_truncated;
