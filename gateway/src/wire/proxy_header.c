/* SPDX-License-Identifier: PostgreSQL */
/*
 * proxy_header.c
 *	  The header of the PROXY protocol: see proxy_header.h.
 *
 * A byte is taken at a time.  There is one header in the life of a connection,
 * and so no place where a header is cut can make a difference.
 */
#include "wire/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const char v1_begin[] = "PROXY ";
static const char v2_signature[] = "\r\n\r\n\0\r\nQUIT\n";

#define V1_BEGIN_SIZE (sizeof(v1_begin) - 1)
#define V2_SIGNATURE_SIZE (sizeof(v2_signature) - 1)

_Static_assert(V2_SIGNATURE_SIZE == 12, "the signature of version 2");

/* Families and protocols of version 2, and the bytes of their addresses. */
#define V2_UNSPEC 0x0
#define V2_INET 0x1
#define V2_INET6 0x2
#define V2_UNIX 0x3
#define V2_STREAM 0x1
#define V2_DATAGRAM 0x2
#define V2_INET_SIZE 12
#define V2_INET6_SIZE 36

const char *
proxy_refusal_label(enum proxy_refusal refusal)
{
#define PROXY_LABEL(name, label, text) label,
	static const char *const labels[] = {PROXY_REFUSALS(PROXY_LABEL)};
#undef PROXY_LABEL

	return labels[refusal];
}

const char *
proxy_refusal_text(enum proxy_refusal refusal)
{
#define PROXY_TEXT(name, label, text) text,
	static const char *const texts[] = {PROXY_REFUSALS(PROXY_TEXT)};
#undef PROXY_TEXT

	return texts[refusal];
}

void
proxy_header_init(struct proxy_header *header)
{
	memset(header, 0, sizeof(*header));
}

bool
proxy_header_begins(const uint8_t *four_bytes)
{
	return memcmp(four_bytes, v1_begin, 4) == 0 ||
		memcmp(four_bytes, v2_signature, 4) == 0;
}

static enum proxy_outcome
refuse(struct proxy_header *header, enum proxy_refusal refusal)
{
	header->refusal = refusal;
	return PROXY_REFUSED;
}

/*
 * The client as either version has it.  No client has the address or the port
 * 0: a proxy that keeps them to itself says so, and port 0 would pass for a
 * privileged one.
 */
static enum proxy_outcome
finish(struct proxy_header *header, int family, const void *address,
	   uint16_t port)
{
	static const uint8_t nowhere[16];
	struct peer *client = &header->client;

	peer_set(client, family, address, port);
	if (memcmp(client->address, nowhere, sizeof(nowhere)) == 0 || port == 0)
		return refuse(header, PROXY_NO_ADDRESS);
	return PROXY_DONE;
}

/*
 * Version 1.
 */

/* Decimal, without a sign, a space or leading zeros. */
static bool
read_port(const char *word, uint16_t *port)
{
	size_t		digits = word == NULL ? 0 : strspn(word, "0123456789");
	long		value;

	if (digits == 0 || digits > 5 || word[digits] != '\0' ||
		(word[0] == '0' && digits > 1))
		return false;
	value = strtol(word, NULL, 10);
	*port = (uint16_t) value;
	return value <= UINT16_MAX;
}

static enum proxy_outcome
read_line(struct proxy_header *header)
{
	char	   *line = (char *) header->bytes;
	char	   *rest = line + V1_BEGIN_SIZE;
	size_t		size = header->seen - 2;
	const char *kind;
	uint8_t		addresses[2][16];
	uint16_t	ports[2];
	int			family;

	if (line[size] != '\r' || memchr(line, '\0', size) != NULL)
		return refuse(header, PROXY_MALFORMED);
	line[size] = '\0';
	kind = strsep(&rest, " ");
	/* ... the rest of which is to be ignored */
	if (strcmp(kind, "UNKNOWN") == 0)
		return refuse(header, PROXY_NO_ADDRESS);
	family = strcmp(kind, "TCP4") == 0 ? AF_INET :
		strcmp(kind, "TCP6") == 0 ? AF_INET6 : AF_UNSPEC;
	if (family == AF_UNSPEC)
		return refuse(header, PROXY_NOT_TCP);
	for (int i = 0; i < 2; i++)
	{
		const char *word = strsep(&rest, " ");

		if (word == NULL || inet_pton(family, word, addresses[i]) != 1)
			return refuse(header, PROXY_MALFORMED);
	}
	for (int i = 0; i < 2; i++)
		if (!read_port(strsep(&rest, " "), &ports[i]))
			return refuse(header, PROXY_MALFORMED);
	if (rest != NULL)
		return refuse(header, PROXY_MALFORMED);
	return finish(header, family, addresses[0], ports[0]);
}

static enum proxy_outcome
add_to_line(struct proxy_header *header, uint8_t byte)
{
	if (header->seen <= V1_BEGIN_SIZE)
		return memcmp(header->bytes, v1_begin, header->seen) == 0 ? PROXY_MORE :
			refuse(header, PROXY_NO_HEADER);
	if (byte == '\n')
		return read_line(header);
	if (header->seen == PROXY_V1_MAX)
		return refuse(header, PROXY_TOO_LONG);
	return PROXY_MORE;
}

/*
 * Version 2.
 */

static uint16_t
get_16(const uint8_t *bytes)
{
	return (uint16_t) (bytes[0] << 8 | bytes[1]);
}

static bool
is_local(const struct proxy_header *header)
{
	return (header->bytes[12] & 15) == 0;
}

/* What can be known from the fixed part. */
static enum proxy_outcome
check_fixed(struct proxy_header *header)
{
	uint8_t		family = header->bytes[13] >> 4;
	uint8_t		protocol = header->bytes[13] & 15;
	size_t		length = get_16(header->bytes + 14);

	header->size = PROXY_V2_FIXED + length;
	if (header->bytes[12] >> 4 != 2 || (header->bytes[12] & 15) > 1 ||
		family > V2_UNIX || protocol > V2_DATAGRAM)
		return refuse(header, PROXY_MALFORMED);
	if (header->size > PROXY_HEADER_MAX)
		return refuse(header, PROXY_TOO_LONG);
	/* of a LOCAL one the family and what follows are to be ignored */
	if (is_local(header))
		return PROXY_MORE;
	if (family == V2_UNSPEC || protocol == V2_UNSPEC)
		return refuse(header, PROXY_NO_ADDRESS);
	if (family == V2_UNIX || protocol != V2_STREAM)
		return refuse(header, PROXY_NOT_TCP);
	if (length < (family == V2_INET ? V2_INET_SIZE : V2_INET6_SIZE))
		return refuse(header, PROXY_MALFORMED);
	return PROXY_MORE;
}

/* Source, destination; their ports. */
static enum proxy_outcome
read_addresses(struct proxy_header *header)
{
	const uint8_t *source = header->bytes + PROXY_V2_FIXED;

	if (is_local(header))
		return refuse(header, PROXY_LOCAL);
	if (header->bytes[13] >> 4 == V2_INET)
		return finish(header, AF_INET, source, get_16(source + 8));
	return finish(header, AF_INET6, source, get_16(source + 32));
}

static enum proxy_outcome
add_to_binary(struct proxy_header *header)
{
	enum proxy_outcome outcome = PROXY_MORE;

	if (header->seen <= V2_SIGNATURE_SIZE)
		return memcmp(header->bytes, v2_signature, header->seen) == 0 ?
			PROXY_MORE : refuse(header, PROXY_NO_HEADER);
	if (header->seen == PROXY_V2_FIXED)
		outcome = check_fixed(header);
	if (outcome == PROXY_MORE && header->seen >= PROXY_V2_FIXED &&
		header->seen == header->size)
		return read_addresses(header);
	return outcome;
}

enum proxy_outcome
proxy_header_next(struct proxy_header *header, const char **data, size_t *size)
{
	enum proxy_outcome outcome = PROXY_MORE;

	while (outcome == PROXY_MORE && *size > 0)
	{
		uint8_t		byte = (uint8_t) *(*data)++;

		(*size)--;
		if (header->seen < sizeof(header->bytes))
			header->bytes[header->seen] = byte;
		header->seen++;
		outcome = header->bytes[0] == (uint8_t) v1_begin[0] ?
			add_to_line(header, byte) : add_to_binary(header);
	}
	return outcome;
}
