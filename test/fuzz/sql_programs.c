/* SPDX-License-Identifier: PostgreSQL */
/*
 * sql_programs.c
 *	  Programs of COMPOUND (dittofs_compound.h) for the SQL fuzzer: operations
 *	  of all kinds, most of them as a client would send them.
 *
 * Sessions and stateids are gathered from the tables.  An operation's arguments
 * are made by its signature; those of operations with functions of their own,
 * here.  A wild program has fields that are wrong, or bytes that are changed.
 */
#include "dittofs_compound.h"
#include "sql.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) ((uint32_t) (sizeof(array) / sizeof((array)[0])))
#define SESSIONS_MAX 16
#define STATEIDS_MAX 64

struct operation
{
	uint32_t	number;
	const char *arguments;
};

#define OPERATION(number, name, arguments, results, class) {number, arguments},
static const struct operation operations[] = {
	NFS4_OPERATIONS(OPERATION)
};

struct attribute
{
	int			bit;
	const char *form;
};

#define ATTRIBUTE(bit, name, form) {bit, form},
static const struct attribute attributes[] = {
	NFS4_ATTRIBUTES(ATTRIBUTE)
};

static struct
{
	unsigned char id[NFS4_SESSION_ID_LEN];
	uint64_t	client;
}			sessions[SESSIONS_MAX];
static uint32_t session_count;

static unsigned char stateids[STATEIDS_MAX][4 + NFS4_OTHER_LEN];
static uint32_t stateid_count;

/* Numbers of requests only grow, so most are new. */
static uint32_t seqid = 1;

struct buffer
{
	unsigned char *data;
	size_t		size;
	size_t		room;
	bool		wild;
};

void
forget_states(void)
{
	session_count = stateid_count = 0;
}

void
remember_session(const void *id, uint64_t client)
{
	if (session_count == SESSIONS_MAX)
		return;
	memcpy(sessions[session_count].id, id, NFS4_SESSION_ID_LEN);
	sessions[session_count++].client = client;
}

void
remember_stateid(const void *stateid)
{
	if (stateid_count < STATEIDS_MAX)
		memcpy(stateids[stateid_count++], stateid, sizeof(stateids[0]));
}

/*
 * Fields
 */

static void
put(struct buffer *out, const void *data, size_t size)
{
	if (out->size + size > out->room)
	{
		out->room = (out->size + size) * 2;
		out->data = realloc(out->data, out->room);
		if (out->data == NULL)
			abort();
	}
	if (size > 0)
		memcpy(out->data + out->size, data, size);
	out->size += size;
}

static void
put_i(struct buffer *out, uint32_t number)
{
	unsigned char bytes[4];

	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char) (number >> (24 - 8 * i));
	put(out, bytes, sizeof(bytes));
}

static void
put_l(struct buffer *out, uint64_t number)
{
	put_i(out, (uint32_t) (number >> 32));
	put_i(out, (uint32_t) number);
}

static void
put_o(struct buffer *out, const void *data, size_t size)
{
	put_i(out, (uint32_t) size);
	put(out, data, size);
}

/* The value as an opaque; frees it. */
static void
put_value(struct buffer *out, struct value value)
{
	put_o(out, value.data, (size_t) value.size);
	free(value.data);
}

/* A name, or a handle, of sql_values.c. */
static void
put_made(struct buffer *out, const char *name)
{
	bool		wild = out->wild && chance(30);
	struct value value;

	do
		value = make_value(name, "bytea", wild);
	while (value.null);
	put_value(out, value);
}

static void
put_number(struct buffer *out)
{
	static const uint32_t odd[] = {
		4, 7, 8, 16, 31, 32, 63, 64, 255, 511, 1024, 4096, 65536, 1048576,
		0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff
	};

	put_i(out, chance(75) ? any(4) : odd[any(COUNT(odd))]);
}

static void
put_long(struct buffer *out)
{
	static const uint64_t odd[] = {
		1, 4095, 4096, 131072, UINT64_C(1) << 32, UINT64_C(1) << 40,
		INT64_MAX - 1, INT64_MAX, (uint64_t) INT64_MAX + 1, UINT64_MAX - 1,
		UINT64_MAX
	};

	put_l(out, chance(60) ? any(300000) : chance(40) ? 0 :
		  odd[any(COUNT(odd))]);
}

static void
put_random(struct buffer *out, size_t size)
{
	for (size_t i = 0; i < size; i++)
	{
		unsigned char byte = (unsigned char) any(256);

		put(out, &byte, 1);
	}
}

static void
put_stateid(struct buffer *out)
{
	static const unsigned char zeros[4 + NFS4_OTHER_LEN];
	unsigned char ones[4 + NFS4_OTHER_LEN];
	uint32_t	how = any(100);

	memset(ones, 0xff, sizeof(ones));
	if (how < 60)
	{
		/* the current one */
		put_i(out, 1);
		put(out, zeros, NFS4_OTHER_LEN);
	}
	else if (how < 80 && stateid_count > 0)
	{
		const unsigned char *known = stateids[any(stateid_count)];

		/* mostly the newest of it */
		if (chance(70))
			put_i(out, 0);
		else
			put(out, known, 4);
		put(out, known + 4, NFS4_OTHER_LEN);
	}
	else if (how < 93)
		put(out, how < 86 ? zeros : ones, sizeof(zeros));
	else
		put_random(out, sizeof(zeros));
}

static void
put_session(struct buffer *out)
{
	if (session_count == 0 || chance(2))
		put_random(out, NFS4_SESSION_ID_LEN);
	else
		put(out, sessions[any(session_count)].id, NFS4_SESSION_ID_LEN);
}

static void
put_client(struct buffer *out)
{
	if (session_count == 0 || chance(10))
		put_long(out);
	else
		put_l(out, sessions[any(session_count)].client);
}

static void
put_owner(struct buffer *out)
{
	static const char *const owners[] = {"one", "two", "three"};
	const char *owner = owners[any(COUNT(owners))];

	if (out->wild && chance(10))
		put_value(out, make_value("data", "bytea", true));
	else
		put_o(out, owner, strlen(owner));
}

static void
put_bitmap(struct buffer *out)
{
	uint32_t	words[NFS4_BITMAP_WORDS] = {0};

	for (uint32_t i = 0; i < COUNT(attributes); i++)
	{
		int			bit = attributes[i].bit;
		/* these can only be set */
		bool		odd = strchr(attributes[i].form, 'T') != NULL ||
			bit == NFS4_ATTR_MODE_UMASK;

		if (chance(odd ? 1 : 30))
			words[bit / 32] |= 1u << bit % 32;
	}
	if (chance(3))
		words[any(NFS4_BITMAP_WORDS)] = any(UINT32_MAX);
	for (int i = 0; i < NFS4_BITMAP_WORDS; i++)
		put_i(out, words[i]);
}

static void put_form(struct buffer *out, const char *form);

static void
put_attributes(struct buffer *out)
{
	uint32_t	words[NFS4_BITMAP_WORDS] = {0};
	struct buffer values = {.wild = out->wild};

	for (uint32_t i = 0; i < COUNT(attributes); i++)
	{
		int			bit = attributes[i].bit;
		/* those that can be set, and the others hardly ever */
		bool		settable = bit == NFS4_ATTR_SIZE || bit == NFS4_ATTR_MODE ||
			bit == NFS4_ATTR_OWNER || bit == NFS4_ATTR_OWNER_GROUP ||
			bit == NFS4_ATTR_TIME_ACCESS_SET ||
			bit == NFS4_ATTR_TIME_MODIFY_SET || bit == NFS4_ATTR_MODE_UMASK;

		if (!chance(settable ? 15 : out->wild ? 3 : 0))
			continue;
		words[bit / 32] |= 1u << bit % 32;
		if (bit == NFS4_ATTR_MODE)
			put_i(&values, chance(90) ? any(4096) : any(1u << 31));
		else if (bit == NFS4_ATTR_OWNER || bit == NFS4_ATTR_OWNER_GROUP)
			put_o(&values, "1000", 4);
		else
			put_form(&values, attributes[i].form);
	}
	for (int i = 0; i < NFS4_BITMAP_WORDS; i++)
		put_i(out, words[i]);
	put_o(out, values.data, values.size);
	free(values.data);
}

static void
put_form(struct buffer *out, const char *form)
{
	for (; *form != '\0'; form++)
		switch (*form)
		{
			case 'i':
				put_number(out);
				break;
			case 'l':
				put_long(out);
				break;
			case 'o':
				put_made(out, "name");
				break;
			case 's':
				put_stateid(out);
				break;
			case 'S':
				put_session(out);
				break;
			case 'v':
				put(out, "12345678", NFS4_VERIFIER_LEN);
				break;
			case 'b':
				put_bitmap(out);
				break;
			case 'a':
				put_attributes(out);
				break;
			case 't':
				put_l(out, any(2000000000));
				put_i(out, chance(95) ? any(1000000000) : 0xffffffff);
				break;
			case 'T':
				if (chance(50))
					put_i(out, 0);
				else
				{
					put_i(out, 1);
					put_form(out, "t");
				}
				break;
			default:
				abort();
		}
}

/*
 * Operations with functions of their own
 */

static void
put_create(struct buffer *out)
{
	uint32_t	type = chance(40) ? 2 : any(9);

	put_i(out, type);
	if (type == 5)
		put_made(out, "name");
	else if (type == 3 || type == 4)
		put_form(out, "ii");
	put_made(out, "name");
	put_attributes(out);
}

static void
put_lock(struct buffer *out)
{
	uint32_t	new = chance(70);

	put_i(out, 1 + any(4));
	put_i(out, chance(95) ? 0 : 1);
	put_long(out);
	put_long(out);
	put_i(out, new);
	if (new)
	{
		put_i(out, 0);
		put_stateid(out);
		put_i(out, 0);
		put_client(out);
		put_owner(out);
	}
	else
		put_form(out, "si");
}

static void
put_open(struct buffer *out)
{
	uint32_t	how = chance(60) ? 0 : any(4);
	uint32_t	claim = chance(85) ? 0 : chance(70) ? 4 : any(8);
	uint32_t	create = chance(75);

	put_i(out, 0);
	put_i(out, 1 + any(3));
	put_i(out, chance(90) ? 0 : any(4));
	put_client(out);
	put_owner(out);
	put_i(out, create);
	if (create)
	{
		put_i(out, how);
		if (how >= 2)
			put_form(out, "v");
		if (how != 2)
			put_attributes(out);
	}
	put_i(out, claim);
	if (claim == 0 || claim == 3)
		put_made(out, "name");
	else if (claim == 1)
		put_i(out, any(3));
	else if (claim == 2)
	{
		put_stateid(out);
		put_made(out, "name");
	}
	else if (claim == 5)
		put_stateid(out);
}

static void
put_write(struct buffer *out)
{
	put_stateid(out);
	put_long(out);
	put_i(out, any(4));
	/* beside it: there is a byte for each, or none */
	if (chance(80))
	{
		put_i(out, NFS4_DATA_HERE);
		put_value(out, make_value("data", "bytea", false));
	}
	else
	{
		put_i(out, NFS4_DATA_BESIDE);
		put_i(out, any(100));
	}
}

static void
put_exchange(struct buffer *out)
{
	uint32_t	how = chance(90) ? 0 : any(3);
	uint32_t	ids = any(2);

	put_form(out, "v");
	put_owner(out);
	put_i(out, chance(80) ? 0 : any(1u << 31));
	put_i(out, how);
	if (how == 1)
		put_form(out, "bb");
	put_i(out, ids);
	if (ids)
		put_form(out, "ooli");
}

static void
put_create_session(struct buffer *out)
{
	put_client(out);
	put_i(out, any(4));
	put_i(out, any(4));
	for (int i = 0; i < 2; i++)
	{
		put_i(out, 0);
		put_i(out, chance(90) ? 1049600 : any(2000));
		put_i(out, chance(90) ? 1049600 : any(2000));
		put_i(out, chance(90) ? 65536 : any(2000));
		put_i(out, chance(90) ? 16 : any(3));
		put_i(out, chance(90) ? 64 : any(3));
	}
	put_i(out, any(1u << 31));
}

static void
put_own(struct buffer *out, uint32_t number)
{
	uint32_t	count;

	switch (number)
	{
		case NFS4_OP_CREATE:
			put_create(out);
			break;
		case NFS4_OP_LOCK:
			put_lock(out);
			break;
		case NFS4_OP_OPEN:
			put_open(out);
			break;
		case NFS4_OP_WRITE:
			put_write(out);
			break;
		case NFS4_OP_BACKCHANNEL_CTL:
			put_i(out, any(100));
			break;
		case NFS4_OP_EXCHANGE_ID:
			put_exchange(out);
			break;
		case NFS4_OP_CREATE_SESSION:
			put_create_session(out);
			break;
		case NFS4_OP_TEST_STATEID:
			count = any(5);
			put_i(out, count);
			while (count-- > 0)
				put_stateid(out);
			break;
		case NFS4_OP_COPY:
			put_form(out, "sslll");
			put_i(out, 1);
			put_i(out, any(2));
			put_i(out, 0);
			break;
		default:
			/* those of pNFS and the like have no arguments here */
			break;
	}
}

/* directory: what PUTFH is to go to */
static void
put_operation(struct buffer *out, uint32_t number, bool directory)
{
	struct buffer arguments = {.wild = out->wild};
	const char *form = "";

	for (uint32_t i = 0; i < COUNT(operations); i++)
		if (operations[i].number == number)
			form = operations[i].arguments;
	if (number == NFS4_OP_PUTFH)
		put_made(&arguments, directory ? "dir" : "handle");
	else if (number == NFS4_OP_SEQUENCE)
	{
		put_session(&arguments);
		put_i(&arguments, chance(95) ? ++seqid : seqid);
		put_i(&arguments, any(chance(90) ? 4 : 70));
		put_i(&arguments, 63);
		put_i(&arguments, any(2));
	}
	else if (*form == '*')
		put_own(&arguments, number);
	else
		put_form(&arguments, form);
	if (out->wild && arguments.size > 0 && chance(10))
		arguments.data[any((uint32_t) arguments.size)] ^=
			(unsigned char) (1 << any(8));
	if (out->wild && chance(5))
		arguments.size = any((uint32_t) arguments.size + 1);
	put_i(out, number);
	put_o(out, arguments.data, arguments.size);
	free(arguments.data);
}

/*
 * Programs
 */

static void
put_head(struct buffer *out, uint32_t count)
{
	put_i(out, NFS4_PROGRAM_VERSION);
	put_i(out, chance(97) ? 1 + any(2) : any(4));
	put_l(out, (uint64_t) any(1u << 31) << 20 | any(1u << 20));
	put_i(out, count);
	put_i(out, chance(98) ? 1000 : any(3000000));
	put_i(out, chance(98) ? 100 : any(3000000));
	put_i(out, count);
}

static void
put_right_head(struct buffer *out, uint32_t count)
{
	put_i(out, NFS4_PROGRAM_VERSION);
	put_i(out, 1);
	put_l(out, ++seqid);
	put_i(out, count);
	put_i(out, 1000);
	put_i(out, 100);
	put_i(out, count);
}

static struct value
value_of(struct buffer *out)
{
	return (struct value) {.binary = true, .data = (char *) out->data,
		.size = (int) out->size};
}

/* What the program's current filehandle is by now, if all has gone well. */
enum here
{
	NOWHERE,
	AT_DIRECTORY,
	AT_FILE,
	AT_OPEN_FILE
};

/* An operation that a client may send there. */
static uint32_t
choose(enum here here, bool saved)
{
	static const uint32_t at_directory[] = {
		NFS4_OP_OPEN, NFS4_OP_OPEN, NFS4_OP_OPEN, NFS4_OP_OPEN, NFS4_OP_LOOKUP,
		NFS4_OP_LOOKUP, NFS4_OP_CREATE, NFS4_OP_REMOVE, NFS4_OP_READDIR,
		NFS4_OP_GETATTR, NFS4_OP_SETATTR, NFS4_OP_SAVEFH, NFS4_OP_RESTOREFH
	};
	static const uint32_t with_saved[] = {
		NFS4_OP_RENAME, NFS4_OP_LINK, NFS4_OP_COPY, NFS4_OP_CLONE
	};
	static const uint32_t at_file[] = {
		NFS4_OP_GETATTR, NFS4_OP_READ, NFS4_OP_WRITE, NFS4_OP_LOCK,
		NFS4_OP_LOCK, NFS4_OP_LOCKT, NFS4_OP_LOCKU, NFS4_OP_CLOSE,
		NFS4_OP_SETATTR, NFS4_OP_COMMIT, NFS4_OP_OPEN_DOWNGRADE, NFS4_OP_SEEK,
		NFS4_OP_ALLOCATE, NFS4_OP_DEALLOCATE, NFS4_OP_READ_PLUS,
		NFS4_OP_SETXATTR, NFS4_OP_GETXATTR, NFS4_OP_LISTXATTRS,
		NFS4_OP_REMOVEXATTR, NFS4_OP_SAVEFH
	};

	if (chance(15))
		return operations[any(COUNT(operations))].number;
	if (saved && here != NOWHERE && chance(30))
		return with_saved[any(COUNT(with_saved))];
	if (here == AT_DIRECTORY)
		return at_directory[any(COUNT(at_directory))];
	return here == NOWHERE ? NFS4_OP_PUTFH : at_file[any(COUNT(at_file))];
}

struct value
make_program(bool wild)
{
	static const uint32_t sessionless[4] = {
		NFS4_OP_EXCHANGE_ID, NFS4_OP_CREATE_SESSION, NFS4_OP_DESTROY_SESSION,
		NFS4_OP_DESTROY_CLIENTID
	};
	struct buffer out = {.wild = wild};
	uint32_t	count;
	bool		alone = chance(5);	/* without a session */
	enum here	here = NOWHERE;
	bool		saved = false;

	count = alone && chance(80) ? 1 : 1 + any(wild && chance(5) ? 80 : 10);
	put_head(&out, count + !alone);
	if (!alone)
		put_operation(&out, NFS4_OP_SEQUENCE, false);
	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t	number = alone && i == 0 ? sessionless[any(4)] :
			choose(here, saved);
		bool		directory = chance(70);

		put_operation(&out, number, directory);
		saved |= number == NFS4_OP_SAVEFH;
		if (number == NFS4_OP_PUTFH)
			here = directory ? AT_DIRECTORY : AT_FILE;
		else if (number == NFS4_OP_OPEN)
			here = AT_OPEN_FILE;
		else if (number == NFS4_OP_LOOKUP || number == NFS4_OP_RESTOREFH)
			here = AT_FILE;
		else if (saved && here == AT_OPEN_FILE && chance(10))
			here = NOWHERE;
	}
	if (wild && chance(10))
		out.data[any((uint32_t) out.size)] ^= (unsigned char) (1 << any(8));
	if (wild && chance(5))
		out.size = any((uint32_t) out.size + 1);
	return value_of(&out);
}

struct value
exchange_program(const char *owner)
{
	struct buffer out = {0};

	put_right_head(&out, 1);
	put_i(&out, NFS4_OP_EXCHANGE_ID);
	put_i(&out, (uint32_t) (NFS4_VERIFIER_LEN + 4 + strlen(owner) + 12));
	put(&out, "verifier", NFS4_VERIFIER_LEN);
	put_o(&out, owner, strlen(owner));
	put_i(&out, 0);
	put_i(&out, 0);
	put_i(&out, 0);
	return value_of(&out);
}

struct value
session_program(const void *client_and_sequence)
{
	struct buffer out = {0};

	put_right_head(&out, 1);
	put_i(&out, NFS4_OP_CREATE_SESSION);
	put_i(&out, 12 + 4 + 12 * 4 + 4);
	put(&out, client_and_sequence, 12);
	put_i(&out, 0);
	for (int i = 0; i < 2; i++)
	{
		put_i(&out, 0);
		put_i(&out, 1049600);
		put_i(&out, 1049600);
		put_i(&out, 65536);
		put_i(&out, 64);
		put_i(&out, 64);
	}
	put_i(&out, 1);
	return value_of(&out);
}

struct value
reclaim_program(const void *session)
{
	struct buffer out = {0};

	put_right_head(&out, 2);
	put_i(&out, NFS4_OP_SEQUENCE);
	put_i(&out, NFS4_SESSION_ID_LEN + 16);
	put(&out, session, NFS4_SESSION_ID_LEN);
	put_i(&out, ++seqid);
	put_i(&out, 0);
	put_i(&out, 0);
	put_i(&out, 0);
	put_i(&out, NFS4_OP_RECLAIM_COMPLETE);
	put_i(&out, 4);
	put_i(&out, 0);
	return value_of(&out);
}
