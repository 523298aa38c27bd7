/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_proxy_header.c
 *	  Headers of the PROXY protocol, cut at every place; networks of peers.
 */
#include "unit.h"

#include "wire/proxy_header.h"
#include "wire/record.h"

#include <arpa/inet.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* A header with something behind it, and what is to come of it. */
struct example
{
	const char *bytes;
	size_t		size;
	enum proxy_outcome outcome;
	enum proxy_refusal refusal; /* PROXY_REFUSED */
	const char *client;			/* PROXY_DONE */
};

#define DONE(header, client) \
	{header, sizeof(header) - 1, PROXY_DONE, 0, client}
#define REFUSED(header, why) \
	{header, sizeof(header) - 1, PROXY_REFUSED, PROXY_##why, NULL}

#define V2(command, family, length) SIGNATURE command family length
#define INET_TCP "\x0a\x01\x02\x03" "\x0a\0\0\1" "\x03\x67" "\x08\x01"
#define INET6_TCP \
	"\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7" \
	"\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1" "\x03\x67" "\x08\x01"
#define MAPPED_TCP \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\1\2\3" \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1" "\x03\x67" "\x08\x01"

static const struct example examples[] = {
	/* version 2 */
	DONE(V2("\x21", "\x11", "\0\x0c") INET_TCP, "10.1.2.3:871"),
	DONE(V2("\x21", "\x21", "\0\x24") INET6_TCP, "[fd00::7]:871"),
	DONE(V2("\x21", "\x21", "\0\x24") MAPPED_TCP, "10.1.2.3:871"),
	/* with fields, right or not: they are not looked at */
	DONE(V2("\x21", "\x11", "\0\x11") INET_TCP "\x04\0\x02xx", "10.1.2.3:871"),
	DONE(V2("\x21", "\x11", "\0\x0f") INET_TCP "\xff\xff\xff", "10.1.2.3:871"),
	REFUSED(V2("\x20", "\0", "\0\0"), LOCAL),
	REFUSED(V2("\x20", "\x11", "\0\x0c") INET_TCP, LOCAL),
	REFUSED(V2("\x20", "\x31", "\0\x03") "abc", LOCAL),
	REFUSED(V2("\x21", "\0", "\0\0"), NO_ADDRESS),
	REFUSED(V2("\x21", "\x01", "\0\0"), NO_ADDRESS),
	REFUSED(V2("\x21", "\x10", "\0\x0c"), NO_ADDRESS),
	REFUSED(V2("\x21", "\x11", "\0\x0c") "\0\0\0\0\x0a\0\0\1\3\x67\x08\1",
			NO_ADDRESS),
	REFUSED(V2("\x21", "\x11", "\0\x0c") "\x0a\1\2\3\x0a\0\0\1\0\0\x08\1",
			NO_ADDRESS),
	REFUSED(V2("\x21", "\x12", "\0\x0c"), NOT_TCP),
	REFUSED(V2("\x21", "\x22", "\0\x24"), NOT_TCP),
	REFUSED(V2("\x21", "\x31", "\0\xd8"), NOT_TCP),
	REFUSED(V2("\x21", "\x32", "\0\xd8"), NOT_TCP),
	REFUSED(V2("\x21", "\x41", "\0\x0c"), MALFORMED),
	REFUSED(V2("\x21", "\x13", "\0\x0c"), MALFORMED),
	REFUSED(V2("\x22", "\x11", "\0\x0c"), MALFORMED),
	REFUSED(V2("\x11", "\x11", "\0\x0c"), MALFORMED),
	REFUSED(V2("\x31", "\x11", "\0\x0c"), MALFORMED),
	REFUSED(V2("\x21", "\x11", "\0\x0b"), MALFORMED),
	REFUSED(V2("\x21", "\x21", "\0\x23"), MALFORMED),
	REFUSED(V2("\x21", "\x11", "\xff\xff"), TOO_LONG),
	REFUSED(V2("\x20", "\0", "\xff\xff"), TOO_LONG),
	REFUSED("\r\n\r\n\0\r\nQUIT\r", NO_HEADER),
	REFUSED("\r\n\r\nG", NO_HEADER),

	/* version 1 */
	DONE("PROXY TCP4 10.1.2.3 10.0.0.1 871 2049\r\n", "10.1.2.3:871"),
	DONE("PROXY TCP6 fd00::7 fd00::1 871 2049\r\n", "[fd00::7]:871"),
	DONE("PROXY TCP6 ::ffff:10.1.2.3 ::1 871 0\r\n", "10.1.2.3:871"),
	DONE("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		 "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"),
	REFUSED("PROXY UNKNOWN\r\n", NO_ADDRESS),
	REFUSED("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
			NO_ADDRESS),
	REFUSED("PROXY TCP4 0.0.0.0 10.0.0.1 871 2049\r\n", NO_ADDRESS),
	REFUSED("PROXY TCP4 10.1.2.3 10.0.0.1 0 2049\r\n", NO_ADDRESS),
	REFUSED("PROXY UDP4 10.1.2.3 10.0.0.1 871 2049\r\n", NOT_TCP),
	REFUSED("PROXY UNIX /a /b\r\n", NOT_TCP),
	REFUSED("PROXY tcp4 10.1.2.3 10.0.0.1 871 2049\r\n", NOT_TCP),
	REFUSED("PROXY TCP4 10.1.2.3 10.0.0.1 871 2049\n", MALFORMED),
	REFUSED("PROXY TCP4 10.1.2.3 10.0.0.1 871\r\n", MALFORMED),
	REFUSED("PROXY TCP4 10.1.2.3 10.0.0.1 871 \r\n", MALFORMED),
	REFUSED("PROXY TCP4 10.1.2.3 10.0.0.1 871 2049 \r\n", MALFORMED),
	REFUSED("PROXY TCP4 10.1.2.3 10.0.0.1 871 2049 x\r\n", MALFORMED),
	REFUSED("PROXY TCP4  10.1.2.3 10.0.0.1 871 2049\r\n", MALFORMED),
	REFUSED("PROXY TCP4 10.1.2.3 10.0.0.1 871 65536\r\n", MALFORMED),
	REFUSED("PROXY TCP4 10.1.2.3 10.0.0.1 000871 2049\r\n", MALFORMED),
	REFUSED("PROXY TCP4 10.1.2.3 10.0.0.1 0871 2049\r\n", MALFORMED),
	REFUSED("PROXY TCP4 10.1.2.3 10.0.0.1 +871 2049\r\n", MALFORMED),
	REFUSED("PROXY TCP4 10.1.2.3 10.0.0.1 -1 2049\r\n", MALFORMED),
	REFUSED("PROXY TCP4 10.1.2.3\0 10.0.0.1 871 2049\r\n", MALFORMED),
	REFUSED("PROXY TCP4 10.1.2.3 10.0.0.1 871\0 2049\r\n", MALFORMED),
	REFUSED("PROXY UNKNOWN\0\r\n", MALFORMED),
	REFUSED("PROXY TCP4 010.1.2.3 10.0.0.1 871 2049\r\n", MALFORMED),
	REFUSED("PROXY TCP4 10.1.2 10.0.0.1 871 2049\r\n", MALFORMED),
	REFUSED("PROXY TCP4 fd00::7 fd00::1 871 2049\r\n", MALFORMED),
	REFUSED("PROXY TCP6 10.1.2.3 10.0.0.1 871 2049\r\n", MALFORMED),
	REFUSED("PROXY TCP6 fe80::1%lo fe80::2 871 2049\r\n", MALFORMED),
	REFUSED("PROXY TCP4\r\n", MALFORMED),
	REFUSED("PROXY \r\n", NOT_TCP),
	REFUSED("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535  ", TOO_LONG),
	REFUSED("PROXY\r", NO_HEADER),
	REFUSED("PROXYTCP4 ", NO_HEADER),

	/* neither: a call, TLS, HTTP */
	REFUSED("\x80\0\0\x28", NO_HEADER),
	REFUSED("\x16\x03\x01", NO_HEADER),
	REFUSED("GET / HTTP/1.0\r\n", NO_HEADER),
	REFUSED("\0", NO_HEADER),
};

#define EXAMPLES (sizeof(examples) / sizeof(examples[0]))

static void
check_outcome(const struct proxy_header *header, enum proxy_outcome outcome,
			  const struct example *example)
{
	char		name[PEER_NAME_MAX];

	assert_int_equal(outcome, example->outcome);
	if (outcome == PROXY_REFUSED)
		assert_string_equal(proxy_refusal_label(header->refusal),
							proxy_refusal_label(example->refusal));
	else
		assert_string_equal(peer_name(&header->client, name), example->client);
}

/*
 * Each example in pieces of each size: the outcome is always the same, and
 * comes with the last byte at the latest; what stands behind a header is left
 * there.
 */
static void
test_examples(void **state)
{
	(void) state;
	for (size_t i = 0; i < EXAMPLES; i++)
	{
		const struct example *example = &examples[i];

		for (size_t piece = 1; piece <= example->size + 4; piece++)
		{
			struct proxy_header header;
			char		stream[300];
			enum proxy_outcome outcome = PROXY_MORE;
			size_t		at = 0;
			size_t		size = example->size + 4;

			memcpy(stream, example->bytes, example->size);
			memcpy(stream + example->size, "\x80\0\0\4", 4);
			proxy_header_init(&header);
			while (outcome == PROXY_MORE && at < size)
			{
				const char *data = stream + at;
				size_t		left = size - at < piece ? size - at : piece;

				outcome = proxy_header_next(&header, &data, &left);
				at = (size_t) (data - stream);
				assert_true(outcome != PROXY_MORE || left == 0);
			}
			check_outcome(&header, outcome, example);
			assert_true(at <= example->size);
			if (outcome == PROXY_DONE)
				assert_int_equal(at, example->size);
		}
	}
}

/* No part of a header is one, or is refused for anything. */
static void
test_truncations(void **state)
{
	(void) state;
	for (size_t i = 0; i < EXAMPLES; i++)
		for (size_t size = 0; size < examples[i].size; size++)
		{
			struct proxy_header header;
			/* a block of its own, so that a sanitizer sees its end */
			char	   *copy = malloc(size > 0 ? size : 1);
			const char *data = copy;
			size_t		left = size;
			enum proxy_outcome outcome;

			memcpy(copy, examples[i].bytes, size);
			proxy_header_init(&header);
			outcome = proxy_header_next(&header, &data, &left);
			if (examples[i].outcome == PROXY_DONE)
			{
				assert_int_equal(outcome, PROXY_MORE);
				assert_int_equal(left, 0);
			}
			else
				assert_int_not_equal(outcome, PROXY_DONE);
			free(copy);
		}
}

/* The longest header that is read, and one byte more. */
static void
test_longest(void **state)
{
	(void) state;
	for (size_t size = PROXY_HEADER_MAX; size <= PROXY_HEADER_MAX + 1; size++)
	{
		static const char fixed[] = V2("\x21", "\x11", "\0\0") INET_TCP;
		char		bytes[PROXY_HEADER_MAX + 1] = "";
		const char *data = bytes;
		size_t		left = size;
		struct proxy_header header;

		memcpy(bytes, fixed, sizeof(fixed) - 1);
		bytes[14] = (char) ((size - PROXY_V2_FIXED) >> 8);
		bytes[15] = (char) (size - PROXY_V2_FIXED);
		proxy_header_init(&header);
		if (size == PROXY_HEADER_MAX)
		{
			assert_int_equal(proxy_header_next(&header, &data, &left),
							 PROXY_DONE);
			assert_int_equal(left, 0);
		}
		else
		{
			assert_int_equal(proxy_header_next(&header, &data, &left),
							 PROXY_REFUSED);
			assert_int_equal(header.refusal, PROXY_TOO_LONG);
			assert_int_equal(size - left, PROXY_V2_FIXED);
		}
	}
}

/*
 * As the mark of a record either header is refused, by the largest limit, too.
 */
static void
test_as_record(void **state)
{
	static const char *const headers[] = {SIGNATURE "\x21", "PROXY TCP4"};

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		struct record_reader reader;
		struct record record;
		const char *data = headers[i];
		size_t		left = 10;

		record_reader_init(&reader, (size_t) 64 << 20);
		assert_int_equal(record_next(&reader, &data, &left, &record),
						 RECORD_TOO_LARGE);
		assert_int_equal(left, 6);
		assert_true(proxy_header_begins(reader.mark));
	}
	assert_false(proxy_header_begins((const uint8_t *) "\x80\0\0\x28"));
	assert_false(proxy_header_begins((const uint8_t *) "PROT"));
	assert_false(proxy_header_begins((const uint8_t *) "\r\n\r\r"));
}

/* Is the address in the networks? */
static bool
have(const char *text, const char *address)
{
	struct networks networks = {NULL, 0};
	char		word[NETWORK_TEXT_MAX];
	uint8_t		bytes[16];
	struct peer peer;
	int			family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
	bool		found;

	assert_int_equal(inet_pton(family, address, bytes), 1);
	peer_set(&peer, family, bytes, 1);
	assert_null(networks_parse(&networks, text, word));
	found = networks_have(&networks, &peer);
	networks_free(&networks);
	return found;
}

static bool
same_host(const char *one, const char *other)
{
	struct peer_host hosts[2];

	for (int i = 0; i < 2; i++)
	{
		const char *text = i == 0 ? one : other;
		int			family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
		uint8_t		bytes[16];
		struct peer peer;

		assert_int_equal(inet_pton(family, text, bytes), 1);
		peer_set(&peer, family, bytes, (uint16_t) i);
		hosts[i] = peer_host(&peer);
	}
	return peer_host_is(&hosts[0], &hosts[1]);
}

/* Whose share: an IPv4 address, or 64 bits of IPv6. */
static void
test_hosts(void **state)
{
	(void) state;
	assert_true(same_host("10.0.0.1", "10.0.0.1"));
	assert_false(same_host("10.0.0.1", "10.0.0.2"));
	assert_true(same_host("::ffff:10.0.0.1", "10.0.0.1"));
	assert_false(same_host("::ffff:10.0.0.1", "::ffff:10.0.0.2"));
	assert_true(
		same_host("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff"));
	assert_false(same_host("2001:db8:0:1::1", "2001:db8::1"));
	assert_false(same_host("2001:db8:0:1::1", "2001:db8:0:2::1"));
	assert_false(same_host("a00:1::", "10.0.0.1"));
}

static void
test_networks(void **state)
{
	static const char *const wrong[] = {
		"10.0.0.5/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x",
		"10.0.0.0/ 8", "10.0.0", "proxy", "fd00::1/8", "fd00::/129", "/8", ":",
		"::ffff:10.0.0.0/95", "fe80::1%lo", "10.0.0.0/8/8",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee"};

	(void) state;
	assert_false(have("", "10.0.0.1"));
	assert_true(have("10.0.0.0/8", "10.255.0.1"));
	assert_false(have("10.0.0.0/8", "11.0.0.1"));
	assert_true(have("10.0.0.128/25", "10.0.0.128"));
	assert_false(have("10.0.0.128/25", "10.0.0.127"));
	assert_true(have("192.168.0.1", "192.168.0.1"));
	assert_false(have("192.168.0.1", "192.168.0.0"));
	assert_true(have("10.0.0.1, 10.0.0.2\n10.0.0.3,", "10.0.0.3"));
	assert_true(have("0.0.0.0/0", "255.255.255.255"));
	assert_true(have("fd00::/8", "fdff::1"));
	assert_false(have("fd00::/8", "fc00::1"));
	assert_true(have("fd00::1", "fd00::1"));
	assert_false(have("fd00::1", "fd00::2"));

	/* one family is not the other, whatever the bits; a mapped one is IPv4 */
	assert_false(have("::/0", "10.0.0.1"));
	assert_false(have("0.0.0.0/0", "fd00::1"));
	assert_true(have("10.0.0.0/8", "::ffff:10.0.0.1"));
	assert_true(have("::ffff:10.0.0.0/104", "10.0.0.1"));
	assert_true(have("::ffff:10.0.0.1", "10.0.0.1"));
	assert_false(have("::ffff:10.0.0.1", "10.0.0.2"));

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		struct networks networks = {NULL, 0};
		char		word[NETWORK_TEXT_MAX];
		char		text[200];

		snprintf(text, sizeof(text), "10.0.0.1,%s", wrong[i]);
		if (networks_parse(&networks, text, word) == NULL)
		{
			print_error("taken for a network: %s\n", wrong[i]);
			assert_true(false);
		}
		networks_free(&networks);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_as_record),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
