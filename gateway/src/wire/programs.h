/* SPDX-License-Identifier: PostgreSQL */
/*
 * programs.h
 *	  The RPC programs that the gateway serves: on its one port, the portmapper
 *	  on another.
 *
 * To add a program, or a version of one: its .x, its files with a struct
 * program (request.h), and a row of PROGRAMS.  Dispatch, metrics, the log and
 * rpcbind go by this table.
 */
#ifndef DITTOFS_PROGRAMS_H
#define DITTOFS_PROGRAMS_H

#include "core/request.h"

/* The one that clients call most comes first. */
#define PROGRAMS(X) \
	X(nfs3_program)				/* 100003, 3 */ \
	X(nfs4_program)				/* 100003, 4 */ \
	X(mount3_program)			/* 100005, 3 */ \
	X(nlm4_program)				/* 100021, 4 */ \
	X(nlm3_program)				/* 100021, 3 */ \
	X(nlm1_program)				/* 100021, 1 */ \
	X(nsm1_program)				/* 100024, 1 */ \
	X(portmap2_program)			/* 100000, 2 */ \
	X(rpcbind3_program)			/* 100000, 3 */ \
	X(rpcbind4_program)			/* 100000, 4 */

#define PROGRAM_DECLARE(name) extern const struct program name;
PROGRAMS(PROGRAM_DECLARE)
#undef PROGRAM_DECLARE

#define PROGRAM_COUNT_ONE(name) + 1
enum
{
	PROGRAM_COUNT = 0 PROGRAMS(PROGRAM_COUNT_ONE)
};
#undef PROGRAM_COUNT_ONE

/* In the order of PROGRAMS; the last is NULL. */
extern const struct program *const programs[];

/*
 * The version of a program among those of the list, which ends with NULL, that
 * are served at the door.  NULL: it is not there; low and high are the versions
 * that are, or 0 if there is none (RFC 5531, section 9: PROG_MISMATCH,
 * PROG_UNAVAIL).
 */
extern const struct program *program_find(const struct program *const *list,
										  enum door door, uint32_t number,
										  uint32_t version, uint32_t *low,
										  uint32_t *high);

/*
 * At the start: whether version 4 of NFS is served, and how many metadata
 * stores there are (see struct program).
 */
extern void programs_configure(bool nfs4, int metadata_stores);

/* Is it served where such calls come in? */
extern bool program_is_served(const struct program *program, enum door door);

/*
 * The procedures of all programs in a row, for counters: how many there are;
 * the index of one; the one at an index (NULL: the number is not used), with
 * its program.
 */
extern int	programs_procedure_count(void);
extern int	programs_procedure_index(const struct program *program,
									 uint32_t procedure);
extern const struct procedure *
programs_procedure(int index, const struct program **program);

#endif							/* DITTOFS_PROGRAMS_H */
