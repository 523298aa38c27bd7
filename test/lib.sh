# SPDX-License-Identifier: PostgreSQL
# test/lib.sh: what the test wrappers and the test scripts share.  For bash.
# shellcheck shell=bash disable=SC2034,SC2154
#
# Four groups of functions:
#
#	waiting		await, for conditions: a test never waits for a time that something
#				should have taken
#	building	build, which installs into a staging directory of the tree; source
#				packages of Debian
#	servers		pg_*, gateway_*: start and stop what a throwaway run consists of.
#				A test that kills or restarts a server uses these, so that the
#				wrapper around it knows that the exit was meant
#	TAP			plan, ok, is, like, done_testing: results that run-tests counts
#
# The state of a run is in files under $DITTOFS_RUN, not in shell variables:
# the wrapper and the test it runs are different processes and both start and
# stop servers.
#
#	install/		the extension as it was when the run began; a build that
#					happens meanwhile does not reach this run
#	data/			the cluster; postgres.log its log; the socket lies beside
#	crash-expected	a test has announced a crash of a backend
#	gateway-options	further options of gateways, where their content is
#	gateway.N/		N from 1: port, pid, log, and status once it has exited;
#					stopping (the signal) when somebody asked it to
#
# The wrappers set $bound, and then servers get a parent-death signal: they end
# even when the wrapper is killed with SIGKILL.  A server that a test restarts
# is not bound to the test, which may end before it.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
stage=${DITTOFS_STAGE:-$top/tmp_check/install}

# Each variant of the gateway has a build directory; gateway/dittofs is only
# the one that was built last.
gateway_built=$top/gateway/build/dittofs
[ "$SANITIZE" != 1 ] || gateway_built=$top/gateway/build-sanitize/dittofs

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

#
# Waiting
#

# await WHAT COMMAND...: until COMMAND succeeds.  The deadline lies far beyond
# what a busy machine makes of anything here, so that only what does not happen
# at all runs into it; then the output says what did not happen.
patience=${DITTOFS_PATIENCE:-240}

await()
{
	local what=$1 deadline=$((SECONDS + patience))
	shift

	until "$@"; do
		if [ $SECONDS -ge $deadline ]; then
			echo "# waited $patience s in vain: $what"
			return 1
		fi
		sleep 0.05
	done
}

# await_gone PID: until that process, a child of whatever process, has ended.
await_gone()
{
	await "process $1 ends" not kill -0 "$1"
} 2>/dev/null

not()
{
	! "$@"
}

# eventually CONDITION: until that SQL is true, asked by the script's own q.
eventually()
{
	await "$1" holds "$1"
}

holds()
{
	[ "$(q "SELECT $1" 2>/dev/null)" = t ]
}

# listens HOST PORT: something accepts connections there.
listens()
{
	(exec 3<>"/dev/tcp/$1/$2") 2>/dev/null
}

#
# Building
#

# Postgres refuses to run as root.  A prefix and not a function: with a function
# in the background, $! would be the pid of a shell around the command.  From /,
# since the owner may not be allowed to enter our directory.
if [ "$(id -u)" = 0 ]; then
	owner=postgres
	as_owner=(env -C / setpriv --reuid=postgres --regid=postgres --init-groups)
else
	owner=$(id -un)
	as_owner=()
fi

# build TARGET...: make TARGET, silently unless it fails.  A lock makes calls
# from parallel runs safe.  MAKEFLAGS of an outer make would pass on its job
# server and its targets' variables; ours come by environment.
build()
(
	[ -z "$DITTOFS_NO_BUILD" ] || exit 0
	mkdir -p "$stage" && exec 9>"$top/tmp_check/lock" && flock 9 || exit 1
	unset MAKEFLAGS MFLAGS MAKELEVEL
	log=$top/tmp_check/build.log
	if ! make -s -C "$top" -j"$(nproc)" WERROR="${WERROR-1}" DESTDIR="$stage" \
		"$@" >"$log" 2>&1 9>&-; then
		cat "$log" >&2
		die "make $* failed"
	fi
)

# debian_source PACKAGE DIRECTORY: fetches a source package of the system's Debian, as it
# was released: not every mirror has the sources of security updates.  apt verifies it;
# lists and settings are our own, so the system's stay as they are, and sources need not
# be enabled there.
debian_source()
(
	command -v apt-get >/dev/null || die "no apt-get for the source package $1"
	work=$(mktemp -d) || exit 1
	trap 'rm -rf "$work"' EXIT
	chmod 755 "$work"
	mkdir -p "$work/lists/partial"
	# The places the system has its packages from, as places of sources
	sed 's/^Types: .*/Types: deb-src/' /etc/apt/sources.list.d/*.sources \
		>"$work/system.sources" 2>/dev/null
	sed -n 's/^deb /deb-src /p' /etc/apt/sources.list \
		/etc/apt/sources.list.d/*.list >"$work/system.list" 2>/dev/null
	apt=(apt-get -qq -o "Dir::Etc::sourceparts=$work" -o Dir::Etc::sourcelist=/dev/null
		-o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work"
		-o APT::Sandbox::User=root)
	cd "$2" && "${apt[@]}" update &&
		"${apt[@]}" source --download-only \
			"$1/$(. /etc/os-release && echo "$VERSION_CODENAME")" ||
		die "cannot fetch the source package $1"
)

# build_kernel_tools: what the scripts in test/kernel call.
build_kernel_tools()
(
	[ -z "$DITTOFS_NO_BUILD" ] || exit 0
	mkdir -p "$stage" && exec 9>"$top/tmp_check/lock" && flock 9 || exit 1
	unset MAKEFLAGS MFLAGS MAKELEVEL
	for dir in kernel model; do
		make -s -C "$top/test/$dir" WERROR="${WERROR-1}" >&2 9>&- ||
			die "make in test/$dir failed"
	done
)

# build_bad_s3: the S3 service that misbehaves when told to.
build_bad_s3()
(
	[ -z "$DITTOFS_NO_BUILD" ] || exit 0
	mkdir -p "$stage" && exec 9>"$top/tmp_check/lock" && flock 9 || exit 1
	unset MAKEFLAGS MFLAGS MAKELEVEL
	make -s -C "$top/test/s3" WERROR="${WERROR-1}" >&2 9>&- ||
		die "make in test/s3 failed"
)

#
# Postgres
#

# Once this run has a server, $pg_bin is where its programs are.
pg_paths()
{
	pg_config=${PG_CONFIG:-pg_config}
	pg_bin=$("$pg_config" --bindir) || die "no pg_config: try 'make packages'"
	[ -x "$pg_bin/initdb" ] || die "no PostgreSQL server in $pg_bin"
	[ ! -x "${DITTOFS_RUN-}/install$pg_bin/postgres" ] ||
		pg_bin=$DITTOFS_RUN/install$pg_bin
}

# pg_join INSTALL: puts a server beside the extension in INSTALL, which make filled by
# DESTDIR, and sets $pg_bin to it.  A server looks for all its files from where its own
# program is.  So it takes a copy of the program, and links for the rest; no setting
# says the same for every version and every build.
pg_join()
{
	local from=$pg_bin kind dir

	mkdir -p "$1$from"
	cp "$from"/{postgres,pg_ctl} "$1$from/" || exit 1
	ln -s "$from"/* "$1$from/" 2>/dev/null
	for kind in pkglibdir sharedir; do
		dir=$("$pg_config" --$kind)
		mkdir -p "$1$dir"
		# What is there is ours.  Of what extensions consist there are copies, so that
		# a test can put other files in their places.
		cp -n "$dir"/*.so "$1$dir/" 2>/dev/null
		ln -s "$dir"/* "$1$dir/" 2>/dev/null
	done
	cp -n "$dir"/extension/* "$1$dir/extension/" 2>/dev/null
	pg_bin=$1$from
}

# pg_create: a new cluster with the extension of the staging directory, and
# the environment that leads to it.  fsync is off unless FSYNC=on, jit is off, for it
# takes longer than queries of tables that were never analyzed; PG_CONF
# holds further lines of postgresql.conf, PG_INITDB further options of initdb.
pg_create()
{
	pg_paths
	DITTOFS_RUN=$(mktemp -d "${DITTOFS_TMP:-/tmp}/dittofs.XXXXXX") || exit 1
	export DITTOFS_RUN
	export PGHOST=$DITTOFS_RUN PGPORT=54320 PGUSER=postgres PGDATABASE=dittofs
	unset PGSERVICE PGOPTIONS PGPASSFILE PGPASSWORD PGHOSTADDR

	(
		mkdir -p "$stage" && exec 9>"$top/tmp_check/lock" && flock -s 9 &&
			cp -R "$stage" "$DITTOFS_RUN/install"
	) || exit 1
	[ "$owner" = "$(id -un)" ] || chown -R "$owner": "$DITTOFS_RUN"
	# shellcheck disable=SC2086
	"${as_owner[@]}" "$pg_bin/initdb" -D "$DITTOFS_RUN/data" -U postgres -A trust \
		-E UTF8 --no-locale -N ${PG_INITDB-} >"$DITTOFS_RUN/initdb.log" 2>&1 || {
		cat "$DITTOFS_RUN/initdb.log" >&2
		die "initdb failed"
	}
	pg_join "$DITTOFS_RUN/install"
	export PATH=$pg_bin:$PATH
	cat >>"$DITTOFS_RUN/data/postgresql.conf" <<-EOF
		listen_addresses = ''
		port = $PGPORT
		unix_socket_directories = '$DITTOFS_RUN'
		fsync = ${FSYNC:-off}
		max_connections = 200
		jit = off
		log_line_prefix = '%m [%p] %q%a '
		$PG_CONF
	EOF
}

# pg_start: starts the cluster of this run and waits until it answers.
pg_start()
{
	pg_paths
	"${as_owner[@]}" setsid ${bound:+setpriv --pdeathsig INT} \
		"$pg_bin/postgres" -D "$DITTOFS_RUN/data" \
		</dev/null >>"$DITTOFS_RUN/postgres.log" 2>&1 &
	disown
	pg_await $!
}

pg_await()
{
	await "PostgreSQL answers, or ends" pg_decided "$1"
	"$pg_bin/pg_isready" -q -d postgres && return
	tail -n 50 "$DITTOFS_RUN/postgres.log" >&2
	die "PostgreSQL did not start"
}

pg_decided()
{
	"$pg_bin/pg_isready" -q -d postgres || ! kill -0 "$1" 2>/dev/null
}

# pg_stop [smart|fast|immediate].  The wrappers call it from a trap, where a bare
# "return" has the status of what came before the trap.
pg_stop()
{
	pg_paths
	if ! "${as_owner[@]}" "$pg_bin/pg_ctl" stop -D "$DITTOFS_RUN/data" \
		-m "${1:-fast}" -w -t "$patience" >/dev/null; then
		pg_hangs >&2
		return 1
	fi
}

# pg_hangs: what keeps the server from stopping, for whoever reads the log.
pg_hangs()
{
	local postmaster pid

	postmaster=$(head -n 1 "$DITTOFS_RUN/data/postmaster.pid" 2>/dev/null)
	echo "# the server was told to stop and has not, or not within $patience s; the end of its log:"
	tail -n 20 "$DITTOFS_RUN/postgres.log" | sed 's/^/#   /'
	[ -n "$postmaster" ] || return 0
	echo "# its processes:"
	for pid in $postmaster $(pgrep -P "$postmaster"); do
		ps -o pid=,stat=,wchan:20=,args= -p "$pid" | sed 's/^/#   /'
		! type gdb >/dev/null 2>&1 ||
			gdb -batch -p "$pid" -ex bt 2>/dev/null | grep '^#[0-9]' |
			sed 's/^/#     /'
	done
}

# A test that kills a backend on purpose says so first.
expect_crash()
{
	: >"$DITTOFS_RUN/crash-expected"
}

#
# Gateways
#

# listen_of N: the address gateway N listens on.  DITTOFS_LISTEN is one for all, or
# one for each.
listen_of()
{
	local -a all

	read -ra all <<<"${DITTOFS_LISTEN:-127.0.0.1}"
	echo "${all[$1 - 1]:-${all[-1]}}"
}

# host_of N: where it is found
host_of()
{
	if [[ $DITTOFS_LISTEN == *" "* ]]; then
		listen_of "$1"
	else
		echo "$DITTOFS_HOST"
	fi
}

# gateway_start N: starts gateway N on its port and waits until it accepts
# connections.  The port was reserved for it by with-gateway.  $gateway_preload
# is a library for it.
# Version 4 is on, unless gateway_nfs4 is empty.
gateway_start()
{
	local dir=$DITTOFS_RUN/gateway.$1 port conninfo

	port=$(<"$dir/port")
	conninfo="host=$PGHOST port=$PGPORT"
	[ -z "$DITTOFS_STANDBY_PORT" ] ||
		conninfo="host=$PGHOST,$PGHOST port=54320,$DITTOFS_STANDBY_PORT"
	conninfo="$conninfo dbname=$PGDATABASE user=dittofs_gateway"
	rm -f "$dir/status" "$dir/stopping" "$dir/pid"
	# The shell in between is there to record the exit status.
	# shellcheck disable=SC2046,SC2086
	setsid ${bound:+setpriv --pdeathsig KILL} bash -c '
		dir=$1
		shift
		setpriv --pdeathsig TERM "$@" >>"$dir/log" 2>&1 &
		echo $! >"$dir/pid.new" && mv "$dir/pid.new" "$dir/pid"
		wait $!
		echo $? >"$dir/status.new" && mv "$dir/status.new" "$dir/status"' \
		gateway "$dir" ${gateway_preload:+env LD_PRELOAD="$gateway_preload"} \
		"$DITTOFS_RUN/gateway" start \
		--listen "$(listen_of "$1")" --port "$port" ${gateway_nfs4---nfs4} \
		--conninfo "$conninfo" \
		$(cat "$DITTOFS_RUN/gateway-options" 2>/dev/null) \
		${DITTOFS_GATEWAY_OPTS-} </dev/null >/dev/null 2>&1 &
	await "gateway $1 listens on port $port, or ends" gateway_decided "$1" "$port"
	listens "$(host_of "$1")" "$port"
}

gateway_decided()
{
	listens "$(host_of "$1")" "$2" || [ -e "$DITTOFS_RUN/gateway.$1/status" ]
}

gateway_pid()
{
	cat "$DITTOFS_RUN/gateway.$1/pid"
}

# gateway_stop N [SIGNAL]: asks gateway N to stop and waits until it has; its
# exit status is left in $DITTOFS_RUN/gateway.N/status.
gateway_stop()
{
	local dir=$DITTOFS_RUN/gateway.$1

	[ -e "$dir/status" ] && return 0
	echo "${2:-TERM}" >"$dir/stopping"
	kill -"${2:-TERM}" "$(<"$dir/pid")"
	await "gateway $1 ends" test -e "$dir/status"
}

#
# S3
#

# The key and the bucket of the server for tests
s3_environment()
{
	export AWS_ACCESS_KEY_ID=S3RVER AWS_SECRET_ACCESS_KEY=S3RVER
	unset AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL \
		AWS_ENDPOINT_URL_S3 AWS_CA_BUNDLE
}

# s3_start PORT: a real S3 server, with the bucket "content" on 127.0.0.1, its
# files in $DITTOFS_RUN/s3.  It does not check signatures; bad_s3 does.  Further options of
# s3rver may follow, a certificate's for instance.
s3_start()
{
	local port=$1 program
	shift

	program=$("$top/test/s3/prepare") || return 1
	mkdir -p "$DITTOFS_RUN/s3"
	setsid ${bound:+setpriv --pdeathsig KILL} node --openssl-legacy-provider "$program" --silent \
		-a 127.0.0.1 -p "$port" -d "$DITTOFS_RUN/s3" --no-vhost-buckets \
		--configure-bucket content "$@" </dev/null \
		>>"$DITTOFS_RUN/s3.log" 2>&1 &
	echo $! >"$DITTOFS_RUN/s3.pid"
	disown $!
	s3_await "$port"
}

s3_await()
{
	await "the S3 server listens on port $1, or ends" s3_decided "$1"
	listens 127.0.0.1 "$1" && return
	cat "$DITTOFS_RUN/s3.log" >&2
	return 1
}

s3_decided()
{
	listens 127.0.0.1 "$1" || ! kill -0 "$(<"$DITTOFS_RUN/s3.pid")" 2>/dev/null
}

# s3_start_bad PORT: the one that misbehaves when told to (test/s3/bad_s3.c).
s3_start_bad()
{
	setsid ${bound:+setpriv --pdeathsig KILL} "$top/test/s3/build/bad_s3" "$1" \
		</dev/null >>"$DITTOFS_RUN/s3.log" 2>&1 &
	echo $! >"$DITTOFS_RUN/s3.pid"
	disown $!
	s3_await "$1"
}

s3_stop()
{
	[ ! -e "$DITTOFS_RUN/s3.pid" ] || kill -KILL "$(<"$DITTOFS_RUN/s3.pid")"
	rm -f "$DITTOFS_RUN/s3.pid"
} 2>/dev/null

#
# Running the command of a wrapper
#

# run_command CMD...: runs CMD, passes signals on to it, and sets $status to
# its exit status; $interrupted is set if there was a signal.  On a terminal
# CMD stays in our process group, so that it can read the terminal; otherwise
# it gets a group of its own and a signal reaches all of its children.
# $death_signal (TERM) is what CMD gets when we are killed ourselves.
run_command()
{
	local target

	if [ -t 0 ]; then
		setpriv --pdeathsig "${death_signal:-TERM}" \
			env --default-signal=INT,QUIT "$@" <&0 &
		target=$!
	else
		setsid setpriv --pdeathsig "${death_signal:-TERM}" \
			env --default-signal=INT,QUIT "$@" <&0 &
		target=-$!
	fi
	child=$!
	interrupted=
	trap 'interrupted=130; kill -INT -- '$target' 2>/dev/null' INT
	trap 'interrupted=143; kill -TERM -- '$target' 2>/dev/null' TERM HUP
	while kill -0 $child 2>/dev/null; do
		wait $child
	done
	wait $child
	status=$?
	# Whatever CMD left behind in its group goes with it.
	[ $target = $child ] || kill -KILL -- $target 2>/dev/null
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

#
# Documentation
#

# documented PAGE [TEST]: the commands that PAGE shows in blocks below a comment
# "run by TEST" (this one), each on one line.  With TEST "", of all such blocks.
documented()
{
	DOCUMENTED=${2-$(realpath --relative-to="$top" "$0")} perl -0777 -ne '
		while (/^<!-- run by (\S+) -->\n+(?:```\w*\n(.*?)^```$|((?: {4}[^\n]+\n|\n(?= {4}))+))/gms)
		{
			my ($test, $block) = ($1, $2 // $3);
			next if $ENV{DOCUMENTED} ne "" && $ENV{DOCUMENTED} ne $test;
			$block =~ s{^ {4}}{}gm if !defined $2;
			$block =~ s{\s*\\\n\s*}{ }g;
			$block =~ s{\s+#\s.*$}{}gm;
			$block =~ s{\n\n+}{\n}g;
			print $block;
		}' "$top/$1"
}

#
# TAP
#

tap_count=0
tap_failed=0

# ok STATUS NAME: STATUS is 0 for success, as in: cmd; ok $? "cmd works"
ok()
{
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $2"
		return 1
	fi
}

# is GOT WANTED NAME
is()
{
	[ "$1" = "$2" ]
	ok $? "$3" || {
		printf 'got:    %s\nwanted: %s\n' "$1" "$2" | sed 's/^/# /'
		return 1
	}
}

# like GOT REGEX NAME
like()
{
	[[ $1 =~ $2 ]]
	ok $? "$3" || {
		printf 'got:           %s\nwanted a match of: %s\n' "$1" "$2" |
			sed 's/^/# /'
		return 1
	}
}

skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP ${2:-}"
}

# done_testing: the plan, and the exit status of the script.
done_testing()
{
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
	exit
}
