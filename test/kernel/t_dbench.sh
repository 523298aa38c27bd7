#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_dbench.sh: two clients of dbench, the traffic of office machines.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

run "dbench" dbench -D "$D" -t 12 2
echo "# $(grep '^Throughput' "$T/output")"
# It can do without the semaphore.
same "$(grep -v semaphore "$T/output" | grep -i 'error\|failed\|mismatch')" "" "nothing failed"
find . -mindepth 1 -delete
same "$(ls)" "" "all of it can be removed"
finish
