#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_semantics_noac.sh: topics of t_basic.sh without caches and with
# synchronous writes: what is answered is what the server said.
# MOUNT_OPTS=noac,lookupcache=none,sync

set -- directories rename links symlinks special open append times deleted
. "$(dirname "$0")/t_basic.sh"
