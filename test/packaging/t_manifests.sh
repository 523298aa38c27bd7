#!/bin/bash
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
is "$(sed -n 's/^  clusterIP: //p' kubernetes/gateway.yaml)" \
	"$(sed -n 's/^    server: //p' kubernetes/volume.yaml)" "the volume's server is the service's address"


# What README.md has the operator type has the names that the manifests want.
namespace=$(sed -n 's/^  namespace: //p' kubernetes/gateway.yaml | sort -u)
secret=$(sed -n 's/.*secretName: \([a-z-]*\).*/\1/p' kubernetes/gateway.yaml)
key=$(sed -n 's,.*password_file: /run/secrets/database/,,p' kubernetes/gateway.yaml)
is "$(grep '^    kubectl' README.md)" "    kubectl create namespace $namespace
    kubectl -n $namespace create secret generic $secret --from-literal=$key=…
    kubectl apply -f docker/kubernetes/" "namespace, secret and its key are those of README.md"
while read -r _ profile; do
	grep -q "profiles: .*$profile" compose.yaml
	ok $? "compose.yaml has its profile $profile"
done < <(grep -oE -- '--profile [a-z0-9-]+' README.md)

for file in pgxn/META.json grafana/*.json; do
	perl -MJSON::PP -e 'local $/; decode_json(<STDIN>)' <"$file"
	ok $? "$file is JSON"
done

LISTEN=127.0.0.1:12049 GATEWAY1=127.0.0.1:12050 GATEWAY2=127.0.0.1:12051 /usr/sbin/haproxy -c -f haproxy.cfg >"$roots/log" 2>&1
ok $? "haproxy -c" || sed 's/^/# /' "$roots/log"
for variable in LISTEN GATEWAY1 GATEWAY2; do
	grep -q "^      $variable: " compose.yaml
	ok $? "compose.yaml sets haproxy's $variable"
done

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
