#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Each rule of test/lint/rules finds what it is for, and lets pass what is right.

# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

work=$(mktemp -d "${DITTOFS_TMP:-/tmp}/dittofs-lint.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# finds RULE FILE WANTED: what the rule says of the file that comes on standard input
finds()
{
	local found

	cat >"$2"
	found=$("$top/test/lint/rules" "$1" "$2" 2>&1)
	is "$found" "$3" "$1: ${3:-nothing in $2}"
}

licence="SPDX-License-Identifier: PostgreSQL"

finds spdx a.c "a.c:1: no $licence" <<<"/* a.c */"
finds spdx b.sh "" <<<"#!/bin/sh"$'\n'"# $licence"
finds banner a.c "a.c:1: the first comment does not name the file" <<<"/* b.c */"
finds banner b.c "" <<<$'/*\n * b.c\n */'

finds c-layout a.c 'a.c:3: clang-format begins here with "{", not "\treturn"' \
	<<<$'int\nf(void) {\n\treturn 0;\n}'
finds c-layout b.c 'b.c:4: clang-format begins here with "\treturn", not "\t\treturn"' \
	<<<$'int\nf(void)\n{\n\t\treturn 0;\n}'
finds c-layout c.c "c.c:1: blanks at the end of the line" <<<"int			a; "
finds c-layout d.c 'd.c:3: clang-format begins here with "\tint", not "    int"
d.c:3: blanks instead of a tab' <<<$'struct s\n{\n    int a;\n};'
# names and comments in pgindent's columns, and second lines of expressions as it has them
finds c-layout e.c "" <<<$'static int
f(const char *text, int a,
  int b)
{
	int			n = 0;		/* of what is in the list */

	TAILQ_FOREACH(item, &list, link)
	{
		if (a > b &&
			text != NULL)
			n++;
	}
	return n > 0 ? a :
		b;
}'

finds c-width a.c "a.c:1: 81 columns" <<<"/* $(printf 'x%.0s' {1..75}) */"
finds c-width b.c "b.c:1: 84 columns" <<<$'\t'"/* $(printf 'x%.0s' {1..74}) */"
finds c-width c.c "" <<<$'\t'"\"$(printf 'x%.0s' {1..90})\","

finds shell a.sh 'a.sh:2:6: note: Double quote to prevent globbing and word splitting. [SC2086]' \
	<<<$'#!/bin/bash\necho $1'
finds shell b.sh "" <<<$'#!/bin/bash\necho "$1"'
# What an included file sets is known, what it does not set is missed, and the included
# file is checked, too.
cp "$top/.shellcheckrc" .
printf '#!/bin/bash\nhere=$(pwd)\nlist=(a)\ncount=1\nset_it() { local inside=1; echo "$inside$wanted"; }\n' >lib.sh
finds shell c.sh 'c.sh:4:14: warning: inside is referenced but not assigned. [SC2154]
c.sh:4:23: note: Double quote to prevent globbing and word splitting. [SC2086]
c.sh:5:1: warning: unused appears unused. Verify use (or export if used externally). [SC2034]' \
	<<<$'#!/bin/bash\n. "$(dirname "$0")/lib.sh"\nwanted=1\nset_it "$here$inside" $here "${list[@]}" $count\nunused=1'
echo 'echo $1' >>lib.sh
is "$("$top/test/lint/rules" shell c.sh lib.sh | grep -c '^lib.sh:6:6:.*SC2086')" 1 \
	"shell: an included file is checked as it is"

finds markdown a.md "a.md:1: 86 columns" <<<"The $(printf 'xx %.0s' {1..27})."
finds markdown b.md "b.md:3: 3 cells, the head has 2" <<<$'| a | b |\n|---|---|\n| c | d | e |'
finds markdown c.md "c.md:1: no line of dashes under the head of the table" <<<$'| a | b |\n| c | d |'
finds markdown d.md "d.md:5: an empty line cuts the table" <<<$'| a | b |\n|---|---|\n| c | d |\n\n| e | f |'
finds markdown e.md "" <<<$'Text.\n\n| `a|b` | c |\n|---|---|\n| d | '"$(printf 'x %.0s' {1..50})"$' |\n\n    '"$(printf 'x %.0s' {1..50})"

finds links a.md "a.md:1: no file gone.md" <<<"See [it](gone.md)."
finds links b.md "b.md:1: no heading #gone in ./c.md" <<<"See [it](c.md#gone)."
finds links c.md "" <<<$'# What is there\n\nSee [it](#what-is-there), [that](b.md).'

finds spelling a.md "a.md:1: spelling: t""eh ==> the" <<<"Of t""eh file"
finds spelling b.md "" <<<"ACCES of the file"
finds words a.md "a.md:1:somebody: $(sed -n 's/^\[sS\]omebody\t//p' "$top/test/lint/avoid")" \
	<<<"until somebody writes"
finds words b.md "" <<<'root becomes `nobody`'

finds commits a "a:1: commit message: the subject has 80 characters, 72 are allowed: $(printf 'x%.0s' {1..80})" \
	<<<"$(printf 'x%.0s' {1..80})"
finds commits b "b:1: commit message: the subject ends with a full stop: Locks." <<<"Locks."
finds commits c "c:1: commit message: the subject says when, not what: After a last reading" <<<"After a last reading"
finds commits d "d:1: commit message: the subject is about more than one thing: a lock; also a test" <<<"a lock; also a test"
finds commits e "e:1: commit message: no empty line follows the subject: a lock" <<<$'a lock\nand why'
finds commits f "" <<<$'pool: do not grow on one slow fsync\n\nOne slow flush is no load.\n'

# A file that not-yet lists and that keeps the rule is to be taken off, which
# is how the list gets shorter.
mkdir -p tree/test tree/gateway/src
cp -R "$top/test/lint" tree/test/
cp "$top/.clang-format" tree/
git -C tree init -q
printf '/*\n * a.c\n */\n' >tree/gateway/src/a.c
printf 'x\n' >tree/gateway/src/b.c
printf 'banner\tgateway/src/a.c\nbanner\tgateway/src/b.c\n' >tree/test/lint/not-yet
git -C tree add gateway
is "$(tree/test/lint/rules banner)" \
	"test/lint/not-yet:1: gateway/src/a.c keeps the rule banner: take it off" \
	"not-yet: a file that keeps the rule, and one that does not"
printf 'banner\tgateway/src/b.c\n' >tree/test/lint/not-yet
is "$(tree/test/lint/rules banner)" "" "not-yet: only what is needed"

done_testing
