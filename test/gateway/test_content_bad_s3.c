/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_content_bad_s3.c
 *	  What a client sees when the S3 service of a share misbehaves: a call that
 *	  waits, or an error, but never a wrong byte; and nobody else sees anything.
 *
 * Run with two gateways and the service of test/s3/bad_s3.c.
 */
#include "lib.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The share's blocks, and the chunks in which they are read. */
#define BLOCK 131072

static struct client *c;
static struct handle dir;
static char block[4 * BLOCK];

static void
sleep_ms(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

/* Tells the service how to behave. */
static void
be(const char *how)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int			fd = socket(AF_INET, SOCK_STREAM, 0);
	char		request[256];
	char		answer[256] = "";

	address.sin_port = htons((uint16_t) atoi(getenv("DITTOFS_S3_PORT")));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(request, sizeof(request), "PUT /_bad?%s HTTP/1.1\r\n\r\n", how);
	if (connect(fd, (struct sockaddr *) &address, sizeof(address)) != 0 ||
		send(fd, request, strlen(request), 0) < 0 ||
		recv(fd, answer, sizeof(answer) - 1, 0) < 0 ||
		strncmp(answer, "HTTP/1.1 200", 12) != 0)
		bail_out("the S3 service cannot be told to be %s", how);
	close(fd);
}

/* Bytes that no block has had before. */
static void
make_bytes(void)
{
	static unsigned number;

	number++;
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char) (i * 31 + i / BLOCK + number * 17);
	for (size_t i = 0; i < sizeof(block); i += BLOCK)
		memcpy(block + i, &number, sizeof(number));
}

static struct handle
write_file(struct client *from, const char *name, int blocks)
{
	struct handle file = make_file(from, &dir, name, 0644);
	struct result result;

	make_bytes();
	result = v3_write(from, &file, 0, B(block, (size_t) blocks * BLOCK),
					  FILE_SYNC);
	is_status(result.status, NFS3_OK, "%s is written", name);
	return file;
}

static bool
is_right(const struct result *result, int blocks)
{
	return result->status == NFS3_OK &&
		result->data.size == (uint32_t) blocks * BLOCK &&
		memcmp(result->data.data, block, result->data.size) == 0;
}

static bool
reads_right(struct client *from, const struct handle *file, int blocks)
{
	struct result result = v3_read(from, file, 0, (uint32_t) blocks * BLOCK);

	return is_right(&result, blocks);
}

/* The same by a client that is told to ask again, and does. */
static bool
reads_right_later(struct client *from, const struct handle *file, int blocks)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 100)
	{
		struct result result = v3_read(from, file, 0,
									   (uint32_t) blocks * BLOCK);

		if (result.status != NFS3ERR_JUKEBOX)
			return is_right(&result, blocks);
		sleep_ms(100);
	}
	return false;
}

/* How many lines of the gateway's log have all of these in them? */
static int
logged_lines(int gateway, const char *a, const char *b, const char *d)
{
	char		path[512];
	char		line[2048];
	int			count = 0;
	FILE	   *log;

	snprintf(path, sizeof(path), "%s/gateway.%d/log", getenv("DITTOFS_LOG"),
			 gateway + 1);
	log = fopen(path, "r");
	while (log != NULL && fgets(line, sizeof(line), log) != NULL)
		if (strstr(line, a) && strstr(line, b) && strstr(line, d))
			count++;
	if (log != NULL)
		fclose(log);
	return count;
}

/* Is there such a line?  It is written by a thread, after the reply perhaps. */
static bool
is_logged(int gateway, const char *a, const char *b, const char *d)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 50)
	{
		if (logged_lines(gateway, a, b, d) > 0)
			return true;
		sleep_ms(50);
	}
	return false;
}

/*
 * Is there such a line of the first gateway, while the file is read again and
 * again?  The service of a busy machine may not have answered the first reader
 * in time.  Counts the readings.
 */
static bool
is_logged_by_reading(const struct handle *file, const char *said, int *readings)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 50)
	{
		if (logged_lines(0, "content store content", said, "remedy") > 0)
			return true;
		sleep_ms(50);
		if (waited % 1000 == 950)
		{
			v3_read(c, file, 0, BLOCK);
			(*readings)++;
		}
	}
	return false;
}

/* Its worker knows where content goes. */
static struct client *
connect_to_store(int gateway)
{
	struct client *client = connect_to(gateway);

	await_store(client, &dir, BLOCK);
	return client;
}

/*
 * Faults of the moment are nobody's business but the gateway's.
 */
static void
test_retries(void)
{
	static const char *const faults[] = {"status,503,3", "status,500,2",
		"status,429,2", "reset,0,2", "truncated,0,2", "bytes,0,1",
		"damaged_upload,0,2"};
	struct client *other = connect_to_store(1);

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
	{
		struct handle file;
		char		name[32];

		snprintf(name, sizeof(name), "retried %zu", i);
		be(faults[i]);
		file = write_file(c, name, 4);
		be(faults[i]);
		ok(reads_right(other, &file, 4), "with the fault %s it is read right",
		   faults[i]);
	}
	be("nothing");
	disconnect(other);
}

/*
 * What is damaged or gone gives an error, and a line that tells where.
 */
static void
test_damage(void)
{
	static const struct
	{
		const char *how;
		const char *said;
	}			damages[] = {
		{"bytes", "not what its name says"}, {"short", "bytes of"},
		{"answer,404,-1,NoSuchKey", "404 NoSuchKey"},
		{"answer,416,-1,InvalidRange", "416"}};

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++)
	{
		struct client *other = connect_to(1);
		struct handle file;
		struct result result;
		char		name[32];
		char		offset[32];

		snprintf(name, sizeof(name), "damaged %zu", i);
		file = write_file(c, name, 4);
		be(damages[i].how);
		result = v3_read(other, &file, BLOCK + 1000, 5000);
		is_status(result.status, NFS3ERR_IO, "%s: a read fails",
				  damages[i].how);
		snprintf(offset, sizeof(offset), "offset %d", BLOCK + 1000);
		ok(is_logged(1, "share /export, file ", offset, damages[i].said),
		   "%s: and the log says where, and why", damages[i].how);
		result = v3_getattr(other, &file);
		ok(result.status == NFS3_OK && result.attr.size == 4 * BLOCK,
		   "%s: the file itself is there", damages[i].how);
		be("nothing");
		ok(reads_right(other, &file, 4), "%s: it is read when that is over",
		   damages[i].how);
		disconnect(other);
	}
}

/*
 * What concerns access, or is not said by S3 at all, passes: a call that came
 * meanwhile is answered well, or to be tried again, and nobody is told that
 * data is gone or that what he wrote is lost.  The log says it once.
 */
static void
test_away(void)
{
	static const struct
	{
		const char *how;
		const char *said;
	}			answers[] = {
		{"answer,400,-1,ExpiredToken", "400 ExpiredToken"},
		{"answer,403,-1,AccessDenied", "403 AccessDenied"},
		{"answer,403,-1,RequestTimeTooSkewed", "clock"},
		{"answer,301,-1,PermanentRedirect", "301 PermanentRedirect"},
		{"answer,307,-1,empty", "status 307"},
		{"answer,404,-1,NoSuchBucket", "404 NoSuchBucket"},
		{"answer,404,-1,html", "status 404"},
		{"answer,404,-1,half", "status 404"},
		{"answer,200,-1,html", "not S3's"},
		{"answer,400,-1,InvalidRequest", "400 InvalidRequest"},
		{"answer,403,-1,empty", "status 403"}};
	size_t		count = sizeof(answers) / sizeof(answers[0]);
	struct client *other = connect_to_store(1);
	static char data[2 * BLOCK];
	int			readings = 0;

	run_shell("gateway_stop 1; DITTOFS_GATEWAY_OPTS=\"--call-timeout 600ms "
			  "--content-cache 0\" gateway_start 1");
	disconnect(c);
	c = connect_to(0);
	c->persistent = true;		/* in so short a time not everything is done */
	await_store(c, &dir, BLOCK);
	for (size_t i = 0; i < count; i++)
	{
		const char *how = answers[i].how;
		char		name[32];
		struct handle file;
		struct result result;

		snprintf(name, sizeof(name), "away %zu", i);
		file = write_file(other, name, 2);
		be(how);
		result = v3_read(c, &file, 0, 2 * BLOCK);
		readings++;
		is_status(result.status, NFS3ERR_JUKEBOX, "%s: a read waits", how);
		memcpy(data, block, sizeof(data));
		data[100] ^= 1;
		data[BLOCK + 100] ^= 1;
		result = v3_write(c, &file, 2 * BLOCK, B(data, sizeof(data)),
						  FILE_SYNC);
		is_status(result.status, NFS3ERR_JUKEBOX, "%s: a write waits", how);
		result = v3_getattr(other, &file);
		ok(result.status == NFS3_OK && result.attr.size == 2 * BLOCK,
		   "%s: and leaves nothing", how);
		ok(is_logged_by_reading(&file, answers[i].said, &readings),
		   "%s: the log says what to do", how);
		be("nothing");
		ok(reads_right_later(c, &file, 2), "%s: all is well when it is over",
		   how);
	}
	ok(logged_lines(0, "is away: GET", "remedy", "") <= readings,
	   "the log has a line for each reason at most, not for each request");
	ok(is_logged(0, "content store content is back", "GET", ""),
	   "and tells that it is over");
	run_shell("gateway_stop 1; DITTOFS_GATEWAY_OPTS= gateway_start 1");
	disconnect(other);
	disconnect(c);
	c = connect_to_store(0);
}

/* Sends a WRITE and does not wait. */
static void
send_write(struct client *from, const struct handle *file, uint64_t offset,
		   struct blob data)
{
	begin(from, NFS_PROGRAM, NFS_V3, NFS3_WRITE);
	put_handle(from, file);
	put64(from, offset);
	put(from, data.size);
	put(from, FILE_SYNC);
	put_opaque(from, data);
	send_call(from);
}

#define WRITERS 12
#define WRITES 24
#define OTHERS 8

/*
 * While the service answers nothing, several clients write more than it can be
 * given.  Who wants no data is answered as ever, on other connections and on
 * those: an answer that waited for the service would come after the client's
 * patience.  That goes for each of several workers, whose part of the memory is
 * smaller.
 */
static void
test_slow(void)
{
	struct handle file = write_file(c, "slow", 2);
	struct client *writers[WRITERS];
	struct client *others[OTHERS];
	int			done = 0;

	run_shell("gateway_stop 1; DITTOFS_GATEWAY_OPTS=\"--workers 4 "
			  "--call-timeout 120s\" gateway_start 1");
	for (int i = 0; i < OTHERS; i++)
		others[i] = connect_to(0);
	for (int i = 0; i < WRITERS; i++)
		writers[i] = connect_to_store(0);
	be("slow,120000");
	make_bytes();
	for (int i = 0; i < WRITERS; i++)
		for (int j = 0; j < WRITES; j++)
		{
			block[0] = (char) i;
			block[1] = (char) j;
			send_write(writers[i], &file,
					   (uint64_t) (i * WRITES + j) * 4 * BLOCK,
					   B(block, 4 * BLOCK));
		}
	sleep_ms(1000);
	for (int i = 0; i < 3 * OTHERS; i++)
	{
		struct client *other = others[i % OTHERS];
		char		name[32];

		snprintf(name, sizeof(name), "quick %d", i);
		make_file(other, &dir, name, 0644);
		if (v3_lookup(other, &dir, B(name, strlen(name))).status == NFS3_OK &&
			v3_remove(other, &dir, B(name, strlen(name))).status == NFS3_OK)
			done++;
	}
	is(done, 3 * OTHERS, "metadata calls are answered while the store is slow");

	/* All get an answer: done, or to be tried again. */
	be("nothing");
	done = 0;
	for (int i = 0; i < WRITERS; i++)
	{
		for (int j = 0; j < WRITES; j++)
		{
			struct reply reply = receive(writers[i]);
			uint32_t	status = reply.outcome == DONE ? take(&reply) : 0;

			if (reply.outcome == DONE &&
				(status == NFS3_OK || status == NFS3ERR_JUKEBOX))
				done++;
		}
		disconnect(writers[i]);
	}
	is(done, WRITERS * WRITES, "every write is made, or to be tried again");
	for (int i = 0; i < OTHERS; i++)
		disconnect(others[i]);
}

#define READS 100

/* Sends a READ of four blocks from the beginning and does not wait. */
static void
send_read(struct client *from, const struct handle *file)
{
	begin(from, NFS_PROGRAM, NFS_V3, NFS3_READ);
	put_handle(from, file);
	put64(from, 0);
	put(from, 4 * BLOCK);
	send_call(from);
}

/*
 * A client asks a slow service for all that it can get, and takes none of it.
 * When all that comes at once, there still is room for others: none of them
 * waits, or that client would be sent away.
 */
static void
test_untaken(void)
{
	struct handle file = write_file(c, "untaken", 4);
	struct client *greedy;
	struct client *other;
	int			done = 0;

	run_shell("gateway_stop 1; DITTOFS_GATEWAY_OPTS=\"--workers 1 "
			  "--max-bytes 32M --max-client-bytes 1G --stall-timeout 1h\" "
			  "gateway_start 1");
	disconnect(connect_to_store(0));
	greedy = connect_from(0, "127.0.0.1", 0);
	other = connect_from(0, "127.0.0.2", 0);
	be("slow,3000");
	for (int i = 0; i < READS; i++)
		send_read(greedy, &file);
	ok(reads_right(other, &file, 4), "beside READs whose replies are not taken "
	   "an address reads what they wait for");
	for (int i = 0; i < 100; i++, sleep_ms(30))
		done += v3_getattr(other, &file).status == NFS3_OK;
	is(done, 100, "and is served when all have come");
	be("nothing");
	for (done = 0; done < READS && receive(greedy).outcome == DONE;)
		done++;
	is(done, READS, "nobody has gone for it");
	disconnect(greedy);
	disconnect(other);
	run_shell("gateway_stop 1; DITTOFS_GATEWAY_OPTS= gateway_start 1");
}

/*
 * A client leaves while its WRITE is at the store, and writes something else
 * through another gateway.
 */
static void
test_leaving(void)
{
	struct handle file = make_file(c, &dir, "left", 0644);
	struct client *leaving = connect_to_store(0);
	struct client *other = connect_to_store(1);
	struct result result;

	make_bytes();
	be("slow,3000,1");
	send_write(leaving, &file, 0, B(block, BLOCK));
	sleep_ms(500);
	disconnect(leaving);
	make_bytes();
	result = v3_write(other, &file, 0, B(block, BLOCK), FILE_SYNC);
	is_status(result.status, NFS3_OK, "a client comes back to another gateway");
	sleep_ms(4000);
	ok(reads_right(c, &file, 1),
	   "what it had left at the first does not undo what it writes there");
	be("nothing");
	disconnect(other);
}

int
main(void)
{
	c = connect_to(0);
	dir = make_playground(c);
	await_store(c, &dir, BLOCK);
	test_retries();
	test_damage();
	test_away();
	test_leaving();
	test_slow();
	disconnect(c);
	c = connect_to(0);
	test_untaken();
	disconnect(c);
	return done_testing();
}
