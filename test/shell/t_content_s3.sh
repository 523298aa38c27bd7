#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# S3 over TLS: the certificate is verified, and a listing of several pages finds
# what the database does not know.

# shellcheck source=../lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/../lib.sh"

if [ -z "$INSIDE" ]; then
	INSIDE=yes exec "$top/test/with-gateway" bash "$0"
fi
# shellcheck disable=SC2034
bound=yes
keys=$DITTOFS_RUN/keys
mkdir "$keys"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=dittofs-test \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$keys/key" -out "$keys/cert" \
	2>/dev/null || die "openssl cannot make a certificate"
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1,
	LocalAddr => "127.0.0.1")->sockport')
s3_environment
s3_start "$port" --key "$keys/key" --cert "$keys/cert" || die "no S3 server"
trap s3_stop EXIT
psql -Xq -c "SELECT dittofs.create_content_store('tls', 's3')" >/dev/null

# collect KEYS: of the store, beside those it has to have
collect()
{
	"$DITTOFS_RUN/gateway" gc --orphans 0 --conninfo user=dittofs_gateway --content-store \
		"name=tls,type=s3,bucket=content,prefix=p/q,endpoint=https://127.0.0.1:$port$1" 2>&1
}

out=$(collect)
is "$?" 2 "a certificate that nobody vouches for is not accepted"
like "$out" "certificate" "and the message says so"
out=$(collect ",ca_file=$keys/cert")
is "$?" 0 "one that ca_file vouches for is"
out=$(AWS_ACCESS_KEY_ID=wrong collect ",ca_file=$keys/cert")
is "$?" 2 "a wrong key is refused"
like "$out" "InvalidAccessKeyId.*credentials" "and the message says what to look at"

# More than a page of objects that are blocks, and some that are not
for ((n = 0; n < 1020; n++)); do
	hash=$(printf '%064x' $((n * 7919 + 1)))
	echo "url = https://127.0.0.1:$port/content/p/q/${hash:0:2}/${hash:2:2}/$hash"
	echo "upload-file = $keys/cert"
done >"$keys/config"
for name in README p/q/zz p/q/00/00/short; do
	echo "url = https://127.0.0.1:$port/content/$name"
	echo "upload-file = $keys/cert"
done >>"$keys/config"
curl -sS --cacert "$keys/cert" --aws-sigv4 aws:amz:us-east-1:s3 -u S3RVER:S3RVER \
	-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -K "$keys/config" >/dev/null || die "curl failed"
sleep 1.1
out=$(collect ",ca_file=$keys/cert")
like "$out" "has not been used yet" "a store that was never used has no garbage"
is "$(find "$DITTOFS_RUN/s3" -name '*object' | wc -l)" 1023 "and nothing of it is deleted"
psql -XqAt -c "SELECT format(E'store %s\nowner %s\nticket %s', store_uuid, owner_uuid, ticket)
	FROM dittofs.content_store_marks" >"$keys/marker"
curl -sS --cacert "$keys/cert" --aws-sigv4 aws:amz:us-east-1:s3 -u S3RVER:S3RVER \
	-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -T "$keys/marker" \
	"https://127.0.0.1:$port/content/p/q/.dittofs-store" >/dev/null || die "curl failed"
psql -Xq -c "UPDATE dittofs.content_store_marks SET marked_at = now()"
out=$(collect ",ca_file=$keys/cert")
like "$out" ", 1020 that the database did not know" "objects that the database does not know are found and deleted"
is "$(find "$DITTOFS_RUN/s3" -name '*object' | wc -l)" 4 "all of them, and nothing else"
done_testing
