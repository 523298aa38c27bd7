/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_clients.c
 *	  Several clients at once, through all gateways, on the same names: what
 *	  one does the others see, and every race has one winner.
 */
#include "lib.h"

#include <stdio.h>
#include <string.h>

#define CLIENTS 8

static struct client *clients[CLIENTS];
static struct handle dir;

/* The status of a reply, whatever follows it. */
static uint32_t
status_of_reply(struct client *c)
{
	struct reply r = receive(c);

	if (r.outcome != DONE)
		bail_out("a call was not accepted: %u", r.why);
	return take(&r);
}

/*
 * Every client sends the call that `write` writes, then all replies are read;
 * returns how many have this status.  Others than that and `or` are failures.
 */
static int
all_at_once(void (*write_call) (struct client *c, int number), uint32_t status,
			uint32_t or)
{
	int			count = 0;

	for (int i = 0; i < CLIENTS; i++)
	{
		write_call(clients[i], i);
		send_call(clients[i]);
	}
	for (int i = 0; i < CLIENTS; i++)
	{
		uint32_t	got = status_of_reply(clients[i]);

		if (got != status && got != or)
			is_status(got, or, "a reply of client %d", i);
		count += got == status;
	}
	return count;
}

static char race[32];

static void
write_create(struct client *c, int number)
{
	(void) number;
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_CREATE);
	put_handle(c, &dir);
	put_opaque(c, S(race));
	put(c, GUARDED);
	put_set(c, MODE(0644));
}

static void
write_mkdir(struct client *c, int number)
{
	(void) number;
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_MKDIR);
	put_handle(c, &dir);
	put_opaque(c, S(race));
	put_set(c, MODE(0755));
}

static void
write_remove(struct client *c, int number)
{
	(void) number;
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_REMOVE);
	put_handle(c, &dir);
	put_opaque(c, S(race));
}

static void
write_rename(struct client *c, int number)
{
	char		to[48];

	snprintf(to, sizeof(to), "%s-%d", race, number);
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_RENAME);
	put_handle(c, &dir);
	put_opaque(c, S(race));
	put_handle(c, &dir);
	put_opaque(c, S(to));
}

static void
test_races(void)
{
	enum
	{
		ROUNDS = 50
	};
	int			created = 0;
	int			renamed = 0;
	int			made = 0;
	int			removed = 0;

	for (int i = 0; i < ROUNDS; i++)
	{
		snprintf(race, sizeof(race), "race-%d", i);
		created += all_at_once(write_create, NFS3_OK, NFS3ERR_EXIST);
		renamed += all_at_once(write_rename, NFS3_OK, NFS3ERR_NOENT);
		made += all_at_once(write_mkdir, NFS3_OK, NFS3ERR_EXIST);
		v3_rmdir(clients[0], &dir, S(race));
		make_file(clients[0], &dir, race, 0644);
		removed += all_at_once(write_remove, NFS3_OK, NFS3ERR_NOENT);
	}
	is(created, ROUNDS, "of %d CREATEs of a name one succeeds", CLIENTS);
	is(renamed, ROUNDS, "of %d RENAMEs of a file one", CLIENTS);
	is(made, ROUNDS, "of %d MKDIRs one", CLIENTS);
	is(removed, ROUNDS, "of %d REMOVEs one", CLIENTS);
}

/* An entry in a directory that others try to remove. */
static void
test_create_against_rmdir(void)
{
	enum
	{
		ROUNDS = 100
	};
	int			lost = 0;
	int			created = 0;

	for (int i = 0; i < ROUNDS; i++)
	{
		struct handle sub = make_dir(clients[0], &dir, "doomed", 0755);
		struct client *creator = clients[1 + i % 2];
		struct client *remover = clients[3];
		bool		was_created;
		bool		was_removed;

		begin(creator, NFS_PROGRAM, NFS_V3, NFS3_CREATE);
		put_handle(creator, &sub);
		put_opaque(creator, S("file"));
		put(creator, GUARDED);
		put_set(creator, MODE(0644));
		begin(remover, NFS_PROGRAM, NFS_V3, NFS3_RMDIR);
		put_handle(remover, &dir);
		put_opaque(remover, S("doomed"));
		send_call(i % 3 ? creator : remover);
		send_call(i % 3 ? remover : creator);
		was_created = status_of_reply(creator) == NFS3_OK;
		was_removed = status_of_reply(remover) == NFS3_OK;
		created += was_created;
		lost += was_created == was_removed;
		if (was_created)
		{
			v3_remove(clients[0], &sub, S("file"));
			v3_rmdir(clients[0], &dir, S("doomed"));
		}
	}
	is(lost, 0, "either the file is made or its directory goes: "
	   "%d times of %d the file was", created, ROUNDS);
}

/* Two directories, each moved into the other. */
static void
test_crossing_moves(void)
{
	enum
	{
		ROUNDS = 50
	};
	struct client *one = clients[0];
	struct client *two = clients[1];
	int			both = 0;
	int			neither = 0;

	for (int i = 0; i < ROUNDS; i++)
	{
		struct handle a = make_dir(one, &dir, "cross-a", 0755);
		struct handle b = make_dir(one, &dir, "cross-b", 0755);
		uint32_t	first;
		uint32_t	second;

		begin(one, NFS_PROGRAM, NFS_V3, NFS3_RENAME);
		put_handle(one, &dir);
		put_opaque(one, S("cross-a"));
		put_handle(one, &b);
		put_opaque(one, S("a"));
		begin(two, NFS_PROGRAM, NFS_V3, NFS3_RENAME);
		put_handle(two, &dir);
		put_opaque(two, S("cross-b"));
		put_handle(two, &a);
		put_opaque(two, S("b"));
		send_call(one);
		send_call(two);
		first = status_of_reply(one);
		second = status_of_reply(two);
		both += first == NFS3_OK && second == NFS3_OK;
		neither += first != NFS3_OK && second != NFS3_OK;
		if (first == NFS3_OK)
		{
			v3_rmdir(one, &b, S("a"));
			v3_rmdir(one, &dir, S("cross-b"));
		}
		else
		{
			v3_rmdir(one, &a, S("b"));
			v3_rmdir(one, &dir, S("cross-a"));
		}
	}
	is(both, 0, "two crossing moves never both succeed: no loop");
	is(neither, 0, "and one of them always does");
}

/* Between two calls of one client another may have changed anything. */
static void
test_visibility(void)
{
	struct client *one = clients[0];
	struct client *two = clients[CLIENTS - 1];
	struct handle file = make_file(one, &dir, "shared", 0644);
	uint64_t	ctime = 0;
	int			stale = 0;
	int			backwards = 0;

	for (int i = 0; i < 200; i++)
	{
		struct client *writer = i % 2 ? one : two;
		struct client *reader = i % 2 ? two : one;
		char		text[16];
		struct result result;

		snprintf(text, sizeof(text), "%08d", i);
		result = v3_write(writer, &file, 0, S(text),
						  i % 3 ? UNSTABLE : FILE_SYNC);
		backwards += result.wcc.after.ctime <= ctime;
		ctime = result.wcc.after.ctime;
		stale += v3_getattr(reader, &file).attr.ctime != ctime;
		result = v3_read(reader, &file, 0, 8);
		stale += result.count != 8 || memcmp(result.data.data, text, 8) != 0;
	}
	is(stale, 0, "what one gateway has answered, the other shows");
	is(backwards, 0, "ctime grows with every change, whoever made it");
}

/* A hundred files a client in one directory, all at once. */
static void
test_hot_directory(void)
{
	enum
	{
		FILES = 100
	};
	struct handle hot = make_dir(clients[0], &dir, "hot", 0777);
	int			created = 0;
	struct result result;

	for (int f = 0; f < FILES; f++)
	{
		for (int i = 0; i < CLIENTS; i++)
		{
			char		name[32];

			snprintf(name, sizeof(name), "c%d-f%d", i, f);
			begin(clients[i], NFS_PROGRAM, NFS_V3, NFS3_CREATE);
			put_handle(clients[i], &hot);
			put_opaque(clients[i], S(name));
			put(clients[i], UNCHECKED);
			put_set(clients[i], MODE(0644));
			send_call(clients[i]);
		}
	}
	for (int f = 0; f < FILES; f++)
	{
		for (int i = 0; i < CLIENTS; i++)
			created += status_of_reply(clients[i]) == NFS3_OK;
	}
	is(created, FILES * CLIENTS, "%d creates in one directory, %d in flight",
	   FILES * CLIENTS, FILES * CLIENTS);
	result = v3_readdir(clients[0], &hot, 0, NULL, 1048576);
	ok(result.eof && result.entry_count == FILES * CLIENTS + 2,
	   "all are there");
}

int
main(void)
{
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = connect_to(i % gateway_count());
	dir = make_playground(clients[0]);
	test_races();
	test_create_against_rmdir();
	test_crossing_moves();
	test_visibility();
	test_hot_directory();
	for (int i = 0; i < CLIENTS; i++)
		disconnect(clients[i]);
	return done_testing();
}
