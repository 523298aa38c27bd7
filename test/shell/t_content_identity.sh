#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Whose is a content store?  A directory that is not mounted, another database's,
# a clone's, a backup's: nothing is read from it, put into it or deleted there.

# shellcheck source=../lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/../lib.sh"

if [ -z "$INSIDE" ]; then
	INSIDE=yes DITTOFS_GATEWAY_OPTS="--content-gc-period 300ms --content-cache 0 \
		--call-timeout 3s --workers 1 $DITTOFS_GATEWAY_OPTS" \
		exec "$top/test/with-gateway" -n 2 -c filesystem bash "$0"
fi

store=$DITTOFS_RUN/content
marker=$store/.dittofs-store
data=$DITTOFS_RUN/data-to-write
head -c 1048576 /dev/urandom >"$data"

q()
{
	psql -XqAt -v ON_ERROR_STOP=1 -c "$1" "${2:-dittofs}"
}

# url FILE [GATEWAY]
url()
{
	local port
	port=$(<"$DITTOFS_RUN/gateway.${2:-1}/port")
	echo "nfs://$DITTOFS_HOST/export/$1?version=3&nfsport=$port&mountport=$port"
}

# until_ok CMD...: until it succeeds, within a minute
until_ok()
{
	local tries

	for ((tries = 0; tries < 600; tries++)); do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}

true_in()
{
	[ "$(q "SELECT $2" "$1")" = t ]
}

# put FILE [GATEWAY], same FILE [GATEWAY]: what is written in parts of blocks is
# in the database first, whatever the store does
put()
{
	timeout 60 nfs-cp "$data" "$(url "$1" "$2")" >/dev/null 2>&1
}

same()
{
	timeout 60 nfs-cat "$(url "$1" "$2")" 2>/dev/null | cmp -s - "$data"
}

# unread FILE [GATEWAY]: it is not read, for as long as we care to wait
unread()
{
	! timeout 2 nfs-cat "$(url "$1" "$2")" 2>/dev/null | cmp -s - "$data"
}

# logged GATEWAY TEXT [COUNT]
logged()
{
	[ "$(grep -ac "$2" "$DITTOFS_RUN/gateway.$1/log")" -ge "${3:-1}" ]
}

objects()
{
	find "$store" -type f -path '*/??/??/*' | wc -l
}

# dittofs DATABASE VERB OPTION...
dittofs()
{
	# shellcheck disable=SC2046
	"$DITTOFS_RUN/gateway" "$2" $(<"$DITTOFS_RUN/gateway-options") \
		--conninfo "user=dittofs_gateway dbname=$1" "${@:3}" 2>&1
}

# torn_down DIRECTORY: dittofs gc there, and whether it ends by exit(), which tears down
# what other threads may have in use
torn_down()
{
	local traces=$DITTOFS_RUN/traces

	rm -f "$traces".*
	timeout 120 env LD_DEBUG=files LD_DEBUG_OUTPUT="$traces" "$DITTOFS_RUN/gateway" gc --content-store \
		"name=content,type=filesystem,base_path=$1,request_timeout=1s" \
		--conninfo user=dittofs_gateway >"$DITTOFS_RUN/gc.out" 2>&1
	gc_status=$?
	cat "$traces".* | grep -q 'calling fini'
}

# shown PATH REGEX: by the HTTP port of the first gateway
shown()
{
	curl -s -m 5 "http://127.0.0.1:$http$1" | grep -q -- "$2"
}

unmount()
{
	mv "$store" "$store.elsewhere" && mkdir -m 777 "$store"
}

mount_again()
{
	rm -r "$store" && mv "$store.elsewhere" "$store"
}

#
# Used for the first time
#

[ ! -e "$marker" ]
ok $? "a store that was never used has no marker"
like "$(dittofs dittofs check)" "content has not been used yet" "which is well, says dittofs check"
put a
ok $? "a file is written"
like "$(<"$marker")" "owner $(q "SELECT owner_uuid FROM dittofs.content_store_marks")" \
	"and the store has this database's marker"
unmount
head -c 1048576 /dev/urandom >"$data.other"
! timeout 3 nfs-cp "$data.other" "$(url at-once)" >/dev/null 2>&1 && [ ! -e "$marker" ]
ok $? "which it does not get a second time when it is not mounted, were it a moment later"
mount_again
until_ok true_in dittofs "marked_at IS NOT NULL FROM dittofs.content_store_marks"
ok $? "the database knows that"
q "SELECT dittofs.set_server_config('content_retention', '1')"

#
# A directory that hangs
#

torn_down "$store" && [ $gc_status = 0 ]
ok $? "dittofs gc ends as programs do"
mkdir "$DITTOFS_RUN/hung" && mkfifo -m 666 "$DITTOFS_RUN/hung/.dittofs-store"
torn_down "$DITTOFS_RUN/hung"
is "$? $gc_status" "1 2" "but not when a thread hangs that has what would be torn down"
like "$(<"$DITTOFS_RUN/gc.out")" "does not answer within 1 s" "and says what hangs"

#
# Not mounted
#

unmount
until_ok logged 1 "content store content is away"
ok $? "a directory that is not mounted is noticed without a call"
unread a
ok $? "nothing is read from it"
put away
ok $? "what is no whole block is written to the database"
is "$(find "$store" -mindepth 1 | wc -l)" 0 "and nothing made there"
out=$(dittofs dittofs check)
is $? 1 "dittofs check says so"
like "$out" "no .dittofs-store in $store.*remedy: mount what belongs there" "and what to do"
out=$(dittofs dittofs verify)
is $? 2 "dittofs verify does not call blocks missing"
like "$out" "content is away, and nothing in it is verified" "but the store away"
out=$(dittofs dittofs gc --orphans 0)
is $? 2 "dittofs gc leaves it alone"
gateway_stop 1
http=$((20000 + RANDOM % 12000))
DITTOFS_GATEWAY_OPTS="$DITTOFS_GATEWAY_OPTS --metrics --metrics-port $http" gateway_start 1
unread a
ok $? "nor does a gateway read from it that starts meanwhile"
until_ok logged 1 "content store content is away" 2
ok $? "which says so, too"
up='dittofs_content_store_up{store="content",metadata_store="main"}'
until_ok shown /metrics "^$up 0"
ok $? "a metric says so"
shown /readyz "content store content: away" && shown /readyz "metadata store main: up"
ok $? "so does /readyz"
is "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$http/readyz")" 200 \
	"which says yes, since names and attributes are served"
shown /status.json '"content_stores":\[{"name":"content","up":false}\]'
ok $? "and what the page is made of"
mount_again
until_ok logged 1 "content store content is back"
ok $? "it is noticed when it is back"
until_ok shown /metrics "^$up 1"
ok $? "and shown"
same a
ok $? "and read"
put b && same b && same away
ok $? "and written to"
is "$(q "SELECT * FROM dittofs.fsck()")" "" "nothing is lost"
is "$(grep -ac "content is away" "$DITTOFS_RUN/gateway.1/log")" 2 "each gateway has said it once"
until_ok true_in dittofs "NOT EXISTS (SELECT FROM dittofs.staged_files)"

mv "$marker" "$marker.kept"
until_ok logged 1 "content is away" 3
echo 'store of somebody' >"$marker"
unread a
ok $? "a marker that is lost or damaged is none"
mv "$marker.kept" "$marker"
until_ok same a
ok $? "until it is there again"

#
# The ticket goes on
#

before=$(<"$marker")
turn()
{
	local ticket

	ticket=$(q "SELECT ticket FROM dittofs.content_store_marks")
	q "UPDATE dittofs.content_store_marks SET turned_at = now() - interval '1 hour'"
	until_ok true_in dittofs "ticket <> '$ticket' FROM dittofs.content_store_marks"
}
old=$(q "SELECT format('ticket = %L, next_ticket = %L', ticket, next_ticket) FROM dittofs.content_store_marks")
turn
ok $? "now and then the marker gets another ticket"
[ "$(<"$marker")" != "$before" ]
ok $? "in the store, too"
same a
ok $? "which disturbs nobody"
turn
new=$(q "SELECT format('ticket = %L, next_ticket = %L', ticket, next_ticket) FROM dittofs.content_store_marks")
q "UPDATE dittofs.content_store_marks SET $old"
until_ok logged 1 "it has gone on where this one has not"
ok $? "a copy, or a backup, that has stayed behind is noticed"
unread a
ok $? "and nothing is read"
q "UPDATE dittofs.content_store_marks SET $new"
until_ok same a
ok $? "the database that has gone on is served"

#
# Another database, which knows nothing of this one
#

q "CREATE DATABASE other TEMPLATE template0" postgres
q "CREATE EXTENSION dittofs" other
q "SELECT dittofs.create_content_store('content', 'filesystem')" other >/dev/null
until_ok true_in dittofs "NOT EXISTS (SELECT FROM dittofs.staged_files)"
whole=$(objects)
out=$(dittofs other check)
is $? 1 "another database is told that the store is not its own"
like "$out" "belongs to another database" "in these words"
out=$(dittofs other gc --orphans 0)
is $? 2 "it deletes nothing there"
is "$(objects)" "$whole" "not a block"

#
# A clone
#

gateway_stop 1
gateway_stop 2
until_ok q "CREATE DATABASE clone TEMPLATE dittofs" postgres 2>/dev/null
gateway_start 1
PGDATABASE=clone gateway_start 2
is "$(q "SELECT state FROM dittofs.list_content_stores()" clone)" copy "a clone knows that it is one"
unread a 2
ok $? "it reads nothing"
out=$(dittofs clone gc --orphans 0)
is $? 2 "it deletes nothing"
like "$out" "this one is a copy" "and says why"
q "SELECT dittofs.rm('/export/b')" clone >/dev/null

q "SELECT dittofs.attach_content_store('content')" clone
until_ok same a 2
ok $? "attached, it reads"
put attached 2 && same attached 2
ok $? "and what is written stays in its database"
out=$(dittofs clone verify)
is $? 0 "it can be verified"
out=$(dittofs clone gc --orphans 0)
is $? 0 "there is no garbage"
like "$out" "attached to be read only" "that it could delete"
is "$(q "SELECT count(*) FROM dittofs.gc_next()" clone)" 0 "not by gateways either"
is "$(q "SELECT * FROM dittofs.fsck()" clone)" "" "all is well with it"
same b
ok $? "what it has removed is there for the owner"
put c && same c
ok $? "the owner writes on"
is "$(objects)" "$(q "SELECT count(*) FROM dittofs.stored_blocks WHERE state = 'stored'")" \
	"there are the owner's blocks and no others"

q "SELECT dittofs.adopt_content_store('content')" clone
until_ok put adopted 2
ok $? "adopted, the store is the clone's"
until_ok logged 1 "it was adopted there"
ok $? "its owner learns that it has lost it"
unread a
ok $? "and reads nothing"
gateway_stop 2
q "SELECT dittofs.adopt_content_store('content')"
until_ok same a
ok $? "until it is adopted back"
put d && same d
ok $? "and written to"
is "$(q "SELECT * FROM dittofs.fsck()")" "" "nothing is wrong in the end"
q "DROP DATABASE clone" postgres
q "DROP DATABASE other" postgres
done_testing
