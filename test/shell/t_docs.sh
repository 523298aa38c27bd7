#!/bin/bash
# The documentation is true: docs/sql.md is what the catalog says, the dashboard
# asks for metrics that a gateway has, links lead somewhere, and what a page says
# is tested names a test that exists.

# shellcheck source=lib.sh disable=SC2154
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
for ((tries = 0; tries < 200; tries++)); do
	! curl -sf "http://127.0.0.1:$((port + 1))/readyz" >/dev/null || break
	sleep 0.05
done
nfs-ls "nfs://127.0.0.1/export?version=3&nfsport=$port&mountport=$port" >/dev/null
curl -sf "http://127.0.0.1:$((port + 1))/metrics" >"$DITTOFS_RUN/metrics"
ok $? "a gateway has metrics" || sed 's/^/# /' "$DITTOFS_RUN/log"
unknown=
for name in $(grep -oE '(dittofs|process)_[a-z_]+' "$top/docker/grafana/dittofs.json" | sort -u); do
	grep -qE "^${name}[{ ]" "$DITTOFS_RUN/metrics" || unknown="$unknown $name"
done
is "$unknown" "" "the dashboard asks for nothing else"

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
while read -r statement; do
	"$pg_bin/psql" -XqAt -v ON_ERROR_STOP=1 -c "$statement" >"$DITTOFS_RUN/out" 2>&1
	ok $? "${statement::100}" || sed 's/^/# /' "$DITTOFS_RUN/out"
done < <(statements)

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
