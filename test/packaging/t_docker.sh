#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# docker/README.md, word for word, without an engine and without a cluster: the
# Dockerfile's instructions are carried out in Debian roots, and on a machine with
# a kernel of its own, where test/packaging/engine stands in for docker and kubectl,
# every command of the page is run in its order.  What clients write is there
# for others.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

declare -A stage_root workdir user entrypoint command health volumes stop_signal labels
context=$roots/context
mkdir "$context"
git -C "$top" ls-files -z --cached --others --exclude-standard |
	tar -C "$top" --null --ignore-failed-read -T - -c 2>/dev/null |
	tar -C "$context" -x --no-same-owner

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
			VOLUME) volumes[$stage]=\"$arguments\" ;;
			STOPSIGNAL) stop_signal[$stage]=$arguments ;;
			LABEL) labels[$stage]=$arguments ;;
			EXPOSE) ;;
			*) ok 1 "an instruction that this test does not know: $instruction" ;;
		esac
	done < <(instructions "$top/docker/Dockerfile")
}

# image NAME ROOT CONFIG: an image as the engine of the machine wants it, _ for :
image()
{
	mkdir -p "$root/srv/images/$1"
	cp -ax "$2" "$root/srv/images/$1/root" || die "cannot copy image $1"
	echo "$3" >"$root/srv/images/$1/config.json"
}

[ "$(documented docker/README.md | wc -l)" -ge 15 ]
ok $? "docker/README.md has commands to run"
build_images
[ "$tap_failed" = 0 ] || done_testing
is "${user[postgres]} ${user[gateway]}" "postgres dittofs" "no image runs as root"
[ -z "$(find "${stage_root[gateway]}/usr/bin" -name 'cc' -o -name 'gcc*')" ]
ok $? "there is no compiler in the gateway's image"
for stage in postgres gateway; do
	cmp "$top/LICENSE" "${stage_root[$stage]}/licenses/LICENSE"
	ok $? "$stage has the licence"
	like "${labels[$stage]}" 'org.opencontainers.image.licenses=PostgreSQL' "and names it"
done
is "$(in_root "${stage_root[postgres]}" /usr/local/bin/start-postgres postgres 2>&1)" \
	"prepare-database: no password for the gateways: set DITTOFS_PASSWORD_FILE" \
	"a first start without a password says what is missing"
is "$(in_root "${stage_root[postgres]}" env DITTOFS_PASSWORD=x DITTOFS_SHARE_OWNER=me /usr/local/bin/start-postgres postgres 2>&1)" \
	"prepare-database: DITTOFS_SHARE_OWNER is \"me\": set it to UID:GID, as 1000:1000" \
	"and one with a name for an owner"

# What compose.yaml and the manifests take from elsewhere.  That of haproxy runs
# as this user, in the foreground.
root_new docker-haproxy
haproxy=$root
in_root "$haproxy" sh -c 'apt-get -q update &&
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install haproxy &&
	mkdir -p /usr/local/etc/haproxy' >"$roots/log" 2>&1
ok $? "haproxy" || sed 's/^/# /' "$roots/log"
machine_new docker
in_root "$root" sh -c 'apt-get -q update &&
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install python3-yaml netbase' >"$roots/log" 2>&1
ok $? "what the engine of the machine takes" || sed 's/^/# /' "$roots/log"
for stage in postgres gateway; do
	image $stage "${stage_root[$stage]}" "{\"user\": \"${user[$stage]}\",
		\"entrypoint\": ${entrypoint[$stage]}, \"command\": ${command[$stage]}, \"health\": ${health[$stage]},
		\"signal\": \"${stop_signal[$stage]}\", \"volumes\": [${volumes[$stage]}]}"
done
image haproxy_2.6-bookworm "$haproxy" \
	'{"user": "haproxy", "command": ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]}'
image debian_bookworm-slim "$cache/bookworm" '{"user": "root", "command": ["bash"]}'
mkdir -p "$root/srv/dittofs"
cp -a "$top/docker" "$top/LICENSE" "$root/srv/dittofs/"
rm -f "$root/srv/dittofs/docker/password"
cp "$top/test/packaging/engine" "$root/usr/local/bin/docker"
ln -s docker "$root/usr/local/bin/kubectl"

{
	sed -n '/^# TAP$/,$p' "$top/test/lib.sh"
	echo "tap_count=$tap_count tap_failed=$tap_failed"
	cat <<-'END'
		export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		psql()
		{
			docker exec "$1" psql -XqAt dittofs -c "$2"
		}
		logs()
		{
			for log in /srv/engine/*.log /srv/engine/containers/*/log; do
				echo "# $log"
				tail -n 15 "$log" | sed 's/^/#   /'
			done
		}
		# run COMMAND: of the page
		run()
		{
			bash -c "$1" >output 2>&1
			ok $? "$1" || { sed 's/^/# /' output; logs; done_testing; }
		}
		# Seen of the share by another client than the one at /mnt
		second()
		{
			mkdir -p /second
			mount -t nfs -o nosharecache,nfsvers=3,tcp,nolock,mountproto=tcp,"$1" "$2" /second
		}
		compose_is_up()
		{
			is "$(psql postgres "SELECT name, squash FROM dittofs.list_shares()")" "/export|none" \
				"the database has a share"
			! grep -q some-password /srv/engine/containers/*/log && ! grep -qs some-password /proc/[0-9]*/cmdline
			ok $? "the password is neither in a log nor in a process list"
		}
		compose_is_used()
		{
			like "$(<output)" 'hello *\| *13 \| *0' "the file is in the database, and root's"
			second port=12049,mountport=12049 127.0.0.1:/export
			is "$(cat /second/hello)" "a first file" "another client reads it"
			install -d -o 1000 -g 1000 /second/home &&
				setpriv --reuid 1000 --regid 1000 --clear-groups sh -c 'echo mine >/second/home/file'
			ok $? "root there gives a directory to a user, who writes to it"
			is "$(stat -c %u:%g /mnt/home/file) $(cat /mnt/home/file)" "1000:1000 mine" "and the first client sees that"
			umount /second
			is "$(psql postgres "SELECT * FROM dittofs.fsck()")" "" "fsck finds nothing"
		}
		compose_is_down()
		{
			for name in postgres gateway1 gateway2; do
				like "$(<output)" "$name ended with status 0" "$name ends in order"
			done
			like "$(tail -n 2 /srv/engine/postgres.log)" "database system is shut down" "the database, too"
			run "docker compose -f docker/compose.yaml --profile postgres-backend up --wait"
			is "$(psql postgres "SELECT count(*) > 0 FROM dittofs.ls('/export')")" t "it starts again, and has the files"
			docker compose -f docker/compose.yaml --profile postgres-backend down >/dev/null
		}
		# The database that a cluster is said to have: in it nothing is prepared.
		database()
		{
			docker run postgres.database.svc DITTOFS_DATABASE=another DITTOFS_SHARE= DITTOFS_PASSWORD=another dittofs-postgres:0.1 \
				postgres -c ssl=on -c ssl_cert_file=/etc/ssl/certs/ssl-cert-snakeoil.pem \
				-c ssl_key_file=/etc/ssl/private/ssl-cert-snakeoil.key &&
				docker exec postgres.database.svc createdb dittofs &&
				psql postgres.database.svc "ALTER ROLE postgres PASSWORD 'super'"
			ok $? "a database for the cluster" || logs
		}
		cluster_is_up()
		{
			like "$(<output)" : "the pod has written: $(<output)"
			second port=2049,mountport=2049 10.96.12.49:/export
			like "$(tail -n 1 /second/log)" : "another client reads it"
			umount /second
			is "$(psql postgres.database.svc "SELECT name, squash FROM dittofs.list_shares()")" "/export|none" "there is the share"
			is "$(psql postgres.database.svc "SELECT uid, mode FROM dittofs.stat('/export')")" "0|0755" "with the owner and the mode of its variables"
			is "$(prepare DITTOFS_SHARE_SQUASH=all)$(psql postgres.database.svc "SELECT squash FROM dittofs.list_shares()")" none \
				"prepare-database leaves a share alone that is there"
			prepare DITTOFS_SHARE=/owned DITTOFS_SHARE_SQUASH=root DITTOFS_SHARE_OWNER=1000:100 DITTOFS_SHARE_MODE=2775 >/dev/null
			is "$(psql postgres.database.svc "SELECT squash, uid, gid, s.mode FROM dittofs.list_shares(), dittofs.stat(name) s WHERE name = '/owned'")" \
				"root|1000|100|2775" "and makes another by its variables"
			is "$(psql postgres.database.svc "SELECT * FROM dittofs.fsck()")" "" "fsck finds nothing"
		}
		prepare()
		{
			docker exec postgres.database.svc env PGDATABASE=dittofs DITTOFS_PASSWORD="a 'quoted' password" "$@" prepare-database 2>&1
		}
	END
	documented docker/README.md | while read -r command; do
		case $command in
			'kubectl create namespace'*) echo database ;;
		esac
		# The page says what these two words stand for.
		command=${command/=SUPERUSER_PASSWORD/=super}
		command=${command/=PASSWORD/=\"a \'quoted\' password\"}
		printf 'run %q\n' "$command"
		case $command in
			*up\ --wait) echo compose_is_up ;;
			*exec\ postgres*) echo compose_is_used ;;
			*down) echo compose_is_down ;;
			*exec\ writer*) echo cluster_is_up ;;
		esac
	done
	echo 'logs >/host/logs'
	echo done_testing
} >"$roots/job"
tap=$(machine_run "$root" "$roots/job")
status=$?
echo "$tap"
[ $status != 125 ] || ok 1 "the machine comes to its end" || echo "1..$tap_count"
exit $status
