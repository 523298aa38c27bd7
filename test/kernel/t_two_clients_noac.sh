#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_two_clients_noac.sh: t_two_clients.sh without caches, in which
# every look-up and every attribute is the server's.
# GATEWAYS=2
# MOUNT_OPTS=noac,lookupcache=none

. "$(dirname "$0")/t_two_clients.sh"
