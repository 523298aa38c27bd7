#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Which commits wait until they are durable.
#
# Shown by a synchronous standby that does not exist: a commit that waits for
# its WAL to be flushed waits for the standby as well, for ever, and one that
# does not is through at once.

. "$(dirname "$0")/lib.sh"

# waits SQL...: do these transactions of one session, one after the other, all
# get through?  Prints "no" if they do, otherwise the number of the one that
# waits.
waits()
{
	local waiting args=()

	for sql in "$@"; do
		args+=(-c "$sql" -c '\echo through')
	done
	PGAPPNAME=waits "$pg_bin/psql" -Xqo /dev/null -v ON_ERROR_STOP=1 "${args[@]}" \
		>"$DITTOFS_RUN/waits" 2>/dev/null &
	await "the session ends, or waits" waits_or_ended $! || return
	if [ -z "$waiting" ]; then
		echo no
		return
	fi
	q "SELECT pg_terminate_backend($waiting)" >/dev/null
	wait $! 2>/dev/null
	echo $(($(grep -c through "$DITTOFS_RUN/waits") + 1))
}

# waits_or_ended PID: sets $waiting to the session's pid in the server
waits_or_ended()
{
	waiting=$(q "SELECT pid FROM pg_stat_activity
		WHERE application_name = 'waits' AND wait_event = 'SyncRep'")
	[ -n "$waiting" ] || ! kill -0 "$1" 2>/dev/null
}

file="dittofs.resolve('/export/file')"
unstable="SELECT dittofs.write($file, 0, 'data', 'unstable')"
stable="SELECT dittofs.write($file, 0, 'data', 'file_sync')"
commit="SELECT dittofs.commit($file)"
create="SELECT dittofs.create_file(dittofs.resolve('/export'), 'new')"
again="SELECT dittofs.create_directory(dittofs.resolve('/export'), 'again', 'client=10.0.0.1 xid=7')"

q "SELECT dittofs.create_share('/export'), dittofs.write_file('/export/file', 'old');
	SELECT dittofs.set_file_attributes($file, atime => 0);
	$again" >/dev/null
blocks="sha256('block') || int4send(5)"
link="dittofs.commit_write(dittofs.resolve('/stored/file'), 0, $blocks, 1"
q "SELECT dittofs.create_content_store('store', 's3'), dittofs.set_server_config('merge_delay', '0');
	SELECT dittofs.create_share('/stored', content => 's3', content_store => 'store');
	SELECT dittofs.write_file('/stored/file', repeat('x', 100000)::bytea);
	SELECT dittofs.claim_blocks(1, sha256('garbage') || int4send(7));
	UPDATE dittofs.stored_blocks SET unreferenced_since = '-infinity'" >/dev/null
q "ALTER SYSTEM SET synchronous_standby_names = 'nobody'" &&
	q 'SELECT pg_reload_conf()' >/dev/null

is "$(waits "$unstable")" 1 "in people's sessions every change waits, also an unstable write"
export PGOPTIONS='-c dittofs.gateway=on'
is "$(waits "$unstable")" no "in a gateway's session an unstable write does not"
is "$(waits "$unstable" "$unstable" "$unstable")" no "nor do several"
is "$(waits "SELECT dittofs.read($file, 0, 10)" "SELECT dittofs.get_file($file)")" no \
	"nor reading, with its access times"
is "$(waits "SELECT dittofs.reap()")" no "nor the reaper"
is "$(waits "SELECT dittofs.prepare_write(dittofs.resolve('/stored/file'), 0, $blocks)")" no "nor claiming blocks"
is "$(waits "SELECT dittofs.merge_next()")" no "nor the background pass"
is "$(waits "SELECT $link, 'unstable')")" no "nor an unstable write that links blocks"
is "$(waits "SELECT $link, 'file_sync')")" 1 "a stable one waits"
is "$(waits "SELECT dittofs.gc_next()")" 1 "and so does who is going to delete blocks"
is "$(waits "$unstable" "$commit")" 2 "COMMIT waits"
is "$(waits "$unstable" "$stable")" 2 "a stable write waits"
is "$(waits "SELECT dittofs.write($file, 0, 'data', 'data_sync')")" 1 "one of data_sync, too"
is "$(waits "$unstable" "$create")" 2 "a change of the namespace waits"
is "$(waits "$unstable" "$again")" 2 "so does an answer that was given before: its commit may have been cut off"
is "$(waits "BEGIN; $unstable; $create; COMMIT")" 1 "a batch of both waits"
is "$(waits "BEGIN; $create; $unstable; COMMIT")" 1 "in any order"
is "$(waits "BEGIN; $unstable; $commit; COMMIT")" 1 "a batch that ends with a COMMIT waits"
is "$(waits "BEGIN; $create; ROLLBACK" "$unstable")" no "what was rolled back is forgotten"
is "$(waits "BEGIN; $unstable; ROLLBACK" "SELECT dittofs.set_file_attributes($file, mode => 0)")" 2 \
	"also when it was unstable"
unset PGOPTIONS

q 'ALTER SYSTEM RESET synchronous_standby_names' &&
	q 'SELECT pg_reload_conf()' >/dev/null
is "$(violations "$PGDATABASE")" "" "nothing is amiss"

done_testing
