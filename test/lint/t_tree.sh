#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The tree keeps the rules of test/lint/rules.

# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

for rule in spdx banner c-layout c-width shell markdown links spelling words commits; do
	found=$("$top/test/lint/rules" $rule 2>&1)
	[ -z "$found" ]
	ok $? "the tree keeps the rule $rule" || sed 's/^/# /' <<<"$found"
done

done_testing
