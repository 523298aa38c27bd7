#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The README's installation, word for word, on a fresh Debian 12 with systemd
# and a kernel of its own: packages, database, share, service, mount.  And what
# follows on such a machine: restarts, an upgrade, removal.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

[ "$(documented README.md | wc -l)" -ge 8 ]
ok $? "README.md has commands to run"
packages >"$roots/deb.log" 2>&1
ok $? "make deb" || sed 's/^/# /' "$roots/deb.log"
machine_new quickstart
mkdir -p "$root/srv/dittofs/build/deb" && cp "$packages"/*.deb "$root/srv/dittofs/build/deb/"
# What a person answers with yes; and what keeps a slow machine from doing more
# than it must.
cat >"$root/etc/apt/apt.conf.d/dittofs" <<-END
	APT::Get::Assume-Yes "true";
	APT::Install-Recommends "false";
END
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/dittofs"
download "$root" '/srv/dittofs/build/deb/postgresql-15-dittofs_*.deb /srv/dittofs/build/deb/dittofs-gateway_*.deb'

{
	sed -n '/^# TAP$/,$p' "$top/test/lib.sh"
	echo "tap_count=$tap_count tap_failed=$tap_failed"
	cat <<-'END'
		export DEBIAN_FRONTEND=noninteractive
		psql()
		{
			runuser -u postgres -- psql -XqAt dittofs -c "$1"
		}
	END
	documented README.md | while read -r command; do
		printf 'command=%q\n' "$command"
		# shellcheck disable=SC2016
		echo 'bash -c "$command" >output 2>&1
			ok $? "$command" || { sed "s/^/# /" output; journalctl -b --no-pager -u dittofs-gateway | tail -n 20 | sed "s/^/# /"; }'
	done
	cat <<-'END'
		like "$(tail -n 3 output)" 'hello *\| *13 ' "the file is in the database"
		is "$(stat -f -c %T /mnt)" nfs "/mnt is NFS"

		cp -r /usr/share/doc /mnt/doc && diff -r /usr/share/doc /mnt/doc >output 2>&1
		ok $? "files are copied and compared" || sed 's/^/# /' output

		# What the unit promises
		systemd-analyze verify --man=no /lib/systemd/system/dittofs-gateway.service >output 2>&1
		ok $? "systemd-analyze verify" || sed 's/^/# /' output
		systemd-analyze security --threshold=20 dittofs-gateway.service >output 2>&1
		ok $? "systemd-analyze security: below 2.0 of 10" || tail -n 3 output
		pid=$(systemctl show -p MainPID --value dittofs-gateway)
		is "$(stat -c %U "/proc/$pid")" dittofs "the gateway runs as dittofs"
		is "$(sed -n 's/^CapEff:\t//p' "/proc/$pid/status")" 0000000000000000 "without any capability"
		is "$(sed -n 's/^Seccomp:\t//p' "/proc/$pid/status")" 2 "and with few system calls"
		is "$(stat -c '%a %U:%G' /etc/dittofs/dittofs.yaml)" "640 root:dittofs" "its settings are not for everybody"

		# The journal has the priorities, and the words without them.
		journalctl --sync
		like "$(journalctl -b --no-pager -o cat -u dittofs-gateway -p 6..6)" "main dittofs [^<]*: NFS and MOUNT version 3 on" \
			"the journal has what the gateway says of a day at priority info"

		# The mount outlives what happens to the servers.
		systemctl reload dittofs-gateway
		ok $? "systemctl reload"
		systemctl restart dittofs-gateway
		is "$(cat /mnt/hello)" "a first file" "systemctl restart, and the client goes on"
		systemctl status dittofs-gateway >output 2>&1
		ok $? "systemctl status" || sed 's/^/# /' output
		pid=$(systemctl show -p MainPID --value dittofs-gateway)
		kill -KILL "$pid"
		echo again >/mnt/again
		ok $? "a gateway that was killed is started again, and the client goes on"
		systemctl restart postgresql@15-main
		is "$(cat /mnt/again)" again "so is the database"
		journalctl --sync
		like "$(journalctl -b --no-pager -o cat -u dittofs-gateway -p 4..4)" "w[0-9]+ PostgreSQL: " \
			"and what went wrong meanwhile is there at priority warning"
		apt-get install --reinstall ./build/deb/*-15-dittofs_*.deb ./build/deb/dittofs-gateway_*.deb >output 2>&1
		ok $? "the packages are installed again" || sed 's/^/# /' output
		systemctl is-active --quiet dittofs-gateway
		ok $? "the gateway runs after it"
		[ "$(systemctl show -p MainPID --value dittofs-gateway)" != "$pid" ]
		ok $? "as a new process"
		is "$(cat /mnt/hello)" "a first file" "and the client goes on"
		umount /mnt
		ok $? "umount"
		psql "SELECT * FROM dittofs.fsck()" >output
		is "$(<output)" "" "fsck finds nothing"

		apt-get purge dittofs-gateway postgresql-15-dittofs >output 2>&1
		ok $? "the packages are removed" || sed 's/^/# /' output
		[ ! -e /usr/bin/dittofs ] && [ ! -e /etc/dittofs ] && ! systemctl is-active --quiet dittofs-gateway
		ok $? "and nothing of them is left"
		is "$(psql "SELECT count(*) > 2 FROM dittofs.files")" t "but the files"
		done_testing
	END
} >"$roots/job"
machine_run "$root" "$roots/job"
exit $?
