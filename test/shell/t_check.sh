#!/bin/bash
# dittofs check on good and broken configurations: what is wrong is said, and
# what to do about it.  Also init, and start with auto_migrate and without.

# shellcheck source=lib.sh disable=SC2001,SC2154,SC2016,SC2317
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
gateway=${DITTOFS_GATEWAY:-$top/gateway/dittofs}
cp "$gateway" "$DITTOFS_RUN/gateway" || exit 1
gateway=$DITTOFS_RUN/gateway
dir=$DITTOFS_RUN/check
mkdir "$dir"
file=$dir/dittofs.yaml
port=$((20000 + RANDOM % 12000))
unset DITTOFS_WORKERS

q "ALTER ROLE dittofs_gateway LOGIN;
	SELECT dittofs.create_share('/export', squash => 'none');
	CREATE ROLE poor LOGIN" >/dev/null
"$pg_bin/createdb" empty

# config [SED-SCRIPT]: a configuration that is right, changed by the script
config()
{
	cat >"$file" <<-EOF
		metadata:
		  stores:
		    main:
		      type: postgres
		      postgres:
		        host: $PGHOST
		        port: $PGPORT
		        database: $PGDATABASE
		        user: dittofs_gateway
		        max_conns: 15
		        auto_migrate: false
		content:
		  stores:
		    mem: { type: memory }
		shares:
		  - name: /export
		    metadata_store: main
		adapters: { nfs: { port: $port, listen: 127.0.0.1 } }
	EOF
	[ $# = 0 ] || sed -i "$1" "$file"
}

# broken NAME SED-SCRIPT MESSAGE-REGEX REMEDY-REGEX
broken()
{
	local out status

	config "$2"
	out=$("$gateway" check --config "$file" 2>&1)
	status=$?
	[ $status = 1 ] && [[ $out =~ $3 ]] && [[ $out =~ $4 ]]
	ok $? "$1" || printf 'status %s\n%s\n' "$status" "$out" | sed 's/^/# /'
}

config
out=$("$gateway" check --config "$file" 2>&1)
is $? 0 "a good configuration passes"
is "$(tail -n 1 <<<"$out")" "0 wrong, 0 doubtful" "with nothing to complain of" ||
	sed 's/^/# /' <<<"$out"
like "$out" "share /export" "and names what it has looked at"

broken "unknown key" 's/max_conns/max_cons/' \
	":10: unknown key \"max_cons\"" 'nearest valid key is "max_conns"'
broken "wrong type" 's/max_conns: 15/max_conns: [15]/' \
	":10: .*max_conns is a list" "must be a single value"
broken "not YAML" 's/^content:/content: [/' ":14: this is not YAML" "."
broken "variable not set" 's/user: .*/user: ${NO_SUCH_VARIABLE}/' \
	":9: .*no variable NO_SUCH_VARIABLE" "set it, or write"
broken "share in no store" 's/metadata_store: main/metadata_store: maim/' \
	':17: shares.0.metadata_store: metadata.stores has no "maim"' "."
broken "content in no store" '17s/.*/    content_store: files/' \
	'content.stores has no "files"' "there are postgres and memory"
broken "password file missing" "s,max_conns: 15,password_file: $dir/nothing," \
	"password_file: cannot read $dir/nothing" "No such file"
broken "no server" "s/port: $PGPORT/port: 1/" "no connection: .*No such file" \
	"remedy: start PostgreSQL"
broken "no host" 's/host: .*/host: no-such-host.invalid/' \
	"could not translate host name" "remedy: set host"
broken "no role" 's/user: .*/user: nobody_there/' 'role "nobody_there" does not exist' \
	"remedy: CREATE ROLE"
broken "no database" 's/database: .*/database: nowhere/' '"nowhere" does not exist' \
	"remedy: createdb"
broken "no encryption" "s/max_conns: 15/sslmode: require/;s/host: .*/host: localhost/;s/port: $PGPORT/port: 1/" \
	"no connection: .*refused" "remedy: start PostgreSQL"
broken "no extension" 's/database: .*/database: empty/' "has no extension dittofs" \
	"remedy: run CREATE EXTENSION dittofs"
broken "no rights" 's/user: .*/user: poor/' "role poor may not" \
	'remedy: GRANT dittofs_gateway TO "poor"'
broken "too many connections" 's/max_conns: 15/max_conns: 1000/' \
	"max_conns is 1000, but the server takes" "remedy: lower max_conns"
broken "no such share" 's,name: /export,name: /missing,' "no share /missing" \
	"remedy: SELECT dittofs.create_share\\('/missing'\\)"
broken "no such directory" \
	's,mem: .*,files: { type: filesystem\, filesystem: { base_path: /no/such/place } },' \
	"base_path /no/such/place: No such file" "remedy: mount what belongs there"
broken "no such bucket" \
	's,mem: .*,bucket: { type: s3\, s3: { endpoint: "http://127.0.0.1:1"\, bucket: b\, access_key: a\, secret_key: very-secret } },' \
	"bucket b at http://127.0.0.1:1: " "remedy: check endpoint"
is "$("$gateway" check --config "$file" 2>&1 | grep -c very-secret)" 0 "a secret is not printed"
q "SELECT dittofs.create_content_store('away', 'filesystem');
	SELECT dittofs.create_share('/stored', content => 'filesystem', content_store => 'away')" >/dev/null
broken "a store that only the database knows" 's/x/x/' \
	"share /stored has its content in store away" "remedy: add content.stores.away with type: filesystem"
q "SELECT dittofs.drop_share('/stored'); SELECT dittofs.drop_content_store('away')" >/dev/null
broken "no such address" 's/127.0.0.1/192.0.2.1/' "cannot listen on 192.0.2.1" \
	"remedy: set adapters.nfs.listen"

coproc perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 1,
	LocalAddr => "127.0.0.1", LocalPort => shift) or die; print "up\n";
	$| = 1; print "\n"; 1 while <STDIN>' "$port"
read -r _ <&"${COPROC[0]}"
broken "port in use" 's/x/x/' "cannot listen on 127.0.0.1 port $port" "remedy: stop what listens"
eval "exec ${COPROC[1]}>&-"
wait

# An older extension.  The catalog alone is changed: nothing else differs.
version=$(q "SELECT extversion FROM pg_extension WHERE extname = 'dittofs'")
q "UPDATE pg_extension SET extversion = '0.0.9' WHERE extname = 'dittofs'"
broken "old extension" 's/x/x/' "extension has version 0.0.9" \
	"remedy: .*ALTER EXTENSION dittofs UPDATE"
config
out=$("$gateway" start --config "$file" 2>&1)
is $? 1 "a gateway does not start with it"
like "$out" "extension has version 0.0.9.*ALTER EXTENSION dittofs UPDATE" "and says what to do"
q "UPDATE pg_extension SET extversion = '$version' WHERE extname = 'dittofs'"
config 's/database: .*/database: empty/'
out=$("$gateway" start --config "$file" 2>&1)
is $? 1 "nor without one"
like "$out" "CREATE EXTENSION dittofs" "and says so"

# What is doubtful is no failure.
config 's/user: .*/user: postgres/;s,metadata_store: main,squash: all,'
out=$(DITTOFS_METADATA_POSTGRES_MAX_CONN=3 "$gateway" check --config "$file" 2>&1)
is $? 0 "doubtful things pass"
like "$out" "role postgres is a superuser" "a superuser is doubtful"
like "$out" "squash is none in the database and all in the file" "so is an option that differs"
like "$out" "alter_share\\('/export', squash => 'all'\\)" "with its remedy"
like "$out" "nearest variable is DITTOFS_METADATA_POSTGRES_MAX_CONNS" "and a misspelled variable"

# auto_migrate
config 's/database: .*/database: empty/;s/user: .*/user: postgres/;s/auto_migrate: false/auto_migrate: true/
	s,  - name: /export,&\n    squash: none\n    allowed_clients: [127.0.0.0/8],'
"$gateway" start --config "$file" >"$dir/log" 2>&1 &
pid=$!
appears "$dir/log" 'NFS and MOUNT'
is "$(q "SELECT name, squash, allowed_clients FROM dittofs.list_shares()" empty)" \
	"/export|none|{127.0.0.0/8}" "auto_migrate makes extension and share" || sed 's/^/# /' "$dir/log"

# SIGHUP, and the two ways it goes
sed -i 's/max_conns: 15/max_conns: 16/;$a logging: { level: debug }' "$file"
kill -HUP $pid
appears "$dir/log" 'max_conns'
like "$(<"$dir/log")" "max_conns has changed: that needs a restart" "SIGHUP says what needs a restart"
like "$(<"$dir/log")" "logging.level is debug now" "and takes over the rest"
sed -i 's/level: debug/level: loud/' "$file"
kill -HUP $pid
appears "$dir/log" 'nothing is reloaded'
like "$(<"$dir/log")" "nothing is reloaded: .*\"loud\" is none of" "a broken file changes nothing"
kill $pid
wait $pid
is $? 0 "it is still there to be stopped"

# The database comes later than the gateway
config 's/database: .*/database: later/;s/user: .*/user: postgres/;s/auto_migrate: false/auto_migrate: true/'
"$gateway" start --config "$file" >"$dir/log" 2>&1 &
pid=$!
appears "$dir/log" 'NFS and MOUNT'
"$pg_bin/createdb" later
appears "$dir/log" 'share /export has been made'
is "$(q "SELECT name FROM dittofs.list_shares()" later)" /export \
	"what auto_migrate makes is made when the database is there" || sed 's/^/# /' "$dir/log"
kill $pid
wait $pid

# init, check and start, as docs/CONFIGURATION.md has them
dittofs()
{
	exec "$gateway" "$@"
}
mapfile -t commands < <(documented docs/CONFIGURATION.md | sed "s,/etc/dittofs,$dir/etc,")
mkdir "$dir/etc"
sample=$dir/etc/dittofs.yaml
(eval "${commands[0]}")
is $? 0 "init writes a file"
is "$(stat -c %a "$sample")" 600 "for its owner alone"
cp "$sample" "$dir/copy"
out=$(eval "${commands[0]}" 2>&1)
is $? 1 "but not over one"
like "$out" "File exists" "and says why"
cmp -s "$sample" "$dir/copy"
ok $? "which is as it was"
sed -i "s,host: .*,host: $PGHOST,;s/port: 5432/port: $PGPORT/;s/user: .*/user: dittofs_gateway/
	s/port: 12049/port: $port/" "$sample"
(eval "${commands[1]}") >"$dir/out" 2>&1
is $? 0 "the sample is right as soon as it knows the database" || sed 's/^/# /' "$dir/out"
(eval "${commands[2]}") >"$dir/log" 2>&1 &
pid=$!
appears "$dir/log" 'NFS and MOUNT'
like "$(<"$dir/log")" "NFS and MOUNT version 3 on .* configured by $sample" "and a gateway starts with it"
kill $pid
wait $pid
is $? 0 "and ends"

# The example in the documentation
sed -n '/^```yaml$/,/^```$/p' "$top/docs/CONFIGURATION.md" | sed '1d;$d' >"$dir/example.yaml"
out=$(POSTGRES_PASSWORD=x AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x PGCONNECT_TIMEOUT=1 \
	DITTOFS_METADATA_POSTGRES_HOST=$PGHOST "$gateway" check --config "$dir/example.yaml" 2>&1)
like "$out" "^ok +configuration: $dir/example.yaml" "the example in docs/CONFIGURATION.md is a configuration"

done_testing
