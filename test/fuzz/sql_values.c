/* SPDX-License-Identifier: PostgreSQL */
/*
 * sql_values.c
 *	  Arguments for the SQL fuzzer: right ones, nearly right ones, and wild
 *	  ones.
 *
 * What an argument is for is told by its name, so that a right one is right;
 * each kind of value has its own ways of being wrong.  A name that is not
 * known here gets a value of its type.
 */
#include "dittofs_contract.h"
#include "sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) ((uint32_t) (sizeof(array) / sizeof((array)[0])))

#define HANDLES_MAX 128

struct handle
{
	unsigned char data[HANDLE_LEN];
};

static struct handle handles[KINDS][HANDLES_MAX];
static uint32_t handle_count[KINDS];

static char keys[16][64];
static uint32_t key_count;

static uint64_t state;

void
seed_random(uint64_t seed)
{
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* xorshift64* */
static uint64_t
any_64(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(2685821657736338717);
}

uint32_t
any(uint32_t below)
{
	return (uint32_t) (any_64() >> 32) % below;
}

bool
chance(uint32_t percent)
{
	return any(100) < percent;
}

void
forget_handles(void)
{
	memset(handle_count, 0, sizeof(handle_count));
}

void
remember_handle(enum kind kind, const void *data, size_t size)
{
	if (size == HANDLE_LEN && handle_count[kind] < HANDLES_MAX)
		memcpy(handles[kind][handle_count[kind]++].data, data, size);
}

void
remember_key(const char *key)
{
	if (key_count < COUNT(keys))
		snprintf(keys[key_count++], sizeof(keys[0]), "%s", key);
}

static bool
is_one_of(const char *name, const char *list)
{
	size_t		size = strlen(name);
	const char *at = list;

	while (size > 0 && (at = strstr(at, name)) != NULL)
	{
		if ((at == list || at[-1] == ' ') && (at[size] == ' ' || at[size] == 0))
			return true;
		at += size;
	}
	return false;
}

static struct value
bytes(const void *data, size_t size)
{
	struct value value = {.binary = true, .size = (int) size};

	value.data = malloc(size + 1);
	if (value.data == NULL)
		abort();
	if (size > 0)
		memcpy(value.data, data, size);
	value.data[size] = '\0';
	return value;
}

static struct value
text(const char *string)
{
	struct value value = bytes(string, strlen(string));

	value.binary = false;
	return value;
}

static const char *
one_of(const char *const *list, uint32_t count)
{
	return list[any(count)];
}

static struct value
wild_bytes(uint32_t size)
{
	struct value value;
	char	   *data = malloc(size + 1);

	if (data == NULL)
		abort();
	for (uint32_t i = 0; i < size; i++)
		data[i] = (char) any(256);
	value = bytes(data, size);
	free(data);
	return value;
}

/* Mostly short; once in a while more than any name, block or page. */
static uint32_t
any_size(void)
{
	static const uint32_t sizes[] = {
		0, 1, 2, 8, 33, 64, 65, 254, 255, 256, 1023, 1024, 4095, 4096, 8191
	};

	if (chance(2))
		return any(300000);
	if (chance(1))
		return 1 << 20;
	return chance(70) ? any(40) : sizes[any(COUNT(sizes))];
}

/*
 * Handles
 */

static const struct handle *
any_handle(enum kind wanted)
{
	static const struct handle none;
	enum kind	kind = chance(95) ? wanted : (enum kind) any(KINDS);

	return handle_count[kind] == 0 ? &none :
		&handles[kind][any(handle_count[kind])];
}

static struct value
make_handle(enum kind wanted, bool wild)
{
	struct handle handle = *any_handle(wanted);
	uint32_t	how = any(100);

	if (!wild)
		return bytes(handle.data, HANDLE_LEN);
	if (how < 35)
	{
		handle.data[any(HANDLE_LEN)] ^= (unsigned char) (1 << any(8));
		return bytes(handle.data, HANDLE_LEN);
	}
	if (how < 55)
	{
		/* one's share, another's file */
		memcpy(handle.data + HANDLE_FILE_AT,
			   any_handle(wanted)->data + HANDLE_FILE_AT, HANDLE_ID_LEN);
		return bytes(handle.data, HANDLE_LEN);
	}
	if (how < 70)
		return bytes(handle.data, any(HANDLE_LEN));
	if (how < 85)
	{
		struct value value = wild_bytes(HANDLE_LEN);

		value.data[0] = (char) handle.data[0];
		return value;
	}
	return wild_bytes(any_size());
}

/*
 * Names, paths
 */

static const char *const names[] = {
	"a", "b", "c", "d", "e", "f", "g", "h", "sub", "deep", "link", "big"
};

static struct value
make_name(bool wild)
{
	char		odd[256];

	if (!wild)
		return text(one_of(names, COUNT(names)));
	switch (any(9))
	{
		case 0:
			return text(".");
		case 1:
			return text("..");
		case 2:
			return text("");
		case 3:
			return bytes("a\0b", 3);
		case 4:
			return text("a/b");
		case 5:
			memset(odd, 'x', 255);
			return bytes(odd, 255);
		case 6:
			memset(odd, 'y', 256);
			return bytes(odd, 256);
		case 7:
			return text("\xff\xfe");
		default:
			return wild_bytes(any_size());
	}
}

static struct value
make_bytes_name(bool wild)
{
	struct value value = make_name(wild);

	value.binary = true;
	return value;
}

static const char *const shares[] = {
	"/fuzz", "/fuzz", "/fuzz", "/memory", "/squashed", "/readonly", "/s1",
	"/s2", "/fuzz/inner", "/", "", "relative", "//", "/a/../b", "/.",
	"/s1/", "/s\\303", "/ with blank"
};

/* Right ones come and go; '/fuzz' goes only where a wild one was meant. */
static struct value
make_share(bool wild)
{
	static const char *const spare[] = {"/s1", "/s2", "/memory"};

	return text(wild ? one_of(shares, COUNT(shares)) :
				one_of(spare, COUNT(spare)));
}

static struct value
make_path(bool wild)
{
	static const char *const paths[] = {
		"/fuzz", "/fuzz/a", "/fuzz/b", "/fuzz/big", "/fuzz/link", "/fuzz/sub",
		"/fuzz/sub/a", "/fuzz/sub/deep", "/fuzz/sub/deep/c", "/fuzz/f",
		"/memory", "/memory/a", "/memory/sub/b", "/squashed/a",
		"/readonly/a", "/fuzz/new", "/fuzz/sub/new", "/memory/new"
	};
	char		path[2048] = "";

	if (!wild)
		return text(one_of(paths, COUNT(paths)));
	if (chance(10))
		return wild_bytes(any_size());
	snprintf(path, sizeof(path), "%s",
			 shares[any(chance(90) ? 6 : COUNT(shares))]);
	for (uint32_t depth = any(4); depth > 0; depth--)
	{
		struct value name = make_name(chance(30));
		size_t		size = strlen(path);

		snprintf(path + size, sizeof(path) - size, "/%.300s", name.data);
		free(name.data);
	}
	return text(path);
}

/* The words of the interface, and words of no meaning. */
static struct value
make_word(const char *name, bool wild)
{
	static const struct
	{
		const char *name;
		const char *words[8];
	}			table[] = {
		{"how", {"unchecked", "guarded", "exclusive"}},
		{"kind", {"fifo", "socket", "block", "character", "regular",
			"directory", "symlink"}},
		{"stability", {"unstable", "data_sync", "file_sync"}},
		{"content", {"postgres", "memory"}},
		{"squash", {"none", "root", "all"}},
		{"atime", {"off", "relative", "strict"}},
		{"mode", {"0644", "0755", "0", "7777"}},
	};

	for (uint32_t i = 0; i < COUNT(table); i++)
	{
		uint32_t	count = 0;

		if (strcmp(table[i].name, name) != 0)
			continue;
		while (count < 8 && table[i].words[count] != NULL)
			count++;
		if (!wild)
			return text(table[i].words[any(count)]);
	}
	if (strcmp(name, "key") == 0 && key_count > 0 && !wild)
		return text(keys[any(key_count)]);
	if (strcmp(name, "value") == 0 && !wild)
		return text(chance(50) ? "100" : "1000000");
	if (chance(50))
	{
		struct value value = wild_bytes(any_size());

		/* most of it text */
		for (int i = 0; i < value.size && chance(95); i++)
			value.data[i] = (char) (value.data[i] & 127);
		value.binary = false;
		return value;
	}
	return chance(50) ? make_path(wild) : text("");
}

/*
 * Callers.  In text, and in the binary form of a gateway, of which some bytes
 * are changed.
 */

static void
put(char **at, uint64_t number, int size)
{
	while (size-- > 0)
		*(*at)++ = (char) (number >> 8 * size);
}

static struct value
make_binary_caller(bool wild)
{
	char		caller[256];
	char	   *at = caller;
	uint32_t	gids = any(wild ? 18 : 4);
	uint32_t	family = wild && chance(20) ? any(8) : any(2) * 2 + 4;
	struct value value;

	put(&at, 1, 2);
	put(&at, wild ? any(3) : 1, 2);
	put(&at, chance(50) ? 0 : any(3) * 1000, 4);
	put(&at, chance(50) ? 0 : any(3) * 1000, 4);
	put(&at, family, 2);
	for (uint32_t i = 0; i < (family == 4 ? 4u : family == 6 ? 16u : 0u); i++)
		put(&at, 10, 1);
	put(&at, any(2) * 600 + 700, 4);
	put(&at, gids, 2);
	for (uint32_t i = 0; i < gids; i++)
		put(&at, any(5) * 1000, 4);
	put(&at, any(2), 2);
	if (at[-1] != 0)
	{
		put(&at, any(20), 4);
		put(&at, any(3), 8);
	}
	value = bytes(caller, (size_t) (at - caller));
	if (wild && chance(50))
		value.data[any((uint32_t) value.size)] ^= (char) (1 << any(8));
	if (wild && chance(20))
		value.size = (int) any((uint32_t) value.size);
	return value;
}

static struct value
make_caller(bool wild)
{
	static const char *const callers[] = {
		"", "uid=0", "uid=1000 gid=100", "uid=1000 gid=1000 groups=100,4,27",
		"uid=1000 gid=100 client=10.0.0.7 port=871",
		"uid=4294967295 gid=4294967295", "auth=none client=10.1.1.1 port=2000",
		"client=::1 port=1", "client=::ffff:10.0.0.7",
		"uid=7 xid=1 checksum=1 client=10.0.0.7 port=700",
		"uid=4294967296", "uid=-1", "groups=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,"
		"16,17", "uid", "uid=", "uid=1 uid=2", "client=nowhere", "port=65536",
		"auth=strong", "checksum=99999999999999999999999", "=", "groups=,"
	};

	if (!wild && chance(50))
		return text("");
	if (chance(50))
		return make_binary_caller(wild);
	if (wild && chance(10))
		return make_word("caller", wild);
	return text(callers[any(!wild ? 5 : COUNT(callers))]);
}

/*
 * Numbers
 */

static int64_t
odd_number(void)
{
	static const int64_t numbers[] = {
		0, 1, 2, 3, 7, 255, 256, 420, 511, 4095, 4096, 65534, 65535, 131071,
		131072, 131073, 1048575, 1048576, 1048577, INT32_MAX, UINT32_MAX,
		(int64_t) UINT32_MAX + 1, INT64_C(1) << 40, INT64_C(1) << 62,
		INT64_MAX - 131072, INT64_MAX - 1, INT64_MAX, -1, -2, -131072,
		INT32_MIN, INT64_MIN + 1, INT64_MIN
	};

	if (chance(10))
		return (int64_t) any_64();
	return numbers[any(COUNT(numbers))];
}

/* One that means something, by what it is for. */
static int64_t
right_number(const char *name)
{
	if (is_one_of(name, "offset size count"))
		return any(400000);
	if (is_one_of(name, "mode root_mode"))
		return any(4096);
	if (is_one_of(name, "cookie guard"))
		return any(2);
	if (is_one_of(name, "rdev_major rdev_minor wanted status kind"))
		return any(64);
	if (is_one_of(name, "uid gid anonuid anongid root_uid root_gid"))
		return any(3) * 1000;
	return 4096 << any(8);
}

static struct value
make_number(const char *name, const char *type, bool wild)
{
	int64_t		number = wild ? odd_number() : right_number(name);
	char		decimal[32];

	if (strcmp(type, "int4") == 0 && chance(99))
		number = (int32_t) number;
	if (strcmp(type, "int2") == 0)
		number = (int16_t) number;
	snprintf(decimal, sizeof(decimal), "%" PRId64, number);
	return text(decimal);
}

static struct value
make_networks(bool wild)
{
	static const char *const lists[] = {
		"{}", "{10.0.0.0/8}", "{::/0}", "{10.0.0.0/8,127.0.0.1,::1}", "{NULL}",
		"{{10.0.0.1},{10.0.0.2}}", "{0.0.0.0/0}", "{10.0.0.7/33}", "{x}",
		"[5:5]={10.0.0.1}"
	};

	return text(one_of(lists, wild ? COUNT(lists) : 4));
}

/* How often in a hundred calls a right argument is NULL. */
static uint32_t
nulls_of(const char *name)
{
	if (is_one_of(name, "mode uid gid size atime mtime guard verifier"))
		return 40;
	return is_one_of(name,
					 "rtmax rtpref wtmax wtpref dtpref maxfilesize new_name"
					 " read_only squash anonuid anongid allowed_clients"
					 " denied_clients require_privileged_port"
					 " allow_auth_none") ? 8 : 0;
}

struct value
make_value(const char *name, const char *type, bool wild)
{
	if (chance(wild ? 10 : nulls_of(name)))
		return (struct value) {.null = true};
	if (strcmp(type, "caller") == 0)
		return make_caller(wild);
	if (strcmp(type, "bytea") == 0)
	{
		if (is_one_of(name, "dir from_dir to_dir parent"))
			return make_handle(OBJECT_DIRECTORY, wild);
		if (strcmp(name, "handle") == 0)
			return make_handle(chance(80) ? OBJECT_FILE : OBJECT_OTHER, wild);
		if (is_one_of(name, "name from_name to_name"))
			return make_bytes_name(wild);
		if (strcmp(name, "path") == 0)
		{
			struct value path = make_path(wild);

			path.binary = true;
			return path;
		}
		if (strcmp(name, "program") == 0)
			return make_program(wild);
		if (strcmp(name, "verifier") == 0 && !wild)
			return bytes("12345678", 8);
		return wild ? wild_bytes(any_size()) :
			wild_bytes(any(chance(10) ? 200000 : 3000));
	}
	if (is_one_of(type, "int2 int4 int8"))
		return make_number(name, type, wild);
	if (strcmp(type, "bool") == 0)
		return text(chance(wild ? 50 : 15) ? "t" : "f");
	if (strcmp(type, "_inet") == 0)
		return make_networks(wild);
	if (strcmp(type, "uuid") == 0)
		return text("01234567-89ab-7def-8123-456789abcdef");
	if (is_one_of(type, "text cstring"))
	{
		struct value value;

		if (is_one_of(name, "share new_name") ||
			(strcmp(name, "name") == 0 && chance(90)))
			value = make_share(wild);
		else if (is_one_of(name, "path source target existing root"))
			value = make_path(wild);
		else
			value = make_word(name, wild);
		value.binary = false;
		return value;
	}
	return text("");
}

void
describe_value(const struct value *value, char *to, size_t room)
{
	size_t		at = 0;
	int			shown = value->size < 80 ? value->size : 80;

	if (value->null)
	{
		snprintf(to, room, "NULL");
		return;
	}
	at += (size_t) snprintf(to, room, value->binary ? "'\\x" : "'");
	for (int i = 0; i < shown && at + 8 < room; i++)
	{
		unsigned char byte = (unsigned char) value->data[i];

		if (value->binary)
			at += (size_t) snprintf(to + at, room - at, "%02x", byte);
		else if (byte < ' ' || byte >= 127)
			at += (size_t) snprintf(to + at, room - at, "\\%03o", byte);
		else
			to[at++] = (char) byte;
	}
	snprintf(to + at, room - at, "'%s", shown < value->size ? "..." : "");
}
