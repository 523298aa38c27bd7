-- SPDX-License-Identifier: PostgreSQL
-- s3.sql: the content of /export goes to the store "bucket".  Again it does
-- nothing; what is there already is moved by the gateways.
SELECT dittofs.create_content_store('bucket', 's3')
	WHERE NOT EXISTS (SELECT FROM dittofs.content_stores WHERE name = 'bucket');
SELECT dittofs.alter_share('/export', content => 's3', content_store => 'bucket');
