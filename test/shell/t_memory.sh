#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Content of kind memory through restarts and crashes: it survives what is
# orderly, and after a crash its files say that it is gone.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

# what FILE: status and content
what()
{
	q "SELECT dittofs.status_name(status), encode(data, 'escape'), (dittofs.attributes(attributes)).size
		FROM dittofs.read(dittofs.resolve('/memory/$1'), 0, 100)"
}

q "SELECT dittofs.create_share('/memory', content => 'memory');
	SELECT dittofs.create_share('/export');
	SELECT dittofs.write_file('/memory/a', 'one');
	SELECT dittofs.write_file('/memory/b', 'two');
	SELECT dittofs.write_file('/memory/empty', '');
	SELECT dittofs.write_file('/export/kept', 'kept')" >/dev/null
is "$(what a)" "OK|one|3" "a file in memory can be read"

pg_stop fast && pg_start
is "$(what a)" "OK|one|3" "an orderly restart leaves it"
q "SELECT dittofs.write_file('/memory/a', 'three')" >/dev/null
is "$(what a)" "OK|three|5" "and it is written as before"
before=$(q 'SELECT dittofs.write_verifier()')

# The crash of a backend: the postmaster lives on, unlogged tables do not.
kill_backend
after=$(q 'SELECT dittofs.write_verifier()')
is "$(what a)" "IO||5" "after the crash of a backend it has its size and is not zeros, but IO"
is "$(what b)" "IO||3" "so have all"
is "$(what empty)" "OK||0" "what had no content has lost none"
[ -n "$after" ] && [ "$after" != "$before" ]
ok $? "the write verifier is another one"
is "$(violations "$PGDATABASE" | sort | uniq -c | sed 's/^ *//; s/|.*//')" "1 content in memory has not been lost
1 content in memory has not been lost" "fsck reports both"
is "$(q "SELECT dittofs.status_name(status) FROM dittofs.write(dittofs.resolve('/memory/a'), 1, 'x')")" IO \
	"nothing can be written into what is lost"
is "$(error "SELECT dittofs.read_file('/memory/a')")" 58030 "people are told"
q "SELECT dittofs.write_file('/memory/a', 'new'), dittofs.rm('/memory/b'), dittofs.write_file('/memory/empty', 'filled')" >/dev/null
is "$(what a)" "OK|new|3" "a file that is written anew is whole"
is "$(what empty)" "OK|filled|6" "so is one that was empty"
is "$(violations "$PGDATABASE")" "" "and nothing is amiss"

pg_stop immediate && pg_start
is "$(what a)" "IO||3" "the crash of the server takes it, too"
is "$(q "SELECT convert_from(dittofs.read_file('/export/kept'), 'UTF8')")" kept "what is in the database is there"

# A dump carries both: content and the number of its life.
q "SELECT dittofs.write_file('/memory/a', 'dumped'), dittofs.rm('/memory/empty')" >/dev/null
"$pg_bin/pg_dump" -Fc -f "$DITTOFS_RUN/dump" && "$pg_bin/createdb" -T template0 copy &&
	"$pg_bin/pg_restore" -d copy --exit-on-error "$DITTOFS_RUN/dump"
ok $? "pg_dump and pg_restore"
is "$(q "SELECT convert_from(dittofs.read_file('/memory/a'), 'UTF8')" copy)" dumped "bring it back"
is "$(violations copy)" "" "and nothing is amiss"
"$pg_bin/pg_dump" -Fc --no-unlogged-table-data -f "$DITTOFS_RUN/dump2" &&
	"$pg_bin/createdb" -T template0 copy2 &&
	"$pg_bin/pg_restore" -d copy2 --exit-on-error "$DITTOFS_RUN/dump2"
is "$(error "SELECT dittofs.read_file('/memory/a')" copy2)" 58030 "a dump without it says that it is lost"

done_testing
