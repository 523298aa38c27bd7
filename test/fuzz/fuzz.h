/* SPDX-License-Identifier: PostgreSQL */
/*
 * fuzz.h
 *	  What the fuzz targets share: input, checks, database rows without a
 *	  database, and calls and rows as they should be.
 *
 * A target links the gateway without main() and without pool.c: its calls end
 * at pool_submit(), its results come from the fuzzer.  A result is not a
 * PGresult but rows that lie in blocks of exactly their size, so that
 * AddressSanitizer sees one byte read too many; the linker's --wrap puts
 * fuzz.c's functions in the place of libpq's four that look into one.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/programs.h"
#include "core/request.h"

/*
 * What must hold.  A target that finds it does not ends like one that
 * crashed: libFuzzer keeps the input.
 */
#define CHECK(condition) \
	do { \
		if (!(condition)) \
			fuzz_fail(__FILE__, __LINE__, #condition); \
	} while (0)
extern void fuzz_fail(const char *file, int line, const char *what)
	__attribute__((noreturn));

/* The input, from its front.  Beyond the end there are zeros. */
struct input
{
	const uint8_t *at;
	size_t		left;
};

extern uint8_t input_8(struct input *in);
extern uint16_t input_16(struct input *in);
extern struct bytes input_bytes(struct input *in, size_t size);

/* Bytes being written, big-endian. */
#define BUFFER_SIZE 16384
struct buffer
{
	uint8_t		data[BUFFER_SIZE];
	size_t		size;
};

extern void put_bytes(struct buffer *b, const void *data, size_t size);
extern void put_8(struct buffer *b, uint8_t value);
extern void put_32(struct buffer *b, uint32_t value);
extern void put_64(struct buffer *b, uint64_t value);
extern void put_opaque(struct buffer *b, const void *data, uint32_t size);

/*
 * Rows in place of a PGresult.  fake_results counts those that live.
 */
extern int	fake_results;
extern PGresult *fake_result_new(void);
extern void fake_result_add(PGresult *result, const void *row, size_t size);

/* Every parameter is there, and the order of the locks is right. */
extern void check_call(const struct call *call);

/*
 * The reply is one: record mark, RPC header, and results that libnfs can
 * decode and ends where they end.  Returns the size of the results, -1 if the
 * reply has none because the call was refused, or there is no reply at all.
 */
extern long check_reply(struct request *request);

/* The same of a whole reply in one piece, whoever it answers. */
extern long check_reply_bytes(const void *reply, size_t size,
							  const struct program *program,
							  uint32_t procedure);

extern uint32_t procedure_number(const struct request *request);

/*
 * seeds.c: right calls and right results of each procedure.
 */

/* 22 of NFS, 6 of MOUNT, those of NLM 4, 3 and 1, and of NSM */
#define SEED_PROCEDURES (22 + 6 + 24 + 24 + 16 + 7 + 6 + 9 + 11)
extern const struct program *seed_program(unsigned which, uint32_t *procedure);
extern void seed_header(struct buffer *b, uint32_t xid,
						const struct program *program, uint32_t procedure,
						uint32_t gids);
extern void seed_arguments(struct buffer *b, const struct program *program,
						   uint32_t procedure, unsigned variant);

/*
 * Row number `number` of a result: of a success, or of a failure.  False:
 * there are no more.
 */
extern bool seed_row(struct buffer *b, const struct program *program,
					 uint32_t procedure, bool success, int number);

/*
 * seeds_nfs4.c: an input of fuzz_nfs4 with a right call and right results.
 * False: there are no more.
 */
extern bool seed_nfs4(struct buffer *seed, unsigned which);

#endif							/* FUZZ_H */
