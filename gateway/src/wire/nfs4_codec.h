/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4_codec.h
 *	  COMPOUND between XDR and the forms of dittofs_compound.h.
 *
 * Arguments become a program, results become a reply, both by the signatures of
 * NFS4_OPERATIONS; nothing here knows what an operation means.  What the
 * gateway has to know of a COMPOUND to send it is noted on the way: whether it
 * changes something, whose handles it begins with, how large its results may
 * be.
 *
 * Pure functions of bytes.  Memory comes from a region, and bytes that a client
 * sent stay where they are until they are written into the program; the data of
 * one WRITE is never copied.
 */
#ifndef DITTOFS_NFS4_CODEC_H
#define DITTOFS_NFS4_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "content/content_segments.h"
#include "wire/nfs4_bytes.h"

/* A tag is for people; the protocol has no bound. */
#define NFS4_TAG_MAX	1024
#define NFS4_FHSIZE_MAX 128		/* RFC 8881, 3.2 */

/* The last of all, and of NFSv4.1 */
#define NFS4_OP_LAST	NFS4_OP_REMOVEXATTR
#define NFS4_OP_LAST_41 NFS4_OP_RECLAIM_COMPLETE

/* Letters of the classes in NFS4_OPERATIONS. */
enum nfs4_class
{
	NFS4_CLASS_R,
	NFS4_CLASS_D,
	NFS4_CLASS_S,
	NFS4_CLASS_W
};

struct nfs4_form
{
	const char *name;
	const char *arguments;
	const char *results;
	enum nfs4_class class;
};

/* By number; those that are none have ILLEGAL's, which is also at 0. */
extern const struct nfs4_form *nfs4_form_of(uint32_t number);

/* One of the client's operations. */
struct nfs4_operation
{
	uint32_t	number;			/* ILLEGAL if it is none */
	uint32_t	status;			/* not OK: it is NFS4_OP_FAIL in the program */
	uint32_t	limit;			/* READ, READ_PLUS: bytes of data; READDIR: of
								 * its results */
	uint64_t	offset;			/* READ, READ_PLUS, WRITE */
	bool		durable;		/* OPEN: it creates, and is of class W then */
};

struct nfs4_compound
{
	struct bytes tag;
	uint32_t	minor;
	uint32_t	asked;			/* the number of operations in its words */
	int			count;			/* of those that are in the program */
	struct nfs4_operation *operations;
	uint32_t	status;			/* not OK: the answer is known, without a
								 * program (nfs4_encode_failure) */

	struct writer program;
	struct bytes data;			/* the parameter: of the WRITE that is beside */
	size_t		result_size;	/* at most, about */

	enum nfs4_class class;		/* the highest */
	int			main;			/* the operation that names it */
	bool		stable;			/* it has to be flushed */
	struct bytes handles[2];	/* of the first PUTFHs */
	int			handle_count;

	/*
	 * The first WRITE.  Its blocks may go to a store, and something else stands
	 * in its place in the program then.
	 */
	int			write;			/* -1: there is none */
	const uint8_t *write_stateid;
	uint32_t	write_stable;
	struct bytes write_data;
	size_t		write_at;		/* where it is in the program */
	size_t		write_end;
	int			write_parts;	/* results that are one for the client */
};

/*
 * Decodes arguments.  False: they make no COMPOUND, not even one that could be
 * answered with a status.
 */
extern bool nfs4_decode(struct nfs4_compound *compound, struct region *region,
						struct bytes arguments);

/*
 * The program is complete.  The sizes, in bytes, are for the limits of a
 * session: of the whole request, and of the reply up to the first result.
 */
extern struct bytes nfs4_finish(struct nfs4_compound *compound,
								uint64_t digest, size_t request_size,
								size_t reply_head);

/*
 * The WRITE is replaced: its data up to `head` and from `tail` on are WRITEs,
 * and those between are blocks, which a store has.
 */
extern void nfs4_write_blocks(struct nfs4_compound *compound, uint32_t head,
							  uint32_t tail, uint32_t store_id,
							  struct bytes blocks);

/* Data of a reply that has to be put together first, from `segments`. */
struct nfs4_piece
{
	struct nfs4_piece *next;
	struct segments segments;
	uint64_t	offset;			/* in the file */
	int			operation;		/* which has it */
	size_t		place;			/* in the reply; 0: it is the reply's data */
	char	   *to;				/* the same, when the reply is complete */
};

/*
 * A reply is the bytes `before`, `data` with its padding, and `after`.  There
 * are no bytes yet where pieces belong, one of which may be `data`.
 */
struct nfs4_reply
{
	struct bytes before;
	struct bytes data;
	struct bytes after;
	struct nfs4_piece *pieces;	/* in their order */
	bool		in_segments;	/* the first of them is data */
	uint32_t	status;
	int			count;			/* of results */
	uint32_t	read;			/* bytes of files, for the metrics */
	uint32_t	written;
};

/*
 * Encodes results.  data is the result's other column.  Operation number
 * `failing` fails with `why` instead of what the results say, and those behind
 * it are left out; -1: none.  False: the results make no sense.
 */
extern bool nfs4_encode(struct nfs4_reply *reply,
						const struct nfs4_compound *compound,
						struct region *region, struct bytes results,
						struct bytes data, int failing, uint32_t why);

/*
 * There are no results.  The reply fails at the first operation that has
 * results of its own, behind SEQUENCE.  False: there is none, and a status at
 * SEQUENCE would have the client wait, or drop its session.
 */
extern bool nfs4_encode_failure(struct nfs4_reply *reply,
								const struct nfs4_compound *compound,
								struct region *region, uint32_t status);

#endif							/* DITTOFS_NFS4_CODEC_H */
