#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The tree keeps the rules of test/lint/rules, which are asked at the same time.

# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

work=$(mktemp -d "${DITTOFS_TMP:-/tmp}/dittofs-lint.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT

rules=(shell c-layout c-width spdx banner markdown links spelling words commits)
for rule in "${rules[@]}"; do
	"$top/test/lint/rules" "$rule" >"$work/$rule" 2>&1 &
done
wait
for rule in "${rules[@]}"; do
	[ ! -s "$work/$rule" ]
	ok $? "the tree keeps the rule $rule" || sed 's/^/# /' "$work/$rule"
done

done_testing
