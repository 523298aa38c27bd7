#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The modules of the extension form no circle: none calls one that stands on it.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

# uses DIRECTORY: a line "module module" for each that refers to a symbol of another
uses()
{
	nm -gA "$1"/*/*.o | awk '
		{ file = $1; sub(/\.o:.*/, "", file); sub(/.*\//, "", file); symbol = $NF; type = $(NF - 1) }
		type == "U" { used[file, symbol]; next }
		{ home[symbol] = file }
		END {
			for (use in used) {
				split(use, part, SUBSEP)
				if (part[2] in home && home[part[2]] != part[1])
					print part[1], home[part[2]]
			}
		}' | sort -u
}

uses "$top/extension/src" >"$DITTOFS_RUN/uses"
[ "$(wc -l <"$DITTOFS_RUN/uses")" -gt 200 ]
ok $? "modules use each other ($(wc -l <"$DITTOFS_RUN/uses") pairs)"
is "$(tsort "$DITTOFS_RUN/uses" 2>&1 >/dev/null)" "" "in one direction"
like "$( (cat "$DITTOFS_RUN/uses"; echo rel xact) | tsort 2>&1 >/dev/null)" loop "a circle would be found"

done_testing
