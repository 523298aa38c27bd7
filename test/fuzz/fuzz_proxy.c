/* SPDX-License-Identifier: PostgreSQL */
/*
 * fuzz_proxy.c
 *	  Headers of the PROXY protocol: any stream, arriving in any pieces.
 *
 * The outcome does not depend on where the stream is cut, and nothing behind a
 * header is taken.  A header that is believed is one for another reader, too,
 * which has all of it before it (sscanf, and the structure of version 2), and
 * that names the same client.
 *
 * Input: how the pieces are cut, then the stream.
 */
#include "fuzz.h"

#include "wire/proxy_header.h"

#include <arpa/inet.h>

struct ending
{
	enum proxy_outcome outcome;
	size_t		taken;
	struct proxy_header header;
};

/* Each piece in a block of its own, so that a byte read too many is seen. */
static struct ending
read_stream(struct input stream, uint32_t cuts)
{
	struct ending ending = {.outcome = PROXY_MORE};

	proxy_header_init(&ending.header);
	while (ending.outcome == PROXY_MORE && stream.left > 0)
	{
		size_t		size = cuts == 0 ? stream.left : 1 + (cuts >> 16) % 40;
		struct bytes bytes = input_bytes(&stream, size);
		char	   *piece = malloc(bytes.size);
		const char *data = piece;

		cuts = cuts == 0 ? 0 : cuts * 1664525 + 1013904223;
		size = bytes.size;
		CHECK(piece != NULL);
		memcpy(piece, bytes.data, size);
		ending.outcome = proxy_header_next(&ending.header, &data, &size);
		CHECK(data + size == piece + bytes.size);
		CHECK(ending.outcome != PROXY_MORE || size == 0);
		ending.taken += bytes.size - size;
		free(piece);
	}
	return ending;
}

static void
is_client(const struct peer *client, int family, const void *address,
		  unsigned port)
{
	struct peer other;

	peer_set(&other, family, address, (uint16_t) port);
	CHECK(client->family == other.family && client->port == other.port);
	CHECK(memcmp(client->address, other.address, sizeof(other.address)) == 0);
}

static void
check_line(const struct ending *ending, const uint8_t *data)
{
	char		line[PROXY_V1_MAX + 1] = "";
	char		kind;
	char		source[64];
	char		destination[64];
	unsigned	ports[2];
	uint8_t		address[16];
	int			size = 0;

	CHECK(ending->taken <= PROXY_V1_MAX);
	memcpy(line, data, ending->taken);
	CHECK(sscanf(line, "PROXY TCP%c %63s %63s %u %u%n", &kind, source,
				 destination, &ports[0], &ports[1], &size) == 5);
	CHECK(strcmp(line + size, "\r\n") == 0);
	CHECK(ports[0] <= 65535 && ports[1] <= 65535);
	CHECK(inet_pton(kind == '4' ? AF_INET : AF_INET6, source, address) == 1);
	is_client(&ending->header.client, kind == '4' ? AF_INET : AF_INET6, address,
			  ports[0]);
}

static void
check_binary(const struct ending *ending, const uint8_t *data)
{
	bool		short_one = data[13] == 0x11;
	const uint8_t *ports = data + (short_one ? 24 : 48);

	CHECK(memcmp(data, "\r\n\r\n\0\r\nQUIT\n\x21", 13) == 0);
	CHECK(short_one || data[13] == 0x21);
	CHECK(ending->taken == 16u + (unsigned) (data[14] << 8 | data[15]));
	CHECK(ending->taken >= (short_one ? 28 : 52));
	CHECK(ending->taken <= PROXY_HEADER_MAX);
	is_client(&ending->header.client, short_one ? AF_INET : AF_INET6, data + 16,
			  (unsigned) (ports[0] << 8 | ports[1]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint32_t	cuts = (uint32_t) input_8(&in) << 16;
	struct ending whole = read_stream(in, 0);
	struct ending cut = read_stream(in, cuts + 1);

	CHECK(whole.outcome == cut.outcome && whole.taken == cut.taken);
	CHECK(whole.taken <= PROXY_HEADER_MAX);
	if (whole.outcome == PROXY_REFUSED)
		CHECK(whole.header.refusal == cut.header.refusal &&
			  whole.header.refusal < PROXY_REFUSAL_COUNT);
	if (whole.outcome != PROXY_DONE)
		return 0;
	CHECK(whole.header.client.port != 0);
	is_client(&cut.header.client, whole.header.client.family,
			  whole.header.client.address, whole.header.client.port);
	if (in.at[0] == 'P')
		check_line(&whole, in.at);
	else
		check_binary(&whole, in.at);
	return 0;
}
