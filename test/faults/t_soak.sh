#!/bin/bash
# Half a minute of what "make soak" does for longer.

exec env MINUTES="${MINUTES:-0.5}" CLIENTS=4 PAUSE=10 \
	bash "$(dirname "$0")/soak"
