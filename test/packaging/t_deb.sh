#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The Debian packages: built twice, the same bytes; clean by lintian; built with
# what test/packages names; at the version of everything else.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

packages >"$roots/log" 2>&1
ok $? "make deb, lintian included" || sed 's/^/# /' "$roots/log"
mv "$packages" "$roots/first"
packages >"$roots/log" 2>&1
ok $? "once more"
for file in "$roots"/first/*.deb; do
	cmp "$file" "$packages/$(basename "$file")"
	ok $? "the same bytes: $(basename "$file")"
done

# What test/packages installs for building, but for what every build has and the
# server that tests start
control=$top/docker/deb/debian/control
missing=
while read -r package _; do
	grep -q "^ $package,\$" "$control" || missing="$missing $package"
done < <(sed -n '/^packages()/,/EOF$/p' "$top/test/packages" |
	awk '$2 == "build" && $1 !~ /^(gcc|libc6-dev|make|postgresql-15)$/')
is "$missing" "" "Build-Depends has what building needs"

version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$top/extension/dittofs.control")
is "$(dpkg-deb -f "$packages"/dittofs-gateway_*.deb Version)" "$version" "the version of the packages"
is "$(dpkg-deb --fsys-tarfile "$packages"/dittofs-gateway_*.deb |
	tar -xO ./usr/bin/dittofs >"$roots/dittofs"; chmod +x "$roots/dittofs"; "$roots/dittofs" version)" \
	"dittofs $version" "of the program"
like "$(<"$top/docker/pgxn/META.json")" "\"version\": \"$version(\.0)?\"," "of META.json"
like "$(<"$top/docker/kubernetes/gateway.yaml")" "image: dittofs-gateway:$version" "of the image in Kubernetes"
like "$(<"$top/docker/kubernetes/share.yaml")" "image: dittofs-postgres:$version" "of the other"
like "$(<"$top/docker/README.md")" "-t dittofs-postgres:$version .*-t dittofs-gateway:$version " "of both in the page"

done_testing
