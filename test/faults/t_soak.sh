#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# A short one of what "make soak" does for longer.

exec env MINUTES="${MINUTES:-0.3}" CLIENTS=4 LOCKS=8 PAUSE=10 \
	bash "$(dirname "$0")/soak"
