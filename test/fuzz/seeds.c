/* SPDX-License-Identifier: PostgreSQL */
/*
 * seeds.c
 *	  A right call and right results of every procedure, for the targets to
 *	  spoil: the corpus was made from them, and fuzz_worker uses them whole.
 *
 * A string describes each, a letter for each field.  Of arguments: h handle,
 * n name, p path, s sattr3, d data, 4 and 8 words of that size, v a verifier,
 * c how to create, k a kind for MKNOD, t how stable, o an optional time,
 * C a cookie, b a bool, L the lock of NLM, m the one who monitors.
 * Of rows: i int4, l int8, b bool, f attributes, w wcc, h handle, d bytes,
 * v a verifier, t how stable, g an array of groups, O the outcome of a lock,
 * - NULL.
 */
#include "fuzz.h"

#include "mount3.h"
#include "nfs3.h"
#include "wire/nlm.h"

static const struct seed
{
	const char *arguments;
	const char *success;
	const char *failure;
	const char *more;			/* of each further row */
}			nfs_seeds[] = {
	[NFSPROC3_NULL] = {"", "", "", NULL},
	[NFSPROC3_GETATTR] = {"h", "if", "i-", NULL},
	[NFSPROC3_SETATTR] = {"hso", "iw", "iw", NULL},
	[NFSPROC3_LOOKUP] = {"hn", "ihff", "i--f", NULL},
	[NFSPROC3_ACCESS] = {"h4", "ifi", "if-", NULL},
	[NFSPROC3_READLINK] = {"h", "ifd", "if-", NULL},
	[NFSPROC3_READ] = {"h84", "ifbd", "if--", NULL},
	[NFSPROC3_WRITE] = {"h8dt", "iwitv", "iw---", NULL},
	[NFSPROC3_CREATE] = {"hncs", "ihfw", "i--w", NULL},
	[NFSPROC3_MKDIR] = {"hns", "ihfw", "i--w", NULL},
	[NFSPROC3_SYMLINK] = {"hnsp", "ihfw", "i--w", NULL},
	[NFSPROC3_MKNOD] = {"hnk", "ihfw", "i--w", NULL},
	[NFSPROC3_REMOVE] = {"hn", "iw", "iw", NULL},
	[NFSPROC3_RMDIR] = {"hn", "iw", "iw", NULL},
	[NFSPROC3_RENAME] = {"hnhn", "iww", "iww", NULL},
	[NFSPROC3_LINK] = {"hhn", "ifw", "ifw", NULL},
	[NFSPROC3_READDIR] = {"h8v4", "ifb-----", "if------", "---ldl--"},
	[NFSPROC3_READDIRPLUS] = {"h8v44", "ifb-----", "if------", "---ldlfh"},
	[NFSPROC3_FSSTAT] = {"h", "iflllllli", "if-------", NULL},
	[NFSPROC3_FSINFO] = {"h", "iflllllllllillbbbb", "if----------------",
		NULL},
	[NFSPROC3_PATHCONF] = {"h", "iflllllllllillbbbb", "if----------------",
		NULL},
	[NFSPROC3_COMMIT] = {"h84", "iwv", "iw-", NULL},
};

static const struct seed mount_seeds[] = {
	[MOUNTPROC3_NULL] = {"", "", "", NULL},
	[MOUNTPROC3_MNT] = {"p", "ihb", "i--", NULL},
	[MOUNTPROC3_DUMP] = {"", "dd", "", "dd"},
	[MOUNTPROC3_UMNT] = {"p", "i", "i", NULL},
	[MOUNTPROC3_UMNTALL] = {"", "i", "i", NULL},
	[MOUNTPROC3_EXPORT] = {"", "dg", "", "d-"},
};

#define LOCK_ROW "iObdlli", "i-----i", NULL
#define NO_ROW "", "", NULL

/* Of all versions; 1 ends with GRANTED_RES. */
static const struct seed nlm_seeds[] = {
	[NLMPROC_NULL] = {"", NO_ROW},
	[NLMPROC_TEST] = {"CbL", LOCK_ROW},
	[NLMPROC_LOCK] = {"CbbLb4", LOCK_ROW},
	[NLMPROC_CANCEL] = {"CbbL", LOCK_ROW},
	[NLMPROC_UNLOCK] = {"CL", LOCK_ROW},
	[NLMPROC_GRANTED] = {"CbL", NO_ROW},
	[NLMPROC_TEST_MSG] = {"CbL", LOCK_ROW},
	[NLMPROC_LOCK_MSG] = {"CbbLb4", LOCK_ROW},
	[NLMPROC_CANCEL_MSG] = {"CbbL", LOCK_ROW},
	[NLMPROC_UNLOCK_MSG] = {"CL", LOCK_ROW},
	[NLMPROC_GRANTED_MSG] = {"CbL", NO_ROW},
	[NLMPROC_GRANTED_RES] = {"Cb", LOCK_ROW},
	[NLMPROC_SHARE] = {"Cnhnbbb", LOCK_ROW},
	[NLMPROC_UNSHARE] = {"Cnhnbbb", LOCK_ROW},
	[NLMPROC_NM_LOCK] = {"CbbLb4", LOCK_ROW},
	[NLMPROC_FREE_ALL] = {"n4", LOCK_ROW},
};

static const struct seed nsm_seeds[] = {
	{"", NO_ROW},
	{"n", NO_ROW},
	{"nmv8", NO_ROW},
	{"nm", NO_ROW},
	{"m", NO_ROW},
	{"", NO_ROW},
	{"n4", LOCK_ROW},
};

static const struct seed portmap_seeds[] = {
	{"", NO_ROW},
	{"4444", NO_ROW},
	{"4444", NO_ROW},
	{"4444", NO_ROW},
	{"", NO_ROW},
	{"444n", NO_ROW},
};

/* Of versions 3 and 4. */
static const struct seed rpcbind_seeds[] = {
	{"", NO_ROW},
	{"44nnn", NO_ROW},
	{"44nnn", NO_ROW},
	{"44nnn", NO_ROW},
	{"", NO_ROW},
	{"444n", NO_ROW},
	{"", NO_ROW},
	{"n", NO_ROW},
	{"4n", NO_ROW},
	{"44nnn", NO_ROW},
	{"444n", NO_ROW},
};

static const struct
{
	const struct program *program;
	const struct seed *seeds;
}			tables[] = {
	{&nfs3_program, nfs_seeds},
	{&mount3_program, mount_seeds},
	{&nlm4_program, nlm_seeds},
	{&nlm3_program, nlm_seeds},
	{&nlm1_program, nlm_seeds},
	{&nsm1_program, nsm_seeds},
	{&portmap2_program, portmap_seeds},
	{&rpcbind3_program, rpcbind_seeds},
	{&rpcbind4_program, rpcbind_seeds},
};

#define TABLES ((int) (sizeof(tables) / sizeof(tables[0])))

/* As many rows as a directory's page or a list of mounts has here. */
#define MORE_ROWS 5

const struct program *
seed_program(unsigned which, uint32_t *procedure)
{
	int			i = 0;

	which %= SEED_PROCEDURES;
	for (; which >= tables[i].program->procedure_count; i++)
	{
		which -= tables[i].program->procedure_count;
		CHECK(i + 1 < TABLES);
	}
	*procedure = tables[i].program->procedures[which] != NULL ? which : 0;
	return tables[i].program;
}

static const struct seed *
seed_of(const struct program *program, uint32_t procedure)
{
	int			i = 0;

	while (tables[i].program != program)
		i++;
	return &tables[i].seeds[procedure];
}

void
seed_header(struct buffer *b, uint32_t xid, const struct program *program,
			uint32_t procedure, uint32_t gids)
{
	put_32(b, xid);
	put_32(b, CALL);
	put_32(b, 2);
	put_32(b, program->number);
	put_32(b, program->version);
	put_32(b, procedure);
	put_32(b, AUTH_SYS);
	put_32(b, 4 + 4 + 8 + 4 + 4 + 4 + 4 * gids);
	put_32(b, 0);
	put_opaque(b, "client", 6);
	put_32(b, 1000);
	put_32(b, 100);
	put_32(b, gids);
	for (uint32_t i = 0; i < gids; i++)
		put_32(b, 200 + i);
	put_32(b, AUTH_NONE);
	put_32(b, 0);
}

static void
put_handle(struct buffer *b, unsigned variant)
{
	char		handle[33] = "\001handle-of-33-bytes--------------";

	handle[32] = (char) variant;
	put_opaque(b, handle, sizeof(handle));
}

static void
put_sattr(struct buffer *b, unsigned variant)
{
	for (int i = 0; i < 3; i++)
	{
		put_32(b, variant & 1);
		if (variant & 1)
			put_32(b, 420);
	}
	put_32(b, variant >> 1 & 1);
	if (variant >> 1 & 1)
		put_64(b, 10);
	for (int i = 0; i < 2; i++)
	{
		put_32(b, variant % 3);
		if (variant % 3 == 2)
			put_64(b, UINT64_C(1000000000) << 32 | 999999999);
	}
}

static void
put_lock(struct buffer *b, const struct program *program, unsigned variant)
{
	put_opaque(b, "client", variant % 7);
	put_handle(b, variant);
	put_opaque(b, "owner", variant % 6);
	put_32(b, variant);
	for (int i = 0; i < 2; i++)
	{
		if (program->version == 4)
			put_32(b, 0);
		put_32(b, variant);
	}
}

static void
put_argument(struct buffer *b, const struct program *program, char letter,
			 unsigned variant, int position)
{
	switch (letter)
	{
		case 'h':
			put_handle(b, variant + (unsigned) position);
			break;
		case 'n':
			put_opaque(b, "name", variant % 5);
			break;
		case 'p':
			put_opaque(b, "/export/dir", 11);
			break;
		case 's':
			put_sattr(b, variant);
			break;
		case 'd':
			put_32(b, 8 + variant % 4);
			break;
		case '4':
			put_32(b, 4096);
			break;
		case '8':
			put_64(b, variant % 2 ? UINT64_C(0x7ffffffffffff000) : 131072);
			break;
		case 'v':
			put_bytes(b, "verifier", 8);
			break;
		case 'c':
			put_32(b, variant % 2);
			break;
		case 'k':
			put_32(b, NF3REG + variant % 7);
			put_sattr(b, variant);
			put_64(b, 8);
			break;
		case 't':
			put_32(b, variant % 3);
			put_opaque(b, "some data of it", 8 + variant % 4);
			break;
		case 'o':
			put_32(b, variant % 2);
			if (variant % 2)
				put_64(b, 1);
			break;
		case 'C':
			put_opaque(b, "cookie", variant % 7);
			break;
		case 'b':
			put_32(b, variant % 2);
			break;
		case 'L':
			put_lock(b, program, variant);
			break;
		case 'm':
			put_opaque(b, "me", 2);
			put_bytes(b, "\0\1\x86\xb5\0\0\0\4\0\0\0\20", 12);
			break;
	}
}

void
seed_arguments(struct buffer *b, const struct program *program,
			   uint32_t procedure, unsigned variant)
{
	const char *letters;

	/* an exclusive creation has a verifier where others have attributes */
	if (program == &nfs3_program && procedure == NFSPROC3_CREATE &&
		variant % 3 == 2)
	{
		put_handle(b, variant);
		put_opaque(b, "name", 4);
		put_32(b, EXCLUSIVE);
		put_bytes(b, "verifier", 8);
		return;
	}
	letters = seed_of(program, procedure)->arguments;
	for (int i = 0; letters[i] != 0; i++)
		put_argument(b, program, letters[i], variant, i);
}

static void
put_fattr(struct buffer *b)
{
	put_32(b, NF3REG);
	for (int i = 0; i < 4; i++)
		put_32(b, 1000);
	put_64(b, 4096);
	put_64(b, 4096);
	put_64(b, 0);
	put_64(b, 7);
	put_64(b, 42);
	for (int i = 0; i < 3; i++)
		put_64(b, UINT64_C(1700000000123456789));
}

/* text[] of two */
static void
put_groups(struct buffer *b)
{
	put_32(b, 1);
	put_32(b, 0);
	put_32(b, 25);
	put_32(b, 2);
	put_32(b, 1);
	put_32(b, 10);
	put_bytes(b, "10.0.0.0/8", 10);
	put_32(b, 4);
	put_bytes(b, "::/0", 4);
}

static void
put_value(struct buffer *b, char letter, uint32_t number)
{
	switch (letter)
	{
		case 'i':
			put_32(b, number);
			break;
		case 'l':
			put_64(b, 1000 + number);
			break;
		case 'b':
			put_8(b, 1);
			break;
		case 'f':
			put_fattr(b);
			break;
		case 'w':
			put_8(b, 1);
			put_64(b, 10);
			put_64(b, 1);
			put_64(b, 2);
			put_8(b, 1);
			put_fattr(b);
			break;
		case 'h':
			put_bytes(b, "\001handle-of-33-bytes--------------", 33);
			break;
		case 'd':
			put_bytes(b, "some-bytes", 10 - number % 4);
			break;
		case 'v':
			put_bytes(b, "verifier", 8);
			break;
		case 't':
			put_bytes(b, "file_sync", 9);
			break;
		case 'g':
			put_groups(b);
			break;
		case 'O':
			put_bytes(b, "denied", 6);
			break;
	}
}

bool
seed_row(struct buffer *b, const struct program *program, uint32_t procedure,
		 bool success, int number)
{
	const struct seed *seed = seed_of(program, procedure);
	const char *letters = success ? seed->success : seed->failure;

	if (number > 0)
		letters = seed->more;
	if (letters == NULL || *letters == '\0' ||
		(number > 0 && (!success || number > MORE_ROWS)))
		return false;
	put_32(b, (uint32_t) strlen(letters));
	for (const char *at = letters; *at; at++)
	{
		struct buffer value = {.size = 0};
		uint32_t	status = success ? 0 : NFS3ERR_STALE;

		put_value(&value, *at, at == letters ? status : (uint32_t) number);
		put_32(b, 17);
		put_32(b, *at == '-' ? UINT32_MAX : (uint32_t) value.size);
		put_bytes(b, value.data, value.size);
	}
	return true;
}
