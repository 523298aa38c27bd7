#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The tests of the operations once more, in a gateway's session: there inodes
# are written before the commit and tables stay open between calls, and nobody
# must notice.

. "$(dirname "$0")/lib.sh"

# These are about what a gateway's session forbids (savepoints, repairing) or
# does otherwise (what others see within a transaction).
differ="
	compound_hostile
	cut_large
	errors_null
	extremes
	fsck
	fsck_content
	fsck_locks
	fsck_nfs4
	fsck_statistics
	fsck_store
	fsck_xattrs
	gateway_session
	guard
	holes
	large_trees
	locks
	many_changes
	merge
	nfs4_sessions
	nfs4_unlinked
	ranges_walk
	retransmission
	settings
	space_accounting
	transactions
	troubles
	xattrs
"

regress=
for file in "$top"/sql/*.sql; do
	name=${file##*/}
	name=${name%.sql}
	# shellcheck disable=SC2086,SC2116
	[[ " $(echo $differ) " = *" $name "* ]] || regress+=" $name"
done

# pg_regress up to version 15 says "test NAME ... ok", later ones speak TAP.
run()
{
	PGOPTIONS='-c dittofs.gateway=on' make -C "$top" -s installcheck GATEWAY=no \
		EXTRA_REGRESS_OPTS="--outputdir=$DITTOFS_RUN/$1" "${@:2}" \
		>"$DITTOFS_RUN/$1.out" 2>&1
	sed -En -e 's/^test ([a-z_0-9]+) +\.\.\. (.*)$/\1 \2/p' \
		-e 's/^(ok|not ok) [0-9]+ +- ([a-z_0-9]+) .*$/\2 \1/p' "$DITTOFS_RUN/$1.out" |
		while read -r name result; do
			echo "$name ${result%% *}"
		done >"$DITTOFS_RUN/$1.results"
	while read -r name result; do
		[ "$result" = ok ]
		ok $? "$1: $name"
	done <"$DITTOFS_RUN/$1.results"
	[ -s "$DITTOFS_RUN/$1.results" ]
	ok $? "$1: there are results" || sed 's/^/# /' "$DITTOFS_RUN/$1.out"
	[ ! -s "$DITTOFS_RUN/$1/regression.diffs" ] ||
		sed 's/^/# /' "$DITTOFS_RUN/$1/regression.diffs"
}

mkdir "$DITTOFS_RUN/regress" "$DITTOFS_RUN/isolation"
run regress ISOLATION= REGRESS="$regress"
run isolation REGRESS=

done_testing
