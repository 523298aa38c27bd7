#!/bin/bash
# docker/Dockerfile without an engine: its instructions are carried out in
# Debian roots, and its images are started, with the user, the environment, the
# entry point and the health check that it gives them, as docker/compose.yaml
# puts them together.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"
make -s -C "$top/test/gateway" || exit 1

declare -A stage_root workdir user entrypoint command health variables
context=$roots/context
mkdir "$context"
git -C "$top" ls-files -z --cached --others --exclude-standard |
	tar -C "$top" --null --ignore-failed-read -T - -c 2>/dev/null |
	tar -C "$context" -x --no-same-owner

# words JSON: the elements of an array of strings, a line each
words()
{
	perl -MJSON::PP -e 'print map { "$_\n" } @{decode_json($ARGV[0])}' "$1"
}

# copy STAGE WORD...: COPY [--from=STAGE] SOURCE... TARGET
copy()
{
	local to=${stage_root[$1]} source=$context target word sources=()
	target=${*: -1}
	shift
	for word in "${@:1:$#-1}"; do
		case $word in
			--from=*) source=${stage_root[${word#--from=}]} ;;
			*) sources+=("$word") ;;
		esac
	done
	[[ $target == /* ]] || target=${workdir[$stage]}/$target
	[[ $target != */. ]] || target=${target%.}
	for word in "${sources[@]}"; do
		[[ $word != . ]] || word=./.
		mkdir -p "$to$(dirname "$target/x")" 2>/dev/null
		# shellcheck disable=SC2086
		if [[ $target == */ ]]; then
			mkdir -p "$to$target" && (set +f; cd "$source/" && cp -a ./$word "$to$target")
		else
			rmdir "$to$target" 2>/dev/null
			(set +f; cd "$source/" && cp -a ./$word "$to$target")
		fi || return 1
	done
}

# Instructions, a line each, without comments
instructions()
{
	sed -e '/^#/d' "$1" | sed -e ':a' -e '/\\$/{N;s/\\\n[ \t]*/ /;ba}' -e '/^$/d'
}

build_images()
{
	local instruction arguments rest

	while read -r instruction arguments; do
		read -ra rest <<<"$arguments"
		case $instruction in
			FROM)
				stage=${rest[2]}
				is "${rest[0]}" debian:bookworm-slim "stage $stage is from Debian 12"
				root_new "docker-$stage"
				# The image has none; what it downloads goes with its layer.
				stage_root[$stage]=$root
				workdir[$stage]=/
				user[$stage]=root
				;;
			WORKDIR)
				workdir[$stage]=${rest[0]}
				mkdir -p "${stage_root[$stage]}${rest[0]}"
				;;
			COPY)
				set -f
				copy "$stage" "${rest[@]}"
				ok $? "$stage: COPY $arguments"
				set +f
				;;
			RUN)
				in_root "${stage_root[$stage]}" sh -c "cd ${workdir[$stage]} && $arguments" \
					</dev/null >"$roots/log" 2>&1
				ok $? "$stage: RUN ${arguments::70}" || tail -n 20 "$roots/log" | sed 's/^/# /'
				;;
			USER) user[$stage]=${rest[0]} ;;
			ENTRYPOINT) entrypoint[$stage]=$arguments ;;
			CMD) command[$stage]=$arguments ;;
			HEALTHCHECK) health[$stage]=[${arguments#*CMD [} ;;
			EXPOSE | VOLUME | STOPSIGNAL) ;;
			*) ok 1 "an instruction that this test does not know: $instruction" ;;
		esac
	done < <(instructions "$top/docker/Dockerfile")
}

# as_container STAGE WORD...: sets $run to what runs a command as the image's
# user, in the network of this test, with what variables[STAGE] says
as_container()
{
	local stage=$1 assignments=()
	shift
	[ -z "${variables[$stage]}" ] || mapfile -t assignments <<<"${variables[$stage]}"
	alone_begin
	run=("${alone[@]}" chroot "${stage_root[$stage]}" "${clean_environment[@]}"
		setpriv --reuid "${user[$stage]}" --regid "${user[$stage]}" --init-groups
		--no-new-privs --bounding-set=-all --inh-caps=-all
		env "${assignments[@]}" "$@")
}

in_container()
{
	local run
	as_container "$@"
	"${run[@]}"
}

# start STAGE NAME: the image's command; sets $started to its process
start()
{
	local argv run
	mapfile -t argv < <(words "${entrypoint[$1]}"; words "${command[$1]}")
	as_container "$1" "${argv[@]}"
	"${run[@]}" >"$roots/$2.log" 2>&1 </dev/null &
	started=$!
}

# healthy STAGE

healthy()
{
	local tries argv
	mapfile -t argv < <(words "${health[$1]}")
	for ((tries = 0; tries < 60; tries++)); do
		! in_container "$1" "${argv[@]}" >/dev/null 2>&1 || return 0
		sleep 1
	done
	return 1
}

build_images
alone_begin
[ "$tap_failed" = 0 ] || done_testing
is "${user[postgres]} ${user[gateway]}" "postgres dittofs" "no image runs as root"
[ -z "$(find "${stage_root[gateway]}/usr/bin" -name 'cc' -o -name 'gcc*')" ]
ok $? "there is no compiler in the gateway's image"

# As compose.yaml has it: one password, in a file.
echo "a 'quoted' password" >"${stage_root[postgres]}/run/password"
variables[postgres]=DITTOFS_PASSWORD_FILE=/run/password
is "$(in_container postgres env -u DITTOFS_PASSWORD_FILE /usr/local/bin/start-postgres postgres 2>&1)" \
	"start-postgres: no password for the gateways: set DITTOFS_PASSWORD_FILE" \
	"a first start without a password says what is missing"
start postgres postgres
postgres=$started
healthy postgres
ok $? "postgres becomes healthy" || sed 's/^/# /' "$roots/postgres.log"
in_container postgres psql -XqAt -h /var/run/postgresql dittofs \
	-c "SELECT dittofs.alter_share('/export', squash => 'none')" >/dev/null
ok $? "it has a database with a share"
! grep -q quoted "$roots/postgres.log" &&
	! grep -qs quoted /proc/[0-9]*/cmdline
ok $? "the password is neither in a log nor in a process list"

cp "${stage_root[postgres]}/run/password" "${stage_root[gateway]}/run/password"
chmod 644 "${stage_root[gateway]}/run/password"
variables[gateway]=$(sed -nE '/^  secrets:/q; /^  environment:/,/^  [a-z_]+:/s/^    (DITTOFS_[A-Z_]+): (.*)/\1=\2/p' \
	"$top/docker/compose.yaml" | sed -e 's,/run/secrets/password,/run/password,' -e 's/=postgres$/=127.0.0.1/')
like "${variables[gateway]}" DITTOFS_METADATA_POSTGRES_PASSWORD_FILE "compose.yaml has the gateway's settings"
start gateway gateway
gateway=$started
healthy gateway
ok $? "the gateway becomes healthy" || sed 's/^/# /' "$roots/gateway.log"
DITTOFS_HOST=127.0.0.1 DITTOFS_PORTS=12049 "${alone[@]}" \
	"$top/test/gateway/build/steady" run docker 2 2 >"$roots/steady.log"
ok $? "clients work through it" || sed 's/^/# /' "$roots/steady.log" "$roots/gateway.log"

# The entry point has become the server: it gets the signal, and ends well.
kill -TERM "$gateway"
wait "$gateway"
is $? 0 "SIGTERM ends the gateway"
kill -INT "$postgres"
wait "$postgres"
is $? 0 "SIGINT ends postgres"
like "$(tail -n 2 "$roots/postgres.log")" "database system is shut down" "in order"
start postgres postgres-again
healthy postgres
ok $? "it starts again"
is "$(in_container postgres psql -XqAt -h /var/run/postgresql dittofs \
	-c "SELECT count(*) > 0 FROM dittofs.ls('/export')")" t "and has the files"

done_testing
