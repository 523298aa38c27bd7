# SPDX-License-Identifier: PostgreSQL
# test/packaging/lib.sh: Debian roots to install packages in.  For bash; sourced
# first, it runs the script again as root in mount and process namespaces of
# its own, so that whatever it mounts or starts ends with it.
# shellcheck shell=bash disable=SC2034
#
#	root_new NAME		a fresh Debian 12, as debootstrap makes it; sets $root
#	root_from NAME ROOT	a fresh copy of another root
#	in_root ROOT CMD...	runs CMD in it, with the machine's network
#	packages			makes the packages of the tree, once; sets $packages
#
# Roots are overlays over one that is kept in /var/tmp/dittofs-debootstrap/bookworm
# (remove it to have it made again); packages that apt downloads are kept
# beside it.

# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

cache=/var/tmp/dittofs-debootstrap
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

if [ "$PACKAGING_STAGE" != inside ]; then
	[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
	"$top/test/packages" build test deb packaging || exit 1
	death_signal=KILL
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	PACKAGING_STAGE=inside run_command unshare --mount --pid --fork \
		--kill-child --mount-proc bash "$(realpath "$0")" "$@"
	exit "$status"
fi
unset PACKAGING_STAGE

# One at a time: they share what apt downloads.
mkdir -p "$cache"
exec 6>"$cache/packaging.lock"
flock 6

roots=$(mktemp -d /var/tmp/dittofs-roots.XXXXXX) || exit 1
finish()
{
	local status=$? place

	trap '' INT TERM HUP
	[ "$(type -t at_end)" != function ] || at_end
	# The overlays' upper directories are in one file system of their own,
	# which goes with the last mount.
	awk -v r="$roots" 'index($2, r) == 1 {print $2}' /proc/mounts | sort -r |
		while read -r place; do umount -l "$place"; done
	rm -rf "$roots"
	exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

base()
{
	local log=$cache/bookworm.log

	mkdir -p "$cache/archives"
	exec 7>"$cache/bookworm.lock"
	flock 7
	if [ ! -e "$cache/bookworm" ]; then
		echo "# making $cache/bookworm, which takes a few minutes"
		rm -rf "$cache/bookworm.new"
		debootstrap --variant=minbase bookworm "$cache/bookworm.new" "$mirror" \
			>"$log" 2>&1 7>&- || {
			tail -n 5 "$log"
			die "debootstrap failed"
		}
		cat >"$cache/bookworm.new/etc/apt/sources.list" <<-END
			deb $mirror bookworm main
			deb $mirror bookworm-updates main
			deb ${mirror/%debian/debian-security} bookworm-security main
		END
		mv "$cache/bookworm.new" "$cache/bookworm"
	fi
	exec 7>&-
}

# root_from NAME LOWER
root_from()
{
	root=$roots/$1
	mkdir -p "$root" "$roots/upper/$1" "$roots/work/$1"
	mount -t overlay overlay "$root" \
		-o "lowerdir=$2,upperdir=$roots/upper/$1,workdir=$roots/work/$1" 2>/dev/null ||
		cp -a "$2/." "$root/" || die "cannot copy $2"
	mount -t proc proc "$root/proc"
	mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
	mount --bind "$cache/archives" "$root/var/cache/apt/archives" ||
		die "cannot mount the packages"
}

root_new()
{
	base
	root_from "$1" "$cache/bookworm"
}

clean_environment=(env -i HOME=/root LC_ALL=C.UTF-8
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)

in_root()
{
	chroot "$1" "${clean_environment[@]}" "${@:2}"
}

# alone_begin: sets $alone to a prefix that runs a command in a network of its
# own, with a loopback device and nothing else: a server there may have any port
alone_begin()
{
	[ -z "$network" ] || return 0
	unshare --net sleep infinity &
	network=$!
	alone=(nsenter -t "$network" -n)
	until [ "$(readlink /proc/$network/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do
		sleep 0.05
	done
	"${alone[@]}" ip link set lo up
}

packages()
{
	packages=$roots/packages
	[ -d "$packages" ] || DEB_DIR=$packages "$top/docker/deb/build"
}

#
# A machine: a root that user-mode-linux boots, with systemd and NFS.
#

# machine_new NAME: a root with what a server has: systemd, and what mounting
# takes.  Kept, since it takes a minute.
machine_new()
{
	base
	exec 7>"$cache/bookworm-machine.lock"
	flock 7
	if [ ! -e "$cache/bookworm-machine" ]; then
		rm -rf "$cache/bookworm-machine.new"
		cp -a "$cache/bookworm" "$cache/bookworm-machine.new"
		printf '#!/bin/sh\nexit 101\n' \
			>"$cache/bookworm-machine.new/usr/sbin/policy-rc.d"
		chmod +x "$cache/bookworm-machine.new/usr/sbin/policy-rc.d"
		in_root "$cache/bookworm-machine.new" sh -ec '
			apt-get -q update
			DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
				install systemd-sysv kmod iproute2 nfs-common
			apt-get clean
			rm /usr/sbin/policy-rc.d /etc/machine-id' \
			>"$cache/bookworm-machine.log" 2>&1 7>&- || {
			tail -n 5 "$cache/bookworm-machine.log"
			die "apt-get failed"
		}
		mkdir -p "$cache/bookworm-machine.new/lib/modules"
		cp -a /usr/lib/uml/modules/. "$cache/bookworm-machine.new/lib/modules/"
		mv "$cache/bookworm-machine.new" "$cache/bookworm-machine"
	fi
	exec 7>&-
	root_from "$1" "$cache/bookworm-machine"
}

# download ROOT PACKAGE...: what installing PACKAGEs will want, so that a machine
# without a network can do it; patterns are the root's
download()
{
	in_root "$1" sh -c "apt-get -q -y --download-only install ${*:2}" \
		>"$roots/download.log" 2>&1 || {
		cat "$roots/download.log"
		die "apt-get cannot download"
	}
}

# machine_run ROOT SCRIPT: boots a copy of ROOT, runs SCRIPT as the last of its
# services, in /srv/dittofs, and halts it.  SCRIPT's output comes
# out here; the status is its own, or 125 if the machine died.
machine_run()
{
	local image=$roots/image dir

	dir=$(mktemp -d "$roots/machine.XXXXXX")
	umount "$1/var/cache/apt/archives"
	cp "$cache"/archives/*.deb "$1/var/cache/apt/archives/"
	umount "$1/proc" "$1/dev/shm"
	mkdir -p "$1/srv/dittofs"
	cp "$2" "$1/srv/job"
	cat >"$1/srv/run" <<-END
		mkdir /host && mount -t hostfs none /host -o $dir || exit
		stty -opost </dev/console
		bash /srv/job 2>&1 | tee /host/output >/dev/console
		echo \${PIPESTATUS[0]} >/host/status
		sync
	END
	cat >"$1/etc/systemd/system/job.service" <<-END
		[Unit]
		After=postgresql.service
		[Service]
		Type=oneshot
		WorkingDirectory=/srv/dittofs
		Environment=HOME=/root
		ExecStart=/bin/bash /srv/run
		ExecStopPost=/bin/systemctl poweroff -f -f
	END
	# There is no network to wait for.
	ln -sf /dev/null "$1/etc/systemd/system/systemd-networkd-wait-online.service"
	mkdir -p "$1/etc/systemd/system/multi-user.target.wants"
	ln -sf ../job.service \
		"$1/etc/systemd/system/multi-user.target.wants/job.service"
	truncate -s 6G "$image"
	mkfs.ext4 -q -F -d "$1" "$image" || die "mkfs.ext4 failed"
	make -s -C "$top/test/kernel" || die "make in test/kernel failed"
	TMPDIR=/dev/shm timeout --kill-after=10 "${MACHINE_TIMEOUT:-1500}" \
		"$top/test/kernel/uml" mem=1536M \
		"ubd0=$image" root=/dev/ubda rw init=/sbin/init con=null \
		con0=fd:0,fd:1 "uml_dir=$dir" umid=uml quiet loglevel=3 \
		</dev/null >"$dir/console" 2>&1
	[ -s "$dir/status" ] || {
		echo "# the machine died, or took longer than ${MACHINE_TIMEOUT:-1500} s; its console:"
		sed 's/^/# /' "$dir/console"
		return 125
	}
	cat "$dir/output"
	return "$(<"$dir/status")"
}
