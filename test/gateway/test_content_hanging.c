/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_content_hanging.c
 *	  What clients see when the directory of a store hangs, as a hard NFS mount
 *	  does whose server is gone: data of that store is to be asked for again,
 *	  and nothing else is concerned.
 *
 * A block that is a FIFO stands for it: who opens it waits until somebody
 * opens the other end.  The store has four threads, and a call two seconds
 * (test/with-gateway -c hanging).
 */
#include "lib.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The share's blocks */
#define BLOCK 131072
#define BLOCKS 12
#define THREADS 4

static struct client *c;
static struct handle dir;
static char block[BLOCK];
static char paths[BLOCKS][1024];

static void
sleep_ms(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

static void
make_bytes(int number)
{
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char) (i * 31 + (size_t) number * 17);
	memcpy(block, &number, sizeof(number));
}

/* Where a block of the file is, in the gateways' directory. */
static void
find_path(int number)
{
	const char *name = sql("SELECT substr(h, 1, 2) || '/' || substr(h, 3, 2) ||"
						   " '/' || h FROM (SELECT encode(hash, 'hex') AS h"
						   " FROM dittofs.extents WHERE start = %d AND"
						   " content_id = (SELECT id FROM dittofs.files"
						   " WHERE size = %d)) x", number * BLOCK,
						   BLOCKS * BLOCK);

	snprintf(paths[number], sizeof(paths[number]), "%s/content/%s",
			 getenv("DITTOFS_RUN"), name);
}

static void
hang_block(const char *path)
{
	char		aside[1100];

	snprintf(aside, sizeof(aside), "%s.aside", path);
	if (rename(path, aside) != 0 || mkfifo(path, 0600) != 0 ||
		chmod(path, 0666) != 0)
		bail_out("%s: %s", path, strerror(errno));
}

/* All that wait for the FIFO go on, and find no bytes in it. */
static void
release_block(const char *path)
{
	char		aside[1100];
	int			fd;

	snprintf(aside, sizeof(aside), "%s.aside", path);
	while ((fd = open(path, O_WRONLY | O_NONBLOCK)) >= 0)
	{
		close(fd);
		sleep_ms(20);
	}
	if (rename(aside, path) != 0)
		bail_out("%s: %s", path, strerror(errno));
}

static void
send_read(struct client *from, const struct handle *file, int number)
{
	begin(from, NFS_PROGRAM, NFS_V3, NFS3_READ);
	put_handle(from, file);
	put64(from, (uint64_t) number * BLOCK);
	put(from, BLOCK);
	send_call(from);
}

static uint32_t
next_status(struct client *from)
{
	struct reply reply = receive(from);

	return reply.outcome == DONE ? take(&reply) : 1;
}

/* Reads a block of the file until it is read. */
static bool
comes_back(const struct handle *file, int number)
{
	make_bytes(number);
	for (int waited = 0; waited < PATIENCE_MS; waited += 100)
	{
		struct result result = v3_read(c, file, (uint64_t) number * BLOCK,
									   BLOCK);

		if (result.status == NFS3_OK)
			return result.data.size == BLOCK &&
				memcmp(result.data.data, block, BLOCK) == 0;
		if (result.status != NFS3ERR_JUKEBOX)
		{
			note("READ: status %u", result.status);
			return false;
		}
		sleep_ms(100);
	}
	return false;
}

static struct handle
write_file(void)
{
	struct handle file = make_file(c, &dir, "hangs", 0644);
	int			written = 0;

	for (int i = 0; i < BLOCKS; i++)
	{
		make_bytes(i);
		written += v3_write(c, &file, (uint64_t) i * BLOCK, B(block, BLOCK),
							FILE_SYNC).status == NFS3_OK;
	}
	is(written, BLOCKS, "a file is written");
	for (int i = 0; i < BLOCKS; i++)
		find_path(i);
	return file;
}

/* More READs than there are threads, of blocks of which none can be opened. */
static void
test_all_hang(const struct handle *file)
{
	struct client *reader = connect_to(0);
	struct result result;
	int			jukebox = 0;

	for (int i = 1; i < BLOCKS; i++)
		hang_block(paths[i]);
	for (int i = 1; i < BLOCKS; i++)
		send_read(reader, file, i);
	result = v3_getattr(c, file);
	is_status(result.status, NFS3_OK, "who wants no data is answered");
	for (int i = 1; i < BLOCKS; i++)
		jukebox += next_status(reader) == NFS3ERR_JUKEBOX;
	is(jukebox, BLOCKS - 1, "READs of a store that hangs are to be sent again");
	result = v3_getattr(reader, file);
	is_status(result.status, NFS3_OK, "their connection serves");

	result = v3_read(reader, file, 0, BLOCK);
	is_status(result.status, NFS3_OK, "other blocks of the store are read");
	result = v3_write(reader, file, (uint64_t) BLOCKS * BLOCK,
					  B(block, BLOCK), FILE_SYNC);
	is_status(result.status, NFS3_OK, "and written: threads are replaced");

	/* The first four have a thread that hangs; others would take more. */
	for (int i = 1; i < BLOCKS; i++)
		send_read(reader, file, i);
	jukebox = 0;
	for (int i = 1; i < BLOCKS; i++)
		jukebox += next_status(reader) == NFS3ERR_JUKEBOX;
	is(jukebox, BLOCKS - 1, "the same READs once more, too");

	/* Now all threads hang that there may be. */
	result = v3_read(reader, file, 0, BLOCK);
	is_status(result.status, NFS3ERR_JUKEBOX,
			  "with no thread left nothing of the store waits");
	result = v3_getattr(reader, file);
	is_status(result.status, NFS3_OK, "all else is served");
	disconnect(reader);
}

static void
test_back(const struct handle *file)
{
	int			right = 0;

	for (int i = 1; i < BLOCKS; i++)
		release_block(paths[i]);
	for (int i = 0; i < BLOCKS; i++)
		right += comes_back(file, i);
	is(right, BLOCKS, "everything is read when the store is back");
}

/* A gateway that is told to stop does, whatever hangs. */
static void
test_stop(const struct handle *file)
{
	struct client *reader = connect_to(0);

	hang_block(paths[1]);
	send_read(reader, file, 1);
	is_status(next_status(reader), NFS3ERR_JUKEBOX, "a READ hangs");
	disconnect(reader);
	disconnect(c);
	run_shell("gateway_stop 1; gateway_start 1");
	release_block(paths[1]);
	c = connect_to(0);
	ok(comes_back(file, 1), "a gateway stops while a call hangs");
}

int
main(void)
{
	struct handle file;

	c = connect_to(0);
	dir = make_playground(c);
	await_store(c, &dir, BLOCK);
	file = write_file();
	test_all_hang(&file);
	test_back(&file);
	test_stop(&file);
	disconnect(c);
	return done_testing();
}
