-- SPDX-License-Identifier: PostgreSQL
-- Read-only shares: every change is ROFS, for root too, and changes nothing.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/readonly', root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file', mode => t.mode('0777')) \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir', mode => t.mode('0777')) \gset
SELECT handle AS link FROM dittofs.create_symlink(:'root', 'link', 'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'content');
SELECT md5(string_agg(f::text, '' ORDER BY f.id)) AS before FROM dittofs.files f WHERE share_id = (SELECT share_id FROM dittofs.shares WHERE name = '/readonly') \gset
SELECT dittofs.alter_share('/readonly', read_only => true);

SELECT 'set_file_attributes' AS call, dittofs.status_name(status), wcc IS NOT NULL AS wcc FROM dittofs.set_file_attributes(:'file', mode => 0)
UNION ALL SELECT 'create_file', dittofs.status_name(status), dir_wcc IS NOT NULL FROM dittofs.create_file(:'root', 'new')
UNION ALL SELECT 'create_file unchecked', dittofs.status_name(status), dir_wcc IS NOT NULL FROM dittofs.create_file(:'root', 'file', how => 'unchecked')
UNION ALL SELECT 'create_file exclusive', dittofs.status_name(status), dir_wcc IS NOT NULL FROM dittofs.create_file(:'root', 'new', how => 'exclusive', verifier => '\x0000000000000000')
UNION ALL SELECT 'create_directory', dittofs.status_name(status), dir_wcc IS NOT NULL FROM dittofs.create_directory(:'root', 'new')
UNION ALL SELECT 'create_symlink', dittofs.status_name(status), dir_wcc IS NOT NULL FROM dittofs.create_symlink(:'root', 'new', 'x')
UNION ALL SELECT 'create_special_file', dittofs.status_name(status), dir_wcc IS NOT NULL FROM dittofs.create_special_file(:'root', 'new', 'fifo')
UNION ALL SELECT 'create_hard_link', dittofs.status_name(status), dir_wcc IS NOT NULL FROM dittofs.create_hard_link(:'file', :'root', 'new')
UNION ALL SELECT 'remove_file', dittofs.status_name(status), wcc IS NOT NULL FROM dittofs.remove_file(:'root', 'file')
UNION ALL SELECT 'remove_directory', dittofs.status_name(status), wcc IS NOT NULL FROM dittofs.remove_directory(:'root', 'dir')
UNION ALL SELECT 'move', dittofs.status_name(status), from_wcc IS NOT NULL AND to_wcc IS NOT NULL FROM dittofs.move(:'root', 'file', :'dir', 'file')
UNION ALL SELECT 'write', dittofs.status_name(status), wcc IS NOT NULL FROM dittofs.write(:'file', 0, 'x')
UNION ALL SELECT 'write nothing', dittofs.status_name(status), wcc IS NOT NULL FROM dittofs.write(:'file', 0, '')
UNION ALL SELECT 'commit', dittofs.status_name(status), wcc IS NOT NULL FROM dittofs.commit(:'file')
UNION ALL SELECT 'prepare_write', dittofs.status_name(status), attributes IS NOT NULL FROM dittofs.prepare_write(:'file', 0, '')
UNION ALL SELECT 'commit_write', dittofs.status_name(status), wcc IS NOT NULL FROM dittofs.commit_write(:'file', 0, '', 1);

-- Reading goes on, and leaves access times alone
SELECT 'get_file' AS call, dittofs.status_name(status) FROM dittofs.get_file(:'file')
UNION ALL SELECT 'lookup', dittofs.status_name(status) FROM dittofs.lookup(:'root', 'file')
UNION ALL SELECT 'read', dittofs.status_name(status) FROM dittofs.read(:'file', 0, 10)
UNION ALL SELECT 'prepare_read', dittofs.status_name(status) FROM dittofs.prepare_read(:'file', 0, 10)
UNION ALL SELECT 'read_symlink', dittofs.status_name(status) FROM dittofs.read_symlink(:'link')
UNION ALL SELECT 'read_directory', dittofs.status_name(max(status)) FROM dittofs.read_directory(:'root')
UNION ALL SELECT 'check_permissions', dittofs.status_name(status) FROM dittofs.check_permissions(:'file', 63);
SELECT md5(string_agg(f::text, '' ORDER BY f.id)) = :'before' AS unchanged FROM dittofs.files f WHERE share_id = (SELECT share_id FROM dittofs.shares WHERE name = '/readonly');

-- Nobody is granted a change (4 modify, 8 extend, 16 delete)
SELECT k.kind, r.granted AS root, u.granted AS "user"
	FROM (VALUES ('file', :'file'::bytea), ('dir', :'dir'), ('link', :'link')) k(kind, handle),
		dittofs.check_permissions(k.handle, 63) r, dittofs.check_permissions(k.handle, 63, 'uid=1000 gid=100') u;

-- A handle that is no good is no good here either
SELECT dittofs.status_name(status) AS "NOTDIR" FROM dittofs.create_file(:'file', 'x');
SELECT dittofs.status_name(status) AS "ISDIR" FROM dittofs.write(:'dir', 0, 'x');

SELECT dittofs.alter_share('/readonly', read_only => false);
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'new');

-- A transaction may be read-only as well: that is an error, as for any command
BEGIN READ ONLY;
SELECT dittofs.create_file(:'root', 'newer');
ROLLBACK;
BEGIN READ ONLY;
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'root', 'new');
COMMIT;

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/readonly', force => true);
