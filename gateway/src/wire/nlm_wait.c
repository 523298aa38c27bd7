/* SPDX-License-Identifier: PostgreSQL */
/*
 * nlm_wait.c
 *	  Bytes that the database keeps for NLM: see nlm_wait.h.
 */
#include "wire/nlm_wait.h"
#include "base/log.h"
#include "db/row.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

/*
 * The form: the local address behind a byte of its length, which the extension
 * looks at, too; a byte each of the form's number, of NLM's version and of the
 * transport; handle and caller_name, each behind 2 bytes of its length.
 */
#define WAIT_FORM 1
#define WAIT_PART_MAX 1000		/* so that two of them fit */
#define IPV4_LEN 4
#define IPV6_LEN 16

_Static_assert((1 + IPV6_LEN) + 3 + 2 * (2 + WAIT_PART_MAX) <= NLM_WAIT_MAX,
			   "wait bytes");

#define SVID_LEN 4

static char *
put_part(char *at, struct bytes part)
{
	*at++ = (char) (part.size >> 8);
	*at++ = (char) part.size;
	if (part.size > 0)
		memcpy(at, part.data, part.size);
	return at + part.size;
}

/* A name that is too long is cut: clients do not look at it. */
static struct bytes
shortened(struct bytes part)
{
	if (part.size > WAIT_PART_MAX)
		part.size = WAIT_PART_MAX;
	return part;
}

struct bytes
nlm_wait_encode(struct region *region, const struct nlm_wait *wait)
{
	struct bytes local = {(const char *) wait->local.address,
		wait->local.family == AF_INET ? IPV4_LEN :
	wait->local.family == AF_INET6 ? IPV6_LEN : 0};
	struct bytes handle = shortened(wait->handle);
	struct bytes name = shortened(wait->caller_name);
	char	   *start = region_alloc(region, 1 + local.size + 3 +
									 2 + handle.size + 2 + name.size);
	char	   *at = start;

	*at++ = (char) local.size;
	memcpy(at, local.data, local.size);
	at += local.size;
	*at++ = WAIT_FORM;
	*at++ = (char) wait->version;
	*at++ = (char) wait->transport;
	at = put_part(at, handle);
	at = put_part(at, name);
	return (struct bytes) {start, (uint32_t) (at - start)};
}

static struct bytes
take_part(struct bytes_reader *in)
{
	uint32_t	size = (uint32_t) take_uint8(in) << 8;

	size |= take_uint8(in);
	return (struct bytes) {(const char *) take_bytes(in, size), size};
}

static bool
take_local(struct bytes_reader *in, struct peer *local)
{
	struct bytes address = {NULL, take_uint8(in)};
	_Alignas(8) uint8_t aligned[IPV6_LEN];

	address.data = (const char *) take_bytes(in, address.size);
	memset(local, 0, sizeof(*local));
	if (in->ok && (address.size == IPV4_LEN || address.size == IPV6_LEN))
	{
		memcpy(aligned, address.data, address.size);
		peer_set(local, address.size == IPV4_LEN ? AF_INET : AF_INET6, aligned,
				 0);
	}
	return local->family != 0 || address.size == 0;
}

bool
nlm_wait_decode(struct bytes bytes, struct nlm_wait *wait)
{
	const unsigned char *start = (const unsigned char *) bytes.data;
	struct bytes_reader in = {start, start, start != NULL};

	if (start != NULL)
		in.end = start + bytes.size;
	if (!take_local(&in, &wait->local) || take_uint8(&in) != WAIT_FORM)
		return false;
	wait->version = take_uint8(&in);
	wait->transport = take_uint8(&in);
	wait->handle = take_part(&in);
	wait->caller_name = take_part(&in);
	return in.ok && in.at == in.end &&
		(wait->version == 1 || wait->version == 3 || wait->version == 4) &&
		(wait->transport == NLM_BY_TCP || wait->transport == NLM_BY_UDP);
}

struct bytes
nlm_owner_encode(struct region *region, uint32_t svid, struct bytes oh)
{
	unsigned char *owner = region_alloc(region, SVID_LEN + oh.size);

	owner[0] = (unsigned char) (svid >> 24);
	owner[1] = (unsigned char) (svid >> 16);
	owner[2] = (unsigned char) (svid >> 8);
	owner[3] = (unsigned char) svid;
	if (oh.size > 0)
		memcpy(owner + SVID_LEN, oh.data, oh.size);
	return (struct bytes) {(const char *) owner, SVID_LEN + oh.size};
}

bool
nlm_owner_decode(struct bytes owner, uint32_t *svid, struct bytes *oh)
{
	const unsigned char *start = (const unsigned char *) owner.data;
	struct bytes_reader in = {start, start, start != NULL};

	if (start != NULL)
		in.end = start + owner.size;
	*svid = take_uint32(&in);
	*oh = (struct bytes) {"", 0};
	if (!in.ok)
		return false;
	oh->data = (const char *) in.at;
	oh->size = owner.size - SVID_LEN;
	return true;
}

/*
 * The cookie: a byte of the store, 8 of the grant, the first 16 of an HMAC of
 * both and the client's address.
 */
#define COOKIE_TEXT 9
#define COOKIE_CODE (NLM_GRANT_COOKIE_LEN - COOKIE_TEXT)
#define KEY_LEN 32

static unsigned char key[KEY_LEN];
static pthread_once_t key_made = PTHREAD_ONCE_INIT;

static void
make_key(void)
{
	if (getrandom(key, sizeof(key), 0) != (ssize_t) sizeof(key))
		fatal("the system has no random numbers");
}

static void
make_code(const char *text, const struct peer *peer,
		  unsigned char code[EVP_MAX_MD_SIZE])
{
	unsigned char what[COOKIE_TEXT + 1 + sizeof(peer->address)];

	(void) pthread_once(&key_made, make_key);
	memcpy(what, text, COOKIE_TEXT);
	what[COOKIE_TEXT] = (unsigned char) peer->family;
	memcpy(what + COOKIE_TEXT + 1, peer->address, sizeof(peer->address));
	if (HMAC(EVP_sha256(), key, sizeof(key), what, sizeof(what), code,
			 NULL) == NULL)
		fatal("HMAC failed");
}

struct nlm_grant_cookie
nlm_grant_cookie_make(int store, int64_t grant, const struct peer *peer)
{
	struct nlm_grant_cookie cookie;
	unsigned char code[EVP_MAX_MD_SIZE];

	cookie.data[0] = (char) store;
	for (int i = 0; i < 8; i++)
		cookie.data[1 + i] = (char) ((uint64_t) grant >> (56 - 8 * i));
	make_code(cookie.data, peer, code);
	memcpy(cookie.data + COOKIE_TEXT, code, COOKIE_CODE);
	return cookie;
}

bool
nlm_grant_cookie_read(struct bytes cookie, const struct peer *peer,
					  int *store, int64_t *grant)
{
	const unsigned char *start = (const unsigned char *) cookie.data;
	struct bytes_reader in = {start, start, true};
	unsigned char code[EVP_MAX_MD_SIZE];

	if (cookie.size != NLM_GRANT_COOKIE_LEN)
		return false;
	make_code(cookie.data, peer, code);
	if (CRYPTO_memcmp(cookie.data + COOKIE_TEXT, code, COOKIE_CODE) != 0)
		return false;
	in.end = start + COOKIE_TEXT;
	*store = take_uint8(&in);
	*grant = (int64_t) take_uint64(&in);
	return true;
}
