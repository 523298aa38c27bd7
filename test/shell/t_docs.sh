#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The documentation is true: docs/sql.md is what the catalog says, the dashboard
# asks for metrics that a gateway has, links lead somewhere, and what a page says
# is tested names a test that exists.  Every command that a page shows is run: here,
# by the test that a comment above its block names, or word for word in some test.

# shellcheck disable=SC2001,SC2054,SC2154,SC2317
export PG_CONF="shared_preload_libraries = 'pg_stat_statements'"
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
cp "${DITTOFS_GATEWAY:-$gateway_built}" "$DITTOFS_RUN/gateway" || exit 1

"$top/docs/make-sql-reference" >"$DITTOFS_RUN/sql.md" 2>"$DITTOFS_RUN/errors"
ok $? "docs/make-sql-reference" || sed 's/^/# /' "$DITTOFS_RUN/errors"
cmp -s "$top/docs/sql.md" "$DITTOFS_RUN/sql.md"
ok $? "docs/sql.md is what the catalog says" || {
	diff "$top/docs/sql.md" "$DITTOFS_RUN/sql.md" | head -n 20 | sed 's/^/# /'
	echo "# make it again: test/with-postgres docs/make-sql-reference >docs/sql.md"
}

q "CREATE EXTENSION pg_stat_statements"

# docker/s3.sql, which compose.yaml runs, twice
"$pg_bin/psql" -Xqo /dev/null -c "SELECT dittofs.create_share('/export')"
"$pg_bin/psql" -Xqo /dev/null -v ON_ERROR_STOP=1 -f "$top/docker/s3.sql" -f "$top/docker/s3.sql"
ok $? "docker/s3.sql"
q "SELECT dittofs.drop_share('/export')"

# What the dashboard shows exists, also where nothing has happened yet.
q "ALTER ROLE dittofs_gateway LOGIN;
	SELECT dittofs.create_share('/export')" >/dev/null
port=$((20000 + RANDOM % 12000))
"$DITTOFS_RUN/gateway" start --listen 127.0.0.1 --port $port --metrics \
	--metrics-port $((port + 1)) --conninfo user=dittofs_gateway >"$DITTOFS_RUN/log" 2>&1 &
gateway_pid=$!
trap 'kill $gateway_pid 2>/dev/null; wait $gateway_pid' EXIT
await "the gateway is ready" curl -sfo "$DITTOFS_RUN/readyz" "http://127.0.0.1:$((port + 1))/readyz"
nfs-ls "nfs://127.0.0.1/export?version=3&nfsport=$port&mountport=$port" >/dev/null
curl -sf "http://127.0.0.1:$((port + 1))/metrics" >"$DITTOFS_RUN/metrics"
ok $? "a gateway has metrics" || sed 's/^/# /' "$DITTOFS_RUN/log"
unknown=
for name in $(grep -oE '(dittofs|process)_[a-z_]+' "$top/docker/grafana/dittofs.json" | sort -u) \
	$(sed -n '/^## Monitoring/,/^## Logs/p' "$top/docs/operations.md" | grep -oE 'dittofs_[a-z_]+' | sort -u); do
	grep -qE "^(# HELP )?${name}[{ ]" "$DITTOFS_RUN/metrics" || unknown="$unknown $name"
done
is "$unknown" "" "the dashboard and docs/operations.md ask for nothing else"
unseen=
# shellcheck disable=SC2013
for name in $(sed -n '/^## Monitoring/,/^## [^M]/p' "$top/docs/operations.md" |
	grep -oE 'dittofs_[a-z_]+' | sed -E 's/_(sum|count|bucket)$//' | sort -u); do
	grep -qE "\b${name}(_bucket)?\b" "$top/docker/grafana/dittofs.json" || unseen="$unseen $name"
done
is "$unseen" "" "the dashboard shows what docs/operations.md says to watch"

# SQL that a page shows: what is indented or in a block up to its semicolon, and
# what is quoted in a sentence.  It is run, in the order of the pages.
statements()
{
	perl -0777 -ne '
		while (/(?:^(?: {4}|(?=SELECT ))(SELECT .*?;)$)|`(SELECT [^`]+)`/gms)
		{
			my $sql = $1 // "$2;";
			$sql =~ s{\s+}{ }g;
			print "$sql\n" unless $sql =~ m{\$1|f\(|…};
		}' "$top/README.md" "$top"/docs/{operations,security,sql,reliability,ARCHITECTURE}.md
}
# what the pages are about
q "SELECT dittofs.create_share('/old'), dittofs.create_share('/share'), dittofs.mkdir('/share/tree'), dittofs.mkdir('/share/huge'),
	dittofs.write_file('/share/huge/file', 'x')" >/dev/null
while read -r statement; do
	"$pg_bin/psql" -XqAt -v ON_ERROR_STOP=1 <<<"${statement//\\gexec /$'\\gexec\n'}" >"$DITTOFS_RUN/out" 2>&1
	ok $? "${statement::100}" || sed 's/^/# /' "$DITTOFS_RUN/out"
done < <(statements)

# A command that starts a gateway does.
dittofs()
{
	exec "$DITTOFS_RUN/gateway" "$@"
}

# starts COMMAND
starts()
{
	local command=$1 pid

	command=${command//KEY_ID=…/KEY_ID=x}
	command=${command//KEY=…/KEY=x}
	command=${command//\/srv\/blocks/$DITTOFS_RUN/blocks}
	command=${command//\/etc\/ca.pem/$DITTOFS_RUN/ca.pem}
	command=${command//host=db1,db2/host=$PGHOST,$PGHOST}
	command=${command%…}
	: >"$DITTOFS_RUN/out"
	(eval "$command --listen 127.0.0.1 --port $((port + 2))") >"$DITTOFS_RUN/out" 2>&1 &
	pid=$!
	appears "$DITTOFS_RUN/out" 'NFS and MOUNT'
	kill $pid
	wait $pid && grep -q 'NFS and MOUNT' "$DITTOFS_RUN/out"
	ok $? "$1" || sed 's/^/# /' "$DITTOFS_RUN/out"
}
mkdir "$DITTOFS_RUN/blocks"
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=ca -keyout /dev/null -out "$DITTOFS_RUN/ca.pem" 2>/dev/null
while read -r command; do
	starts "$command"
done < <(documented docs/content.md
	sed -e ':a' -e '/\\e$/{N;s/\\e\n */ /;ba}' "$top/docs/dittofs.8" | sed -n 's/^\$ //p')

# [text](path): the file is there, from where the page is.
cd "$top" || exit 1
broken=
while IFS=: read -r page link; do
	link=${link#](}
	link=${link%)}
	link=${link%%#*}
	case $link in
		'' | http*:* | *@*) continue ;;
	esac
	[ -e "$(dirname "$page")/$link" ] || broken="$broken $page:$link"
done < <(git ls-files '*.md' | xargs grep -oE '\]\([^)]+\)' 2>/dev/null)
is "$broken" "" "links lead to files"

# Further commands.  A block that a comment marks is run by the test it names, or
# it takes what is not here; pages about testing tell how to run what runs.
mapfile -t pages < <(git ls-files '*.md' | grep -vE '^(docs/(testing|CONTRIBUTING|sql)\.md|test/|extension/)')
for page in "${pages[@]}"; do
	while read -r named; do
		grep -q "documented $page" "$named"
		ok $? "$page: $named takes its commands from there"
	done < <(sed -n 's/^<!-- run by \(.*\) -->$/\1/p' "$page" | sort -u)
	documented "$page" ""
done >"$DITTOFS_RUN/run"
grep -E '^(not )?ok ' "$DITTOFS_RUN/run"

# shown PAGE: commands outside of marked blocks, and in sentences
shown()
{
	perl -0777 -ne '
		s{^<!-- (?:run by|not run:) [^\n]* -->\n+(?:```.*?^```$|(?: {4}[^\n]*\n)+)}{}gms;
		s{\s*\\\n\s*}{ }g;
		print "$1\n" while m{^ {4}(\S.*?)(?:\s+#\s.*|\s*…)?$}gm;
		while (m{^```sh\n(.*?)^```$}gms) { print $1 }
		s{^```.*?^```$}{}gms;
		while (m{`([^`\n]+)`}g) { print "$1\n" if index($1, " ") > 0 }' "$1"
}

cat <(git ls-files test docker .ci | grep -v '\.md$' | xargs cat 2>/dev/null) <(sed '/^ok /d;/^not ok /d' "$DITTOFS_RUN/run") >"$DITTOFS_RUN/tests"
unrun=
for page in "${pages[@]}"; do
	while read -r command; do
		program=${command%% *}
		type -P -- "$program" >/dev/null || [[ $program =~ ^(dittofs|docker|kubectl|mount_nfs)$ ]] || continue
		# make has its own check, below; "[ ]" is no command, and in capitals is
		# what to put in
		[[ $program != make && $program != "[" ]] || continue
		command=$(sed 's/ [A-Z…]*$//' <<<"$command")
		grep -qF -- "$command" "$DITTOFS_RUN/tests" || unrun="$unrun $page: $command;"
	done < <(shown "$page")
done
is "$unrun" "" "every other command is in a test"
is "$(cat "${pages[@]}" | grep -A2 '^<!-- not run: it takes macOS' | sed -n 's/^ *\([a-z_]*\) .*/\1/p' | sort -u | paste -sd ' ')" \
	"mount_nfs" "what is not run takes macOS"

# A path of the tree in a page is one of the tree.
missing=
while IFS=: read -r page path; do
	compgen -G "${path%.}*" >/dev/null || missing="$missing $page:$path"
done < <(git ls-files '*.md' | xargs grep -oE '\b(test|docker|extension|gateway)/[a-z0-9_]+/[A-Za-z0-9_.-]+' | grep -vE '/build|NAME')
is "$missing" "" "paths exist"

# make TARGET
unknown=
for target in $(git ls-files '*.md' | xargs grep -ohE '(`|^ +)make [a-z][a-z-]+' | awk '{print $2}' | sort -u); do
	grep -qE "(^| )$target( |:|\$)" Makefile || unknown="$unknown $target"
done
is "$unknown" "" "targets of make exist"

done_testing
