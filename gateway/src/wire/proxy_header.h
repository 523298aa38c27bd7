/* SPDX-License-Identifier: PostgreSQL */
/*
 * proxy_header.h
 *	  The header of the PROXY protocol: bytes of a stream to the client's
 *	  address.
 *
 * A TCP proxy that speaks it tells each server, before anything else, for which
 * client it connects.  The format is that of "The PROXY protocol, versions 1 &
 * 2" (haproxy's doc/proxy-protocol.txt):
 *
 *		1	a line of at most 107 bytes:
 *			PROXY TCP4 10.0.0.7 10.0.0.1 871 2049\r\n
 *		2	12 bytes of signature; version and command; family and protocol;
 *			two bytes of length; addresses; further fields (TLVs)
 *
 * Only bytes from a trusted proxy get here.  They are read strictly all the
 * same: a header with one byte that it should not have, and one that names no
 * client, give no address.
 *
 * The bytes come in pieces of any size.  Bytes behind the header are left to
 * the caller.  Fields behind the addresses are ignored.
 */
#ifndef DITTOFS_PROXY_HEADER_H
#define DITTOFS_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/request.h"

#define PROXY_V1_MAX 107		/* bytes of the line, with its end */
#define PROXY_V2_FIXED 16		/* signature, version, family, length */

/*
 * A header of version 2 may say that it has 64 KiB.  What balancers add to the
 * addresses is some hundred bytes, or 2,000 with a certificate.
 */
#define PROXY_HEADER_MAX 4096

/*
 * Why a connection is refused: name, label for Prometheus, and what the log
 * says of its peer.
 */
#define PROXY_REFUSALS(X) \
	X(LOCAL, "local", "is the proxy's own, a check perhaps (LOCAL)") \
	X(NO_HEADER, "no_header", "began without a PROXY header") \
	X(NO_ADDRESS, "no_address", \
	  "sent a PROXY header without the address of a client (UNKNOWN, UNSPEC)") \
	X(NOT_TCP, "not_tcp", "sent a PROXY header that is not of TCP over IP") \
	X(MALFORMED, "malformed", "sent a malformed PROXY header") \
	X(TOO_LONG, "too_long", "sent a PROXY header that is too long") \
	X(CUT_SHORT, "cut_short", "ended in the middle of a PROXY header") \
	X(TOO_LATE, "too_late", "sent no whole PROXY header in time") \
	X(TOO_MANY, "too_many", \
	  "was the oldest of too many connections without a PROXY header") \
	X(UNTRUSTED, "untrusted", "sent a PROXY header and is no trusted proxy " \
	  "(--proxy-protocol, --proxy-protocol-from)")

#define PROXY_ENUM(name, label, text) PROXY_##name,
enum proxy_refusal
{
	PROXY_REFUSALS(PROXY_ENUM)
	PROXY_REFUSAL_COUNT
};
#undef PROXY_ENUM

extern const char *proxy_refusal_label(enum proxy_refusal refusal);
extern const char *proxy_refusal_text(enum proxy_refusal refusal);

enum proxy_outcome
{
	PROXY_MORE,					/* the input is used up */
	PROXY_DONE,					/* the client is known; input may follow */
	PROXY_REFUSED				/* by the header's refusal */
};

struct proxy_header
{
	uint8_t		bytes[PROXY_V1_MAX + 1];	/* the first ones */
	size_t		seen;			/* bytes taken */
	size_t		size;			/* of all of version 2, once it is known */
	struct peer client;			/* PROXY_DONE */
	enum proxy_refusal refusal; /* PROXY_REFUSED */
};

extern void proxy_header_init(struct proxy_header *header);

/*
 * Takes input from *data on, *size bytes, and moves both past what was taken.
 * Not to be called again after another outcome than PROXY_MORE.
 */
extern enum proxy_outcome proxy_header_next(struct proxy_header *header,
											const char **data, size_t *size);

/*
 * Are the four bytes the beginning of a header of either version?  Read as the
 * mark of a record they announce 225 MB or more, which no limit allows, so
 * record marking refuses them before anything is taken from them.
 */
extern bool proxy_header_begins(const uint8_t *four_bytes);

#endif							/* DITTOFS_PROXY_HEADER_H */
