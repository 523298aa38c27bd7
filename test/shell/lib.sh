# SPDX-License-Identifier: PostgreSQL
# test/shell/lib.sh: what the whole-system scripts share.  For bash; sourced
# first, it runs the script again inside test/with-postgres.
# shellcheck shell=bash disable=SC2154
#
#	q SQL [DB]		runs SQL and prints the rows, unaligned
#	error SQL [DB]	runs SQL that is to fail and prints its SQLSTATE
#	session_begin	opens a session that stays open
#	say SQL			runs SQL in it and prints the rows and errors
#	session_end
#	fill DB			makes shares and files of every kind in it
#	state DB		everything a client can see of all shares, as text
#	violations DB	what check.sql finds; nothing is right
#	appears FILE REGEX	waits until the file has such a line

# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
if [ -z "$DITTOFS_RUN" ]; then
	exec "$top/test/with-postgres" bash "$(realpath "$0")" "$@"
fi
pg_paths

q()
{
	"$pg_bin/psql" -XqAt -v ON_ERROR_STOP=1 -c "$1" "${2:-$PGDATABASE}"
}

error()
{
	"$pg_bin/psql" -XqAt -v VERBOSITY=sqlstate -c "$1" "${2:-$PGDATABASE}" 2>&1 |
		sed -n 's/^ERROR:  //p'
}

session_begin()
{
	coproc SESSION { "$pg_bin/psql" -XqAt 2>&1; }
}

say()
{
	local line

	printf '%s\n' "$1" '\echo .' >&"${SESSION[1]}"
	while read -r line <&"${SESSION[0]}" && [ "$line" != . ]; do
		echo "$line"
	done
}

session_end()
{
	eval "exec ${SESSION[1]}>&-"
}

appears()
{
	await "/$2/ in ${1##*/}" grep -qsE "$2" "$1"
}

# kill_backend: a process of the server is killed.  The postmaster lives on and
# starts all others anew; returns when that is over.
kill_backend()
{
	local sleeper pid

	expect_crash
	"$pg_bin/psql" -Xqc 'SELECT pg_sleep(3600)' >/dev/null 2>&1 &
	sleeper=$!
	eventually "EXISTS (SELECT FROM pg_stat_activity
		WHERE query = 'SELECT pg_sleep(3600)' AND state = 'active')"
	pid=$(q "SELECT pid FROM pg_stat_activity
		WHERE query = 'SELECT pg_sleep(3600)' AND state = 'active'")
	kill -KILL "$pid"
	wait $sleeper
	eventually true
}

violations()
{
	"$pg_bin/psql" -XqAt -v ON_ERROR_STOP=1 -f "$top/test/check.sql" "$1" &&
		q 'SELECT * FROM t.violations' "$1" &&
		q 'SET client_min_messages = warning; DROP SCHEMA t CASCADE' "$1"
}

fill()
{
	"$pg_bin/psql" -Xqo /dev/null -v ON_ERROR_STOP=1 "$1" <<-'EOF'
		SELECT dittofs.create_share('/export', squash => 'none', root_mode => '0777');
		SELECT dittofs.create_share('/other', content => 'memory', squash => 'all', anonuid => 4294967294,
			allowed_clients => '{10.0.0.0/8,::1}', denied_clients => '{10.1.0.0/16}',
			allow_auth_none => true, atime => 'off', root_mode => '1777');
		SELECT dittofs.create_share('/empty', read_only => true);
		SELECT dittofs.set_filesystem_capabilities('/other', rtmax => 65536);
		SELECT dittofs.set_server_config('capacity_bytes', '1000000000');
		SELECT dittofs.mount('/export', 'client=10.0.0.7');

		SELECT dittofs.mkdir('/export/a/b/c', parents => true);
		SELECT dittofs.write_file('/export/a/small', 'some content', mode => '4711');
		SELECT dittofs.write_file('/export/a/large', decode(repeat('00010203ff', 200000), 'hex'));
		SELECT dittofs.write_file('/export/a/empty', '', mode => '0000');
		SELECT dittofs.ln('/export/a/small', '/export/a/b/again');
		SELECT dittofs.symlink('../../\377', '/export/a/b/link');
		SELECT dittofs.chown('/export/a/large', 4294967295, 4294967294);
		SELECT dittofs.write_file('/export/\377\001 %_\\x', 'odd');
		SELECT dittofs.write_file('/other/kept', 'in memory');
		SELECT status FROM dittofs.resolve('/export/a/b') dir,
			dittofs.create_special_file(dir, 'null', 'character', 1, 3);
		SELECT status FROM dittofs.resolve('/export/a/b') dir,
			dittofs.create_special_file(dir, 'disk', 'block', 4294967295, 4294967295);
		SELECT status FROM dittofs.resolve('/export/a/b') dir, dittofs.create_special_file(dir, 'fifo', 'fifo');
		SELECT status FROM dittofs.resolve('/export/a/b') dir, dittofs.create_special_file(dir, 'socket', 'socket');
		SELECT status FROM dittofs.resolve('/export/a') dir,
			dittofs.create_file(dir, 'exclusive', how => 'exclusive', verifier => '\x0011223344556677');
		SELECT w.status FROM dittofs.resolve('/export/a') dir, dittofs.create_file(dir, 'sparse') f,
			dittofs.write(f.handle, 5000000000, 'end') w;
		SELECT s.status FROM dittofs.resolve('/export/a/small') file,
			dittofs.set_file_attributes(file, atime => 1, mtime => -1000000001) s;
		SELECT dittofs.write_file('/export/a/cut', decode(repeat('77', 3000000), 'hex'));
		SELECT dittofs.write_file('/export/a/cut', 'new content');
		SELECT dittofs.write_file('/export/a/holes', decode(repeat('88', 3000000), 'hex'));
		SELECT dittofs.punch_hole('/export/a/holes', 100000, 2500000);
		SELECT dittofs.setxattr('/export/a/small', 'author', 'Ada'),
			dittofs.setxattr('/export/a', 'long', decode(repeat('0102', 20000), 'hex'));
		SELECT dittofs.create_content_store('store', 's3') AS store \gset
		SELECT dittofs.create_share('/stored', content => 's3', content_store => 'store', max_bytes => 1000000,
			compression => 'lz4');
		SELECT sha256('a block') || int4send(7) AS blocks \gset
		SELECT dittofs.claim_blocks(:store, :'blocks');
		SELECT w.status, c.status FROM dittofs.resolve('/stored') dir, dittofs.create_file(dir, 'file') f,
			dittofs.commit_write(f.handle, 0, :'blocks', :store) c, dittofs.write(f.handle, 3, 'staged') w;
		SELECT dittofs.mkdir('/export/many');
		SELECT dittofs.write_file('/export/many/' || n, convert_to(n::text, 'UTF8')) FROM generate_series(1, 500) n;
		SELECT dittofs.rm('/export/many/' || n) FROM generate_series(1, 500, 7) n;
	EOF
}

state()
{
	"$pg_bin/psql" -XqAt -v ON_ERROR_STOP=1 "$1" <<-'EOF'
		SELECT 'share', * FROM dittofs.list_shares();
		SELECT 'fsid', name, a.fsid FROM dittofs.list_shares(), dittofs.get_file(root) f,
			dittofs.attributes(f.attributes) a;
		SELECT 'capabilities', name, c.* FROM dittofs.list_shares(),
			dittofs.get_filesystem_capabilities(root) c;
		SELECT 'config', key, value FROM dittofs.get_server_config();
		SELECT 'mount', * FROM dittofs.list_mounts();
		CREATE TEMP TABLE tree AS SELECT t.* FROM dittofs.list_shares() s, dittofs.tree(s.name) t;
		SELECT 'file', t.path, t.handle, f.attributes FROM tree t, dittofs.get_file(t.handle) f;
		SELECT 'target', path, r.target FROM tree, dittofs.read_symlink(handle) r WHERE kind = 'symlink';
		SELECT 'content', path, md5(dittofs.read_file(path)) FROM tree
			WHERE kind = 'regular' AND size < 1000000000 AND path <> '/stored/file';
		SELECT 'attribute', path, x.name, md5(dittofs.getxattr(path, x.name))
			FROM tree, dittofs.listxattr(path) x;
		SELECT 'stored', r.segments, r.data FROM dittofs.resolve('/stored/file') file, dittofs.prepare_read(file, 0, 100) r;
		SELECT 'hints', share, content, store, store_id, block_size, name, store_uuid FROM dittofs.content_hints() ORDER BY share;
		SELECT 'end', data FROM dittofs.read(dittofs.resolve('/export/a/sparse'), 4999999990, 100);
		SELECT 'entry', t.path, d.cookie, d.fileid, d.name, d.handle FROM tree t, dittofs.read_directory(t.handle) d
			WHERE t.kind = 'directory' AND d.name IS NOT NULL;
		SELECT 'page', d.cookie, d.name FROM dittofs.resolve('/export/many') dir,
			dittofs.read_directory(dir, 4611686018427387904, maxcount => 4096) d WHERE d.name IS NOT NULL;
		SELECT 'exclusive', status FROM dittofs.resolve('/export/a') dir,
			dittofs.create_file(dir, 'exclusive', how => 'exclusive', verifier => '\x0011223344556677');
	EOF
}
