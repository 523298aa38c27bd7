#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Content in a directory, with two gateways: kept through gateways that are
# killed, moved when its share gets another kind, collected when no file has it,
# verified; and S3 over TLS, which is verified too.

# shellcheck source=../lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/../lib.sh"

if [ -z "$INSIDE" ]; then
	INSIDE=yes DITTOFS_GATEWAY_OPTS="--content-gc-period 300ms $DITTOFS_GATEWAY_OPTS" \
		exec "$top/test/with-gateway" -n 2 -c filesystem bash "$0"
fi

q()
{
	psql -XqAt -v ON_ERROR_STOP=1 -c "$1"
}

# url FILE [GATEWAY]
url()
{
	local port
	port=$(<"$DITTOFS_RUN/gateway.${2:-1}/port")
	echo "nfs://$DITTOFS_HOST/export/$1?version=3&nfsport=$port&mountport=$port"
}

objects()
{
	find "$DITTOFS_RUN/content" -type f -path '*/??/??/*' | wc -l
}

# command VERB OPTION...: a command of dittofs, with the gateways' settings
command_of()
{
	# shellcheck disable=SC2046
	"$DITTOFS_RUN/gateway" "$1" $(<"$DITTOFS_RUN/gateway-options") \
		--conninfo "user=dittofs_gateway" "${@:2}" 2>&1
}

# What docs/content.md has the operator type
dittofs()
{
	command_of "$@"
}

same_file()
{
	nfs-cat "$(url "$1" "$3")" 2>/dev/null | cmp -s - "$2"
}

staged="NOT EXISTS (SELECT FROM dittofs.staged_files)"
data=$DITTOFS_RUN/data-to-write
head -c 3000001 /dev/urandom >"$data"
sleep 1

#
# Kept
#

nfs-cp "$data" "$(url kept)" >/dev/null
same_file kept "$data" 2
ok $? "what is written through one gateway is read through the other"
eventually "$staged"
ok $? "what was staged is merged"
is "$(q "SELECT count(*) FROM dittofs.blocks")" 0 "and none of it is left in the database"
same_file kept "$data" 2
ok $? "it reads the same"

#
# Verified
#

eventually "$staged"
read -r hash size < <(psql -XqAt -F ' ' -c "SELECT encode(hash, 'hex'), length FROM dittofs.extents
	WHERE start = 131072 LIMIT 1")
object=$DITTOFS_RUN/content/${hash:0:2}/${hash:2:2}/$hash
cp -p "$object" "$DITTOFS_RUN/object"
printf 'x' | dd of="$object" bs=1 seek=$((size / 2)) conv=notrunc status=none
documented=$(documented docs/content.md | sed 's,/big,/export,')
out=$(eval "$(grep 'verify$' <<<"$documented")")
is "$?" 1 "dittofs verify finds a block that was changed"
like "$out" "wrong .*block $hash" "names it"
like "$out" "share /export, file /kept, offset 131072" "and the files that have it"
rm "$object"
out=$(eval "$(grep 'verify --share' <<<"$documented")")
like "$out" "missing .*block $hash" "it finds one that is gone"
cp -p "$DITTOFS_RUN/object" "$object"
out=$(command_of verify --share /export)
is "$?" 0 "and is content when it is back"

#
# Being deleted, by a gateway that died: it takes an hour until another one may
#

head -c 1048576 /dev/urandom >"$data.again"
nfs-cp "$data.again" "$(url again)" >/dev/null
eventually "$staged"
q "SELECT dittofs.rm('/export/again')" >/dev/null
eventually "NOT EXISTS (SELECT FROM dittofs.reap_queue)"
first=$(head -c 131072 "$data.again" | sha256sum | cut -d ' ' -f 1)
last=$(tail -c 131072 "$data.again" | sha256sum | cut -d ' ' -f 1)
q "UPDATE dittofs.stored_blocks SET state = 'deleting', claimed_at = now()
	WHERE encode(hash, 'hex') IN ('$first', '$last')"
is "$(q "SELECT count(*) FROM dittofs.stored_blocks WHERE state = 'deleting'")" 2 \
	"blocks are being deleted"
timeout 30 nfs-cp "$data.again" "$(url again)" >/dev/null
ok $? "nobody waits who writes the same bytes"
same_file again "$data.again" 2
ok $? "they are there"
eventually "(SELECT count(*) = 6 FROM dittofs.extents WHERE content_id IN (
	SELECT id FROM dittofs.files WHERE size = 1048576))"
ok $? "all others are in the store"
q "UPDATE dittofs.stored_blocks SET claimed_at = now() - interval '2 hours'
	WHERE state = 'deleting'"
eventually "$staged"
ok $? "and in the end those"
same_file again "$data.again" 2
ok $? "it reads the same"

#
# Killed
#

for n in 1 2 3; do
	for f in 1 2 3; do
		nfs-cp "$data" "$(url "killed$f$n" 1)" >/dev/null 2>&1 &
		writers[f]=$!
	done
	sleep 0.$((n * 2))
	gateway_stop 1 KILL
	kill "${writers[@]}" 2>/dev/null
	wait "${writers[@]}" 2>/dev/null
	gateway_start 1
done
# what they had leased to merge is theirs for a minute
q "UPDATE dittofs.staged_files SET next_at = now()"
is "$(q "SELECT * FROM dittofs.fsck()")" "" "a gateway that is killed among writes leaves nothing wrong"
out=$(command_of verify)
is "$?" 0 "and no block that is not whole"
like "$out" ' 0 wrong or missing, 0 could not be read' "dittofs verify says so"
for f in 1 2 3; do
	head -c 2000000 /dev/urandom >"$data.$f"
	nfs-cp "$data.$f" "$(url "killed$f" 2)" >/dev/null
	same_file "killed$f" "$data.$f" 2
	ok $? "file $f can be written again"
done

#
# Collected
#

stray=$(printf stray | sha256sum | cut -d ' ' -f 1)
mkdir -p "$DITTOFS_RUN/content/${stray:0:2}/${stray:2:2}"
printf stray >"$DITTOFS_RUN/content/${stray:0:2}/${stray:2:2}/$stray"
object=$DITTOFS_RUN/content/${stray:0:2}/${stray:2:2}/$stray
out=$(dittofs gc --orphans 7) && [ -e "$object" ]
ok $? "a young block that the database does not know stays"
touch -d '10 days ago' "$object"
out=$(dittofs gc --orphans 7)
like "$out" "0 blocks deleted that no file has had for long, 1 that the database did not know" \
	"an old one goes"
[ ! -e "$object" ] && out=$(command_of verify)
ok $? "and nothing else"
for f in kept again killed1 killed2 killed3 killed11 killed12 killed13 killed21 killed22 killed23 \
	killed31 killed32 killed33; do
	q "SELECT dittofs.rm('/export/$f')" >/dev/null 2>&1
done
out=$(eval "$(grep 'gc$' <<<"$documented")")
like "$out" ' 0 blocks deleted' "what no file has any more is kept for as long as backups are"
[ "$(objects)" -ge "$(q "SELECT count(*) FROM dittofs.stored_blocks WHERE state = 'stored'")" ] &&
	[ "$(objects)" -gt 0 ]
ok $? "in the store too"
q "SELECT dittofs.set_server_config('content_retention', '0')" >/dev/null
# what killed gateways had claimed is theirs for a day, what they were deleting for an hour
q "UPDATE dittofs.stored_blocks SET claimed_at = now() - interval '2 days' WHERE state <> 'stored'"
eventually "NOT EXISTS (SELECT FROM dittofs.stored_blocks)"
ok $? "the gateways delete it when that is over"
is "$(objects)" 0 "from the store"

#
# Moved
#

nfs-cp "$data" "$(url moved)" >/dev/null
q "SELECT dittofs.alter_share('/export', content => 'postgres')" >/dev/null
eventually "NOT EXISTS (SELECT FROM dittofs.extents)"
ok $? "when its share gets content in the database, a file's content moves there"
same_file moved "$data" 2
ok $? "and reads the same"
q "SELECT dittofs.alter_share('/export', content => 'filesystem', content_store => 'content')" >/dev/null
eventually "NOT EXISTS (SELECT FROM dittofs.blocks) AND $staged"
ok $? "and back"
same_file moved "$data" 1
ok $? "and reads the same again"
is "$(q "SELECT * FROM dittofs.fsck()")" "" "nothing is wrong after all that"
done_testing
