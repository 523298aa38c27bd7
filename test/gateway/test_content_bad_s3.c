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

static int64_t
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

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
write_file(const char *name, int blocks)
{
	struct handle file = make_file(c, &dir, name, 0644);
	struct result result;

	make_bytes();
	result = v3_write(c, &file, 0, B(block, (size_t) blocks * BLOCK), FILE_SYNC);
	is_status(result.status, NFS3_OK, "%s is written", name);
	return file;
}

static bool
reads_right(struct client *from, const struct handle *file, int blocks)
{
	struct result result = v3_read(from, file, 0, (uint32_t) blocks * BLOCK);

	return result.status == NFS3_OK &&
		result.data.size == (uint32_t) blocks * BLOCK &&
		memcmp(result.data.data, block, result.data.size) == 0;
}

/* Is there a line in the gateway's log that has all of these in it? */
static bool
is_logged(int gateway, const char *a, const char *b, const char *d)
{
	char		path[512];
	char		line[2048];
	bool		found = false;
	FILE	   *log;

	snprintf(path, sizeof(path), "%s/gateway.%d/log", getenv("DITTOFS_LOG"),
			 gateway + 1);
	log = fopen(path, "r");
	while (log != NULL && !found && fgets(line, sizeof(line), log) != NULL)
		found = strstr(line, a) && strstr(line, b) && strstr(line, d);
	if (log != NULL)
		fclose(log);
	return found;
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
	struct client *other = connect_to(1);

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
	{
		struct handle file;
		char		name[32];

		snprintf(name, sizeof(name), "retried %zu", i);
		be(faults[i]);
		file = write_file(name, 4);
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
		{"status,404", "404"}, {"status,403", "credentials"}};

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++)
	{
		struct client *other = connect_to(1);
		struct handle file;
		struct result result;
		char		name[32];
		char		offset[32];

		snprintf(name, sizeof(name), "damaged %zu", i);
		file = write_file(name, 4);
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

static void
test_refused_writes(void)
{
	struct handle file = make_file(c, &dir, "refused", 0644);
	struct result result;

	make_bytes();
	be("status,403");
	result = v3_write(c, &file, 0, B(block, 2 * BLOCK), FILE_SYNC);
	is_status(result.status, NFS3ERR_IO, "a write that the store refuses fails");
	result = v3_getattr(c, &file);
	ok(result.attr.size == 0, "and leaves nothing");
	be("nothing");
	result = v3_write(c, &file, 0, B(block, 2 * BLOCK), FILE_SYNC);
	is_status(result.status, NFS3_OK, "the next one is made");
	ok(reads_right(c, &file, 2), "and read");
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
 * While the service takes ten seconds for each request, several clients write
 * more than it can be given.  Who wants no data is answered as ever, on other
 * connections and on those: before the service has answered once.  That goes
 * for each of several workers, whose part of the memory is smaller.
 */
static void
test_slow(void)
{
	struct handle file = write_file("slow", 2);
	struct client *writers[WRITERS];
	struct client *others[OTHERS];
	int64_t		begin_time;
	int			done = 0;

	run_shell("gateway_stop 1; DITTOFS_GATEWAY_OPTS=\"--workers 4\" gateway_start 1");
	for (int i = 0; i < OTHERS; i++)
		others[i] = connect_to(0);
	sleep_ms(1000);				/* it has asked where content goes */
	be("slow,10000");
	begin_time = milliseconds();
	make_bytes();
	for (int i = 0; i < WRITERS; i++)
	{
		writers[i] = connect_to(0);
		for (int j = 0; j < WRITES; j++)
		{
			block[0] = (char) i;
			block[1] = (char) j;
			send_write(writers[i], &file,
					   (uint64_t) (i * WRITES + j) * 4 * BLOCK,
					   B(block, 4 * BLOCK));
		}
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
	note("after %lld ms", (long long) (milliseconds() - begin_time));
	ok(milliseconds() - begin_time < 9000, "and at once");

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

/*
 * A client leaves while its WRITE is at the store, and writes something else
 * through another gateway.
 */
static void
test_leaving(void)
{
	struct handle file = make_file(c, &dir, "left", 0644);
	struct client *leaving = connect_to(0);
	struct client *other = connect_to(1);
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
	sleep_ms(1000);				/* gateways have asked where content goes */
	test_retries();
	test_damage();
	test_refused_writes();
	test_leaving();
	test_slow();
	disconnect(c);
	return done_testing();
}
