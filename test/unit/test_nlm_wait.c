/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nlm_wait.c
 *	  What the database keeps of a LOCK that waits, owners, cookies of GRANTED.
 */
#include "unit.h"

#include "wire/nlm_wait.h"

static struct region region;
static char memory[256];

static struct bytes
text(const char *string)
{
	return (struct bytes) {string, (uint32_t) strlen(string)};
}

static void
assert_bytes(struct bytes got, struct bytes want)
{
	assert_int_equal(got.size, want.size);
	assert_memory_equal(got.data, want.data, want.size);
}

static void
test_wait(void **state)
{
	static const uint32_t versions[] = {1, 3, 4};

	(void) state;
	for (int i = 0; i < 6; i++)
	{
		struct nlm_wait wait = {
			.version = versions[i % 3],
			.transport = i < 3 ? NLM_BY_TCP : NLM_BY_UDP,
			.handle = text("a handle of some bytes"),
			.caller_name = text(i % 2 ? "client.example" : ""),
		};
		struct nlm_wait got;
		struct bytes bytes;

		if (i % 3 > 0)
			peer_set(&wait.local, i % 3 == 1 ? AF_INET : AF_INET6,
					 "\12\1\2\3sixteen bytes", 0);
		bytes = nlm_wait_encode(&region, &wait);
		assert_true(nlm_wait_decode(bytes, &got));
		assert_int_equal(got.local.family, wait.local.family);
		assert_memory_equal(got.local.address, wait.local.address, 16);
		assert_int_equal(got.version, wait.version);
		assert_int_equal(got.transport, wait.transport);
		assert_bytes(got.handle, wait.handle);
		assert_bytes(got.caller_name, wait.caller_name);
		region_reset(&region);
	}
}

/* The bytes themselves: a gateway of another version reads them. */
static void
test_wait_form(void **state)
{
	static const char form[] = "\4\12\1\2\3\1\4\2\0\3abc\0\2me";
	struct nlm_wait wait = {
		.version = 4,
		.transport = NLM_BY_UDP,
		.handle = text("abc"),
		.caller_name = text("me"),
	};

	(void) state;
	peer_set(&wait.local, AF_INET, "\12\1\2\3", 2049);
	assert_bytes(nlm_wait_encode(&region, &wait),
				 (struct bytes) {form, sizeof(form) - 1});
	region_reset(&region);
}

static void
test_wait_longest(void **state)
{
	static char name[1024];
	static char handle[64];
	struct nlm_wait wait = {
		.version = 4,
		.transport = NLM_BY_TCP,
		.handle = {handle, sizeof(handle)},
		.caller_name = {name, sizeof(name)},
	};
	struct nlm_wait got;
	struct bytes bytes;

	(void) state;
	memset(name, 'n', sizeof(name));
	peer_set(&wait.local, AF_INET6, "sixteen bytes...", 0);
	bytes = nlm_wait_encode(&region, &wait);
	assert_true(bytes.size <= NLM_WAIT_MAX);
	assert_true(nlm_wait_decode(bytes, &got));
	assert_int_equal(got.handle.size, sizeof(handle));
	assert_int_equal(got.caller_name.size, 1000);
	region_reset(&region);
}

/* Each byte more or less, and each number that has no meaning. */
static void
test_wait_refused(void **state)
{
	struct nlm_wait wait = {
		.version = 4,
		.transport = NLM_BY_TCP,
		.handle = text("handle"),
		.caller_name = text("name"),
	};
	struct bytes bytes = nlm_wait_encode(&region, &wait);
	struct nlm_wait got;
	char	   *copy;

	(void) state;
	assert_false(nlm_wait_decode((struct bytes) {NULL, 0}, &got));
	for (uint32_t size = 0; size < bytes.size; size++)
	{
		copy = malloc(size + 1);
		memcpy(copy, bytes.data, size);
		assert_false(nlm_wait_decode((struct bytes) {copy, size}, &got));
		free(copy);
	}
	copy = calloc(1, bytes.size + 1);
	memcpy(copy, bytes.data, bytes.size);
	assert_false(nlm_wait_decode((struct bytes) {copy, bytes.size + 1}, &got));
	for (int at = 0; at < 4; at++)
	{
		char		before = copy[at];

		copy[at] = 99;
		assert_false(nlm_wait_decode((struct bytes) {copy, bytes.size}, &got));
		copy[at] = before;
	}
	assert_true(nlm_wait_decode((struct bytes) {copy, bytes.size}, &got));
	free(copy);
	region_reset(&region);
}

static void
test_owner(void **state)
{
	struct bytes owner;
	uint32_t	svid;
	struct bytes oh;

	(void) state;
	assert_bytes(nlm_owner_encode(&region, 0x01020304, text("3@host")),
				 text("\1\2\3\4" "3@host"));
	owner = nlm_owner_encode(&region, UINT32_MAX, text("x"));
	assert_true(nlm_owner_decode(owner, &svid, &oh));
	assert_int_equal(svid, UINT32_MAX);
	assert_bytes(oh, text("x"));
	owner = nlm_owner_encode(&region, 7, (struct bytes) {NULL, 0});
	assert_true(nlm_owner_decode(owner, &svid, &oh));
	assert_int_equal(svid, 7);
	assert_int_equal(oh.size, 0);
	for (uint32_t size = 0; size < 4; size++)
	{
		owner = (struct bytes) {"\1\2\3", size};
		assert_false(nlm_owner_decode(owner, &svid, &oh));
		assert_int_equal(svid, 0);
		assert_int_equal(oh.size, 0);
	}
	assert_false(nlm_owner_decode((struct bytes) {NULL, 0}, &svid, &oh));
	region_reset(&region);
}

static void
test_cookie(void **state)
{
	struct peer peer;
	struct peer other;
	struct nlm_grant_cookie cookie;
	struct bytes bytes = {cookie.data, sizeof(cookie.data)};
	int			store;
	int64_t		grant;

	(void) state;
	peer_set(&peer, AF_INET, "\12\0\0\7", 871);
	peer_set(&other, AF_INET, "\12\0\0\10", 871);
	cookie = nlm_grant_cookie_make(3, INT64_MAX - 5, &peer);

	/* from another port, too */
	peer.port = 872;
	assert_true(nlm_grant_cookie_read(bytes, &peer, &store, &grant));
	assert_int_equal(store, 3);
	assert_true(grant == INT64_MAX - 5);
	assert_false(nlm_grant_cookie_read(bytes, &other, &store, &grant));
	for (int i = 0; i < NLM_GRANT_COOKIE_LEN; i++)
	{
		cookie.data[i] ^= 1;
		assert_false(nlm_grant_cookie_read(bytes, &peer, &store, &grant));
		cookie.data[i] ^= 1;
	}
	bytes.size--;
	assert_false(nlm_grant_cookie_read(bytes, &peer, &store, &grant));
	bytes = (struct bytes) {NULL, 0};
	assert_false(nlm_grant_cookie_read(bytes, &peer, &store, &grant));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_wait_form),
		cmocka_unit_test(test_wait_longest),
		cmocka_unit_test(test_wait_refused),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_cookie),
	};

	region_init(&region, memory, sizeof(memory));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
