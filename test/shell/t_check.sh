#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
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

# Clusters of tests live without fsync; here it must be beyond doubt.
q "ALTER SYSTEM SET fsync = on" >/dev/null
q "SELECT pg_reload_conf()" >/dev/null
await "fsync is on" eval '[ "$(q "SHOW fsync")" = on ]'
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
	"remedy: SELECT dittofs.create_share\\('/missing', squash => 'none'\\)"
broken "no such directory" \
	's,mem: .*,files: { type: filesystem\, filesystem: { base_path: /no/such/place } },' \
	"base_path /no/such/place: No such file" "remedy: mount what belongs there"
broken "no such bucket" \
	's,mem: .*,bucket: { type: s3\, s3: { endpoint: "http://127.0.0.1:1"\, bucket: b\, access_key: a\, secret_key: very-secret } },' \
	"bucket b at http://127.0.0.1:1: " "remedy: check endpoint"
is "$("$gateway" check --config "$file" 2>&1 | grep -c very-secret)" 0 "a secret is not printed"
like "$("$gateway" check --config "$file" 2>&1)" "credentials are from the settings" \
	"but where it comes from"
broken "a name that no bucket has" \
	's,mem: .*,bucket: { type: s3\, s3: { bucket: "my?bucket"\, access_key: a\, secret_key: b } },' \
	'"my\?bucket" is not the name of a bucket' "a-z, 0-9, dots and hyphens"
q "SELECT dittofs.create_content_store('away', 'filesystem');
	SELECT dittofs.create_share('/stored', content => 'filesystem', content_store => 'away')" >/dev/null
broken "a store that only the database knows" 's/x/x/' \
	"share /stored has its content in store away" "remedy: add content.stores.away with type: filesystem"
q "SELECT dittofs.drop_share('/stored'); SELECT dittofs.drop_content_store('away')" >/dev/null
broken "no such address" 's/127.0.0.1/192.0.2.1/' "cannot listen on 192.0.2.1" \
	"remedy: set adapters.nfs.listen"

# All that is wrong is said at once, by check and by start.
config 's/max_conns: 15/max_cons: 1000/;s/user: .*/user: ${NO_SUCH_VARIABLE}/
	s/metadata_store: main/metadata_store: maim/;$a limits: { bytes: 1 parsec }'
all=("$file:9: .*no variable NO_SUCH_VARIABLE" "$file:10: unknown key \"max_cons\"" ":17: .*has no \"maim\""
	":19: limits.bytes: \"1 parsec\" is not a size" "--workers: \"x\" is not a number")
out=$("$gateway" check --config "$file" --workers=x 2>&1)
is "$? $(tail -n 1 <<<"$out")" "1 5 wrong, 0 doubtful" "all that is wrong is counted" || sed 's/^/# /' <<<"$out"
for wrong in "${all[@]}"; do
	like "$out" "wrong     configuration: [^"$'\n'"]*$wrong" "and said: $wrong"
done
out=$("$gateway" start --config "$file" --workers=x 2>&1)
is "$? $(wc -l <<<"$out") $(tail -n 1 <<<"$out")" "1 6 dittofs: 5 settings are wrong" "start counts it, too" ||
	sed 's/^/# /' <<<"$out"
for wrong in "${all[@]}"; do
	like "$out" "dittofs: [^"$'\n'"]*$wrong" "and says it: $wrong"
done

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

config
for setting in fsync full_page_writes synchronous_commit; do
	q "ALTER SYSTEM SET $setting = off" >/dev/null
done
q "SELECT pg_reload_conf()" >/dev/null
await "full_page_writes is off" eval '[ "$(q "SHOW full_page_writes")" = off ]'
out=$("$gateway" check --config "$file" 2>&1)
is $? 0 "a server that may lose what was stored passes"
for setting in fsync full_page_writes synchronous_commit; do
	like "$out" "doubtful .*$setting is off in the server.*remedy: ALTER SYSTEM SET $setting = on" "but $setting is doubtful"
done
q "ALTER SYSTEM RESET ALL" >/dev/null
q "SELECT pg_reload_conf()" >/dev/null

echo secret >"$dir/password"
chmod 644 "$dir/password"
config "s,max_conns: 15,password_file: $dir/password,"
like "$("$gateway" check --config "$file" 2>&1)" "doubtful .*$dir/password holds a secret.*remedy: chmod o-rwx" \
	"a password file that others can read is doubtful"
config "s,max_conns: 15,password: x,"
chmod 644 "$file"
like "$("$gateway" check --config "$file" 2>&1)" "doubtful .*$file holds a secret" \
	"and so is a configuration with a password"
chmod 600 "$file"
like "$("$gateway" check --config "$file" 2>&1)" "0 wrong, 0 doubtful|is off" "but not one that only its owner reads"

# Commands
out=$("$gateway" chek 2>&1)
is $? 2 "an unknown command is refused"
is "$out" 'dittofs: unknown command "chek"
did you mean "dittofs check"? dittofs --help lists the commands' "in two lines, with the one that may be meant"
is "$("$gateway" frobnicate 2>&1 | wc -l)" 2 "in two lines where none is like it"
# refused STATUS MESSAGE-REGEX ARGUMENT ...: a command that is mistyped
refused()
{
	local out status wanted=$1 says=$2

	shift 2
	out=$("$gateway" "$@" 2>&1)
	status=$?
	[ $status = "$wanted" ] && [[ $out =~ $says ]] && [ "$(wc -l <<<"$out")" -le 5 ]
	ok $? "dittofs $* says: $says" || printf 'status %s\n%s\n' "$status" "$out" | sed 's/^/# /'
}

refused 2 'did you mean "dittofs start"' START
refused 2 'did you mean "dittofs version"' --verison
refused 2 'lists the commands' -x
refused 2 'did you mean "dittofs start"' help strat
refused 1 'takes one word' help keys foo
refused 1 'takes no arguments' version --verbose
refused 1 'writes over no file' init "$file"
refused 1 'make the directory first' init "$dir/none/x.yaml"
refused 1 'has no option "--force"' init --force
refused 1 'takes one file' init a b
refused 1 'did you mean --config x.yaml' check x.yaml
refused 1 'options begin with --' check -c x.yaml
refused 1 '--config needs a value' check --config
refused 1 '--config needs a value' check --config=
refused 1 '--orphans is an option of dittofs gc' check --orphans 3
refused 1 'did you mean --port' start -port 2049
refused 1 'did you mean --share' verify --shar /export
refused 1 '--share needs a value' verify --share= --config "$file"
refused 1 '--share needs a value' verify --share --config "$file"
refused 1 'did you mean --orphans' gc --orphan 3
refused 1 'is not a number of days' gc --orphans soon
like "$("$gateway" start --lisen=::1 2>&1)" "unknown option .--lisen.; did you mean --listen" "so is an option"
for command in start check verify gc init help version; do
	out=$("$gateway" $command --help)
	is "$? ${out%%$'\n'*}" "0 $("$gateway" $command --help | sed -n "1s/^usage: dittofs $command/&/p")" "$command --help"
done
like "$("$gateway" verify --help)" "--share=NAME.*--conninfo" "lists own options and those of all"
config
out=$("$gateway" verify --share /exprot --config "$file" 2>&1)
is $? 2 "verify of a share that is not there fails"
like "$out" 'there is no share "/exprot"' "and says so"
like "$out" "the shares are: /export" "and which there are"
"$gateway" verify --share /export --config "$file" >/dev/null 2>&1
is $? 0 "verify of one that is there does not"

# Beside a running gateway.  A log is empty before it is waited for: it is not the
# gateway's before that wrote it.
: >"$dir/log"
"$gateway" start --config "$file" >"$dir/log" 2>&1 &
pid=$!
appears "$dir/log" 'NFS and MOUNT'
out=$("$gateway" check --config "$file" 2>&1)
is $? 0 "check works beside a running gateway" || sed 's/^/# /' <<<"$out"
like "$out" "a gateway is running on 127.0.0.1 port $port" "and says that one runs"
kill $pid
wait $pid

# Beside one that serves metrics: the port has HTTP, or something else.
config "\$a metrics: { enabled: on, port: $((port + 1)) }"
: >"$dir/log"
"$gateway" start --config "$file" >"$dir/log" 2>&1 &
pid=$!
appears "$dir/log" 'NFS and MOUNT'
out=$("$gateway" check --config "$file" 2>&1)
is $? 0 "check works beside one that serves metrics" || sed 's/^/# /' <<<"$out"
like "$out" "ok +metrics: a gateway is running on 127.0.0.1 port $((port + 1)), and answers" "and asks it by HTTP"
out=$("$gateway" check --config "$file" --metrics-port "$port" --port $((port + 1)) 2>&1)
is $? 1 "a port of HTTP has no NFS, nor that of NFS HTTP"
like "$out" "wrong +adapters.nfs: cannot listen on 127.0.0.1 port $((port + 1))" "and check says so of one"
like "$out" "wrong +metrics: cannot listen on 127.0.0.1 port $port" "and of the other"
kill $pid
wait $pid

# /etc/dittofs/dittofs.yaml is read without --config, unless something else says
# which database is meant.  In an /etc of its own, for the machine may have one.
apart=(unshare --mount --propagation private)
[ "$(id -u)" = 0 ] || apart=(unshare --map-root-user --mount)
if "${apart[@]}" true 2>/dev/null; then
	# with_default COMMAND ...: where the file is there
	with_default()
	{
		"${apart[@]}" env -u PGHOST -u PGPORT -u PGDATABASE bash -c '
			mount --bind "$1" /etc || exit 99
			shift
			exec "$@"' with_default "$dir/machine" "$@" 2>&1
	}
	mkdir -p "$dir/machine/dittofs"
	cp /etc/passwd /etc/group /etc/hosts /etc/nsswitch.conf "$dir/machine" 2>/dev/null
	config 's/x/x/'
	cp "$file" "$dir/machine/dittofs/dittofs.yaml"
	out=$(with_default "$gateway" check)
	is $? 0 "check takes the file that packages install" || sed 's/^/# /' <<<"$out"
	like "$out" "ok +configuration: /etc/dittofs/dittofs.yaml" "and says so"
	out=$(with_default "$gateway" verify)
	is $? 0 "verify takes it" || sed 's/^/# /' <<<"$out"
	out=$(with_default "$gateway" gc)
	is $? 0 "gc takes it" || sed 's/^/# /' <<<"$out"
	for other in PGHOST=/nowhere PGSERVICE=nothing DITTOFS_METADATA_POSTGRES_HOST=/nowhere; do
		like "$(with_default env "$other" "$gateway" check)" "configuration: no file|service .nothing. not found" \
			"not with ${other%%=*}"
	done
	like "$(with_default "$gateway" check --conninfo host=/nowhere)" "configuration: no file" "nor with --conninfo"
	like "$(with_default env DITTOFS_CONFIG="$dir/copy.yaml" "$gateway" check)" "$dir/copy.yaml: No such file" \
		"DITTOFS_CONFIG names another"
	sed -i 's/max_conns/max_cons/' "$dir/machine/dittofs/dittofs.yaml"
	for command in start check verify gc; do
		out=$(with_default "$gateway" $command)
		is $? 1 "$command fails if it is wrong"
		like "$out" "/etc/dittofs/dittofs.yaml:10: unknown key \"max_cons\"" "and says where"
	done
else
	skip "the default configuration" "no right to unshare"
fi

# auto_migrate
config 's/database: .*/database: empty/;s/user: .*/user: postgres/;s/auto_migrate: false/auto_migrate: true/
	s,  - name: /export,&\n    squash: none\n    allowed_clients: [127.0.0.0/8],'
: >"$dir/log"
"$gateway" start --config "$file" >"$dir/log" 2>&1 &
pid=$!
appears "$dir/log" 'share /export has been made'
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
: >"$dir/log"
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
# the log still has what the last one said
: >"$dir/log"
: >"$dir/log"
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
