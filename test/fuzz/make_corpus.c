/* SPDX-License-Identifier: PostgreSQL */
/*
 * make_corpus.c
 *	  Writes seeds of the corpus: right input for every target.
 *
 *	make_corpus DIRECTORY
 *
 * makes DIRECTORY/TARGET/seed-* for each target; ./run minimize puts what is
 * worth keeping of them into corpus/.
 */
#include "fuzz.h"

#include "wire/record.h"

#include <errno.h>
#include <sys/stat.h>

static const char *directory;
static int	written;

static void
write_seed(const char *target, const struct buffer *seed)
{
	char		path[4096];
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/%s", directory, target);
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
	{
		perror(path);
		exit(1);
	}
	snprintf(path, sizeof(path), "%s/%s/seed-%04d", directory, target,
			 written++);
	file = fopen(path, "wb");
	if (file == NULL ||
		fwrite(seed->data, 1, seed->size, file) != seed->size ||
		fclose(file) != 0)
	{
		perror(path);
		exit(1);
	}
}

static void
put_call(struct buffer *b, unsigned which, unsigned variant)
{
	uint32_t	procedure;
	const struct program *program = seed_program(which, &procedure);

	seed_header(b, 0x12345678, program, procedure, variant % 17);
	seed_arguments(b, program, procedure, variant);
}

static void
seeds_of_calls(unsigned which, unsigned variant)
{
	struct buffer call = {.size = 0};
	struct buffer seed = {.size = 0};
	uint32_t	procedure;
	const struct program *program = seed_program(which, &procedure);

	put_call(&call, which, variant);
	write_seed("rpc", &call);

	/* a limit, cuts; the call whole, and in three fragments */
	put_8(&seed, (uint8_t) (call.size / 16 + variant % 3));
	put_8(&seed, (uint8_t) variant);
	put_32(&seed, RECORD_LAST | (uint32_t) call.size);
	put_bytes(&seed, call.data, call.size);
	put_32(&seed, 10);
	put_bytes(&seed, call.data, 10);
	put_32(&seed, 0);
	put_32(&seed, RECORD_LAST | (uint32_t) (call.size - 10));
	put_bytes(&seed, call.data + 10, call.size - 10);
	write_seed("record", &seed);

	seed.size = 0;
	put_8(&seed, (uint8_t) which);
	seed_arguments(&seed, program, procedure, variant);
	write_seed("arguments", &seed);
}

static void
seed_of_rows(unsigned which, bool success)
{
	struct buffer seed = {.size = 0};
	struct buffer row = {.size = 0};
	uint32_t	procedure;
	const struct program *program = seed_program(which, &procedure);

	put_8(&seed, (uint8_t) which);
	put_8(&seed, 4096 >> 8);
	put_8(&seed, 4096 & 255);
	for (int i = 0; seed_row(&row, program, procedure, success, i); i++)
	{
		put_8(&seed, (uint8_t) (row.size >> 8));
		put_8(&seed, (uint8_t) row.size);
		put_bytes(&seed, row.data, row.size);
		row.size = 0;
	}
	write_seed("rows", &seed);
}

/* Steps of fuzz_worker: see step() there. */
static void
seeds_of_worker(unsigned which)
{
	struct buffer seed = {.size = 0};

	for (int end = 0; end < 3; end++)
		put_8(&seed, (uint8_t) (end << 4));
	for (int end = 0; end < 3; end++)
	{
		put_8(&seed, (uint8_t) (end << 4 | 2));
		put_8(&seed, (uint8_t) (which + (unsigned) end));
		put_8(&seed, (uint8_t) (end == 1 ? 4 : 0));
		put_8(&seed, (uint8_t) which);
		put_8(&seed, (uint8_t) end);
		if (end == 1)
		{
			for (int i = 0; i < 8; i++)
				put_8(&seed, 40);
		}
	}
	put_8(&seed, 7);
	put_8(&seed, 9);
	put_8(&seed, (uint8_t) (which % 3 == 0 ? 8 : which % 3 == 1 ? 1 : 0));
	put_8(&seed, 6);
	put_8(&seed, (uint8_t) which);
	put_8(&seed, 1);
	put_8(&seed, 8);
	put_8(&seed, 0);
	put_8(&seed, 7);
	put_8(&seed, 11);
	put_8(&seed, 15);
	put_8(&seed, 1);
	put_8(&seed, 64);
	write_seed("worker", &seed);
}

/* Connections of a proxy: with each kind of header, and a call behind it. */
static void
seeds_of_proxied(void)
{
	static const uint8_t headers[] = {0, 1, 5, 2, 6, 1 | 16, 2 | 16, 1 | 8};

	for (size_t i = 0; i < sizeof(headers); i++)
	{
		struct buffer seed = {.size = 0};

		for (unsigned end = 6; end < 16; end++)
		{
			put_8(&seed, (uint8_t) (end << 4));
			put_8(&seed, (uint8_t) (headers[i] | (end & 3) << 6));
			if (headers[i] & 24)
				put_8(&seed, (uint8_t) (end * 2));
			put_8(&seed, (uint8_t) (end << 4 | 2));
			put_8(&seed, (uint8_t) end);
			put_8(&seed, 0);
			put_8(&seed, 0);
			put_8(&seed, (uint8_t) end);
		}
		put_8(&seed, 7);
		put_8(&seed, 9);
		put_8(&seed, 0);
		put_8(&seed, 7);
		write_seed("worker", &seed);
	}
}

/*
 * What the header of a right call never has: other flavors, the largest parts.
 */
static void
seeds_of_headers(void)
{
	static const uint32_t sizes[] = {0, 4, 400, 404};

	for (unsigned i = 0; i < 4 * 4 * 3; i++)
	{
		struct buffer call = {.size = 0};
		char		nothing[404] = "";

		put_32(&call, 1);
		put_32(&call, CALL);
		put_32(&call, i == 1 ? 3 : 2);
		put_32(&call, i == 2 ? 1 : nfs3_program.number);
		put_32(&call, i == 3 ? 4 : nfs3_program.version);
		put_32(&call, i == 4 ? 22 : 1);
		put_32(&call, i / 16);
		put_opaque(&call, nothing, sizes[i % 4]);
		put_32(&call, AUTH_NONE);
		put_opaque(&call, nothing, sizes[i / 4 % 4]);
		write_seed("rpc", &call);
	}
}

/* Headers of proxies, with something behind them; then each cut short. */
static void
seeds_of_proxies(void)
{
#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define SEED(bytes) {bytes "call", sizeof(bytes) + 3}
	static const struct
	{
		const char *bytes;
		size_t		size;
	}			headers[] = {
		SEED("PROXY TCP4 10.1.2.3 10.0.0.1 871 2049\r\n"),
		SEED("PROXY TCP6 fd00::7 ::ffff:10.0.0.1 65535 2049\r\n"),
		SEED("PROXY UNKNOWN fd00::7 ::1 1 2\r\n"),
		SEED(V2 "\x21\x11\0\x0c\x0a\1\2\3\x0a\0\0\1\3\x67\x08\1"),
		SEED(V2 "\x21\x11\0\x11\x0a\1\2\3\x0a\0\0\1\3\x67\x08\1\4\0\2xx"),
		SEED(V2 "\x21\x21\0\x24\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7"
			 "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\1\2\3\3\x67\x08\1"),
		SEED(V2 "\x20\0\0\0"),
		SEED(V2 "\x21\0\0\0"),
		SEED(V2 "\x21\x31\0\xd8"),
		SEED(V2 "\x21\x11\xff\xff"),
	};
#undef SEED
#undef V2

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		for (unsigned cut = 0; cut < 3; cut++)
		{
			struct buffer seed = {.size = 0};

			put_8(&seed, (uint8_t) (16 * i + cut));
			put_bytes(&seed, headers[i].bytes,
					  headers[i].size - (cut == 0 ? 0 : 3 + 5 * cut));
			write_seed("proxy", &seed);
		}
}

static void
seeds_of_nfs4(void)
{
	struct buffer seed = {.size = 0};

	for (unsigned which = 0; seed_nfs4(&seed, which); which++)
	{
		write_seed("nfs4", &seed);
		seed.size = 0;
	}
}

int
main(int argc, char **argv)
{
	if (argc != 2)
	{
		fprintf(stderr, "usage: make_corpus DIRECTORY\n");
		return 1;
	}
	directory = argv[1];
	seeds_of_headers();
	seeds_of_proxies();
	seeds_of_proxied();
	for (unsigned which = 0; which < SEED_PROCEDURES; which++)
	{
		for (unsigned variant = 0; variant < 7; variant++)
			seeds_of_calls(which, variant);
		seed_of_rows(which, true);
		seed_of_rows(which, false);
		seeds_of_worker(which);
	}
	seeds_of_nfs4();
	return 0;
}
