#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_rm_race.sh: three rm -rf of one tree, by two clients.
# GATEWAYS=2
# CLIENTS=2
#
# An rm that works in a directory which another one has removed is told ESTALE:
# NFSv3 has no open files, so nothing keeps the directory.  GNU rm then leaves
# the directories above it, and part of the tree may stay.  With Linux's server
# it is the same; docs/reliability.md has figures of both.  On a local file
# system the error is ENOENT, which rm -f passes over.
#
# What must hold: each rm ends, is told nothing but that something is gone or
# not empty, and one more rm -rf removes what is left.  ROUNDS=50 measures how
# often something is.

# shellcheck disable=SC2154
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

rounds=${ROUNDS:-2}
# Without with-mount, on any directory, the three are of one client.
CLIENT=${CLIENT:-1}
: "${MEETING:=$T}"
together=$([ "$MEETING" = "$T" ] || echo yes)

# tell WHAT [TEXT]; told WHAT: what one client writes, the other waits for.
tell()
{
	echo "$2" >"$MEETING/$1.new" && mv "$MEETING/$1.new" "$MEETING/$1"
}

told()
{
	local tries

	for ((tries = 0; tries < 6000; tries++)); do
		[ ! -e "$MEETING/$1" ] || return 0
		sleep 0.05
	done
	die "client $CLIENT: nobody has told $1 within 300 s"
}

# remove NAME TREE: waits, so that all begin together; tells how it ended.
remove()
{
	told "go.$round"
	timeout --kill-after=10 300 rm -rf "$2" 2>"$MEETING/errors.$1.$round"
	tell "ended.$1.$round" $?
}

if [ "$CLIENT" != 1 ]; then
	for ((round = 1; round <= rounds; round++)); do
		told "tree.$round"
		tree=$MNT/$(<"$MEETING/tree.$round")
		# what it holds from now on may be out of date when rm begins
		find "$tree" >/dev/null
		tell "found.$round"
		remove c "$tree"
		told "over.$round"
		sys list "${tree%/*}"
		same "$reply" "" "round $round: client $CLIENT sees that nothing is left"
		tell "seen.$round"
	done
	finish
fi

mkdir all
failed=0 left_in=0 unhappy=0
for ((round = 1; round <= rounds; round++)); do
	topic "round $round"
	# a new name: client 2 may remember that the last one is gone
	tree=$D/all/$round
	mkdir -p "$tree"/{1..5}/{1..5}
	for file in "$tree"/{1..5}/{1..5}/{1..8}; do
		: >"$file"
	done
	tell "tree.$round" "${tree#"$MNT"/}"
	[ -z "$together" ] || told "found.$round"
	names=(a b)
	[ -n "$together" ] || names+=(c)
	removing=()
	for name in "${names[@]}"; do
		remove "$name" "$tree" &
		removing+=($!)
	done
	tell "go.$round"
	wait "${removing[@]}"
	told "ended.c.$round"

	statuses=$(cat "$MEETING"/ended.{a,b,c}."$round" | paste -sd' ')
	like "$statuses" '^[01] [01] [01]$' "$topic: each ends"
	# rm: cannot remove 'PATH': REASON
	cat "$MEETING"/errors.{a,b,c}."$round" | sed 's/.*: //' | sort | uniq -c >"$T/reasons"
	same "$(grep -vE ' (Stale file handle|No such file or directory|Directory not empty)$' \
		"$T/reasons")" "" "nothing is said but that something is gone or not empty"
	left=$(find "$tree" 2>/dev/null | wc -l)
	echo "# exit statuses $statuses; $left names left;$(tr -s '\n ' ' ' <"$T/reasons")"
	[[ $statuses == '0 0 0' ]] || failed=$((failed + 1))
	unhappy=$((unhappy + $(tr -cd 1 <<<"$statuses" | wc -c)))
	[ "$left" = 0 ] || left_in=$((left_in + 1))

	run "once more" rm -rf "$tree"
	same "$(ls all)" "" "nothing is left"
	tell "over.$round"
	[ -z "$together" ] || told "seen.$round"
done
echo "# in $failed of $rounds rounds an rm failed ($unhappy of $((3 * rounds)) did)," \
	"in $left_in part of the tree was left"
finish
