#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# What with-postgres makes of a command that fails: its status, and not a word about
# the server, which did nothing wrong.

# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
build GATEWAY=no install || exit 1

for wanted in 0 3; do
	said=$(env -u DITTOFS_RUN DITTOFS_NO_BUILD=1 "$top/test/with-postgres" sh -c "exit $wanted" 2>&1)
	is $? $wanted "a command that exits with $wanted"
	is "$said" "" "and nothing is said about the server"
done
done_testing
