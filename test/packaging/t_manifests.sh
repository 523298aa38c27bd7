#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# What describes a deployment is well formed, and says the same in all places:
# YAML by yamllint, compose.yaml by docker-compose, Kubernetes' manifests by its
# own schemas, JSON by a parser, haproxy's and systemd's files by these.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"
cd "$top/docker" || exit 1

yamllint -d '{extends: default, rules: {line-length: disable, document-start: disable, braces: {max-spaces-inside: 0}, comments: {min-spaces-from-content: 1}, truthy: {level: error}}}' \
	compose.yaml s3.yaml ha/*.yml ha/*.yaml kubernetes deb/debian/dittofs.yaml >"$roots/log"
ok $? "yamllint" || sed 's/^/# /' "$roots/log"

echo x >"$roots/password"
for profile in postgres-backend s3-backend; do
	sed "s,\./password,$roots/password," compose.yaml >"$roots/compose.yaml"
	docker-compose -f "$roots/compose.yaml" --profile $profile config >"$roots/config" 2>&1
	ok $? "docker-compose config: profile $profile" || sed 's/^/# /' "$roots/config"
	gateway=gateway
	[ $profile = postgres-backend ] || gateway=s3-gateway
	for service in postgres ${gateway}1 ${gateway}2 balancer; do
		grep -q "^  $service:" "$roots/config"
		ok $? "it has $service"
	done
done

# The schemas come with a package of PyPI; it is run, no part of dittofs.
python3 -m venv "$roots/venv" && "$roots/venv/bin/pip" -q install kubernetes-validate==1.31.0 >"$roots/log" 2>&1
ok $? "kubernetes-validate is installed" || sed 's/^/# /' "$roots/log"
for file in kubernetes/*.yaml; do
	"$roots/venv/bin/kubernetes-validate" --strict "$file" >"$roots/log" 2>&1
	ok $? "$file, by Kubernetes' schemas" || sed 's/^/# /' "$roots/log"
done
is "$(sed -n 's/^  clusterIP: //p' kubernetes/balancer.yaml)" \
	"$(sed -n 's/^    server: //p' kubernetes/volume.yaml)" "the volume's server is the service's address"

# What makes the share for a cluster and for compose.yaml has its defaults from one place.
for variable in SQUASH MODE OWNER; do
	default=$(sed -n "s/^export DITTOFS_SHARE_$variable=.*:-\(.*\)}\$/\1/p" prepare-database)
	like "$(<compose.yaml)" "DITTOFS_SHARE_$variable: \\$\\{DITTOFS_SHARE_$variable:-$default\\}" "compose.yaml: DITTOFS_SHARE_$variable is $default"
	like "$(<kubernetes/share.yaml)" $'\n'"  DITTOFS_SHARE_$variable: \"?$default\"?"$'\n' "kubernetes/share.yaml, too"
	like "$(<README.md)" "\`DITTOFS_SHARE_$variable\` \| \`$default\`" "README.md says so"
done
for key in host database; do
	wanted=$(sed -n "s/^            $key: //p" kubernetes/gateway.yaml)
	like "$(<kubernetes/share.yaml)" "PG${key^^}, value: $wanted}" "share.yaml and gateway.yaml: one $key"
done
while read -r _ profile; do
	grep -q "profiles: .*$profile" compose.yaml
	ok $? "compose.yaml has its profile $profile"
done < <(grep -oE -- '--profile [a-z0-9-]+' README.md)

for file in pgxn/META.json grafana/*.json; do
	perl -MJSON::PP -e 'local $/; decode_json(<STDIN>)' <"$file"
	ok $? "$file is JSON"
done

LISTEN=127.0.0.1:12049 GATEWAY1=127.0.0.1:12050 HTTP1=12060 GATEWAY2=127.0.0.1:12051 HTTP2=12061 \
	PORTMAPPER=127.0.0.1:1111 PORTMAPPER1=127.0.0.1:1112 PORTMAPPER2=127.0.0.1:1113 \
	/usr/sbin/haproxy -c -f haproxy.cfg >"$roots/log" 2>&1
ok $? "haproxy -c" || sed 's/^/# /' "$roots/log"
sed -n '/^  haproxy.cfg: |/,/^---/s/^    //p' kubernetes/balancer.yaml >"$roots/haproxy.cfg"
/usr/sbin/haproxy -c -f "$roots/haproxy.cfg" >"$roots/log" 2>&1
ok $? "haproxy -c, of kubernetes/balancer.yaml" || sed 's/^/# /' "$roots/log"

# Clients are lost without any of these: what the gateways are told to expect is sent,
# by those they expect it from, whose name and ports are right.
for file in haproxy.cfg kubernetes/balancer.yaml; do
	like "$(sed 's/^[ \t]*//' $file)" $'\ndefault-server send-proxy-v2 ' "$file sends PROXY headers"
	like "$(sed 's/^[ \t]*//' $file)" $'\noption httpchk GET /readyz\n' "$file asks /readyz"
done
like "$(<kubernetes/gateway.yaml)" 'proxy_protocol: true' "kubernetes/gateway.yaml expects them"
like "$(<kubernetes/balancer.yaml)" "server-template gateway [0-9]+ $(sed -n 's/^  name: \(dittofs-gateways\)$/\1/p' kubernetes/gateway.yaml).dittofs.svc.cluster.local:12049 port 12050" \
	"kubernetes/balancer.yaml has the gateways' name and ports"
is "$(sed -n 's/^ *DITTOFS_ADAPTERS_NFS_PROXY_PROTOCOL_FROM: //p' compose.yaml)" \
	"$(sed -n 's/.*ipv4_address: \([0-9.]*\).*/\1/p' compose.yaml)" "compose.yaml: the gateways trust the balancer's address"
for variable in LISTEN GATEWAY1 GATEWAY2 HTTP1 HTTP2 PORTMAPPER PORTMAPPER1 PORTMAPPER2; do
	grep -q "^      $variable: " compose.yaml
	ok $? "compose.yaml sets haproxy's $variable"
done

# Locks: the portmapper's port is one, from the gateway to the service, and what it tells is
# the service's port of NFS.
port=$(sed -n 's/^ *portmapper: {enabled: true, port: \([0-9]*\), advertise_port: [0-9]*}$/\1/p' kubernetes/gateway.yaml)
like "$(<kubernetes/gateway.yaml)" "\{name: portmapper, containerPort: $port\}" "kubernetes/gateway.yaml: the container has the portmapper's port"
like "$(<kubernetes/gateway.yaml)" $'\n        - \\{port: portmapper\\}\n' "and the policy admits to it"
like "$(<kubernetes/balancer.yaml)" "dittofs.svc.cluster.local:$port port 12050" "kubernetes/balancer.yaml asks that port"
like "$(<kubernetes/balancer.yaml)" '\{name: portmapper, port: 111, targetPort: portmapper\}' "the service has it as port 111"
is "$(sed -n 's/.*advertise_port: \([0-9]*\)}$/\1/p' kubernetes/gateway.yaml)" \
	"$(sed -n 's/^ *- {name: nfs, port: \([0-9]*\), targetPort: nfs}$/\1/p' kubernetes/balancer.yaml)" "and gateways tell its port of NFS"
port=$(sed -n 's/^ *DITTOFS_ADAPTERS_NFS_PORTMAPPER_PORT: //p' compose.yaml)
is "$(grep -c "^      PORTMAPPER[12]*: .*:$port\"*\$" compose.yaml)" 3 "compose.yaml: haproxy knows the portmapper's port"

# The gateway's own files, by the gateway
make -s -C "$top/gateway" >/dev/null || exit 1
sed -n '/^  dittofs.yaml: |/,/^---/s/^    //p' kubernetes/gateway.yaml >"$roots/kubernetes.yaml"
for file in deb/debian/dittofs.yaml ha/gateway.yaml s3.yaml "$roots/kubernetes.yaml"; do
	sed "s,^\( *[a-z_]*_file: \).*,\1$roots/password," "$file" >"$roots/checked.yaml"
	"$top/gateway/dittofs" check --config "$roots/checked.yaml" >"$roots/log" 2>&1
	like "$(<"$roots/log")" "ok  *configuration:" "$(basename "$file"): dittofs check knows every key" ||
		sed 's/^/# /' "$roots/log"
done

done_testing
