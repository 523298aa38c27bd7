/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_abuse.c
 *	  Clients that are slow, that lie, that never read, and crowds of them:
 *	  the gateway's memory stays within its bound, and others are served.
 *
 * The first gateway is started again with small limits, so that they are
 * reached.  While each kind of abuse goes on, a client as it should be makes
 * small calls and writes and reads a megabyte at a time; all of them must be
 * answered, and how fast is printed.  The bound is what docs/reliability.md
 * promises: what a gateway with nothing to do has, twice --max-bytes, 1 MiB for
 * each connection to the database, and 8 KiB for each client.
 */
#include "lib.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_BYTES_MIB 16
#define HANG_UP_SECONDS (PATIENCE_MS / 1000)
#define OPTIONS "--max-bytes 16M --stall-timeout 2s --max-client-bytes 4M" \
	" --max-conns 12 --log-level error"
#define CONNECTIONS 12

#define CROWD_MAX 2000
#define MEGABYTE (1024 * 1024)

static struct client *c;
static struct handle dir;
static struct handle file;
static struct handle large;
static char data[MEGABYTE];

/* A call of the abusers' own, ready to be sent. */
static unsigned char getattr_call[256];
static size_t getattr_size;
static unsigned char read_call[256];
static size_t read_size;

static int	crowd[CROWD_MAX];
static int	crowd_size;
static atomic_bool stop_asked;

static int	gateway_pid;
static int64_t idle_kib;		/* before anybody came */
static int64_t most_kib;		/* in this scene */

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

static void
sleep_ms(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

/*
 * The gateway, seen from outside.
 */

static void
find_gateway(void)
{
	char		path[PATH_MAX];
	FILE	   *pid;

	snprintf(path, sizeof(path), "%s/gateway.1/pid", getenv("DITTOFS_LOG"));
	pid = fopen(path, "r");
	if (pid == NULL || fscanf(pid, "%d", &gateway_pid) != 1)
		bail_out("%s cannot be read", path);
	fclose(pid);
}

/* Resident memory, in KiB. */
static int64_t
resident(void)
{
	char		path[64];
	char		line[256];
	long long	kib = -1;
	FILE	   *status;

	snprintf(path, sizeof(path), "/proc/%d/status", gateway_pid);
	status = fopen(path, "r");
	if (status == NULL)
		bail_out("%s: the gateway is gone", path);
	while (fgets(line, sizeof(line), status) != NULL)
		if (sscanf(line, "VmRSS: %lld kB", &kib) == 1)
			break;
	fclose(status);
	if (kib > most_kib)
		most_kib = kib;
	return kib;
}

static int
descriptors(void)
{
	char		path[64];
	int			count = 0;
	DIR		   *fds;

	snprintf(path, sizeof(path), "/proc/%d/fd", gateway_pid);
	fds = opendir(path);
	if (fds == NULL)
		bail_out("%s: %s", path, strerror(errno));
	while (readdir(fds) != NULL)
		count++;
	closedir(fds);
	return count - 2;
}

/*
 * The abusers.
 */

static int
call_in(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int			fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_port = htons((uint16_t) c->port);
	inet_pton(AF_INET, getenv("DITTOFS_HOST"), &address.sin_addr);
	if (fd < 0 || connect(fd, (struct sockaddr *) &address,
						  sizeof(address)) < 0)
		bail_out("connect: %s", strerror(errno));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* What the gateway takes of it now; it may have hung up. */
static ssize_t
push(int fd, const void *bytes, size_t size)
{
	return send(fd, bytes, size, MSG_NOSIGNAL);
}

static void
gather(int count)
{
	crowd_size = 0;
	while (crowd_size < count)
		crowd[crowd_size++] = call_in();
}

static void
dismiss(void)
{
	while (crowd_size > 0)
		close(crowd[--crowd_size]);
}

/*
 * How many of the crowd the gateway has hung up on.  Nothing is read: who reads
 * its replies is no longer one that does not.
 */
static int
count_closed(void)
{
	int			closed = 0;

	for (int i = 0; i < crowd_size; i++)
	{
		struct pollfd fd = {.fd = crowd[i], .events = POLLRDHUP};

		closed += poll(&fd, 1, 0) > 0;
	}
	return closed;
}

/*
 * The same, when all of it should be.  How long that takes depends on how many
 * of them at a time the gateway has room for, so nothing is said about it but
 * that it ends.
 */
static int
wait_closed(void)
{
	double		start = now();

	while (count_closed() < crowd_size && now() - start < HANG_UP_SECONDS)
		sleep_ms(20);
	note("%d of %d hung up on after %.1f s", count_closed(), crowd_size,
		 now() - start);
	return count_closed();
}

/* Until stopped, and all of it once: everybody sends a bit more. */
static const unsigned char *drip_bytes;
static size_t drip_size;
static int	drip_pause_ms;

static void *
drip(void *unused)
{
	(void) unused;
	for (size_t at = 0; at < drip_size || !atomic_load(&stop_asked); at++)
	{
		for (int i = 0; i < crowd_size; i++)
			push(crowd[i], drip_bytes + at % drip_size, 1);
		sleep_ms(drip_pause_ms);
	}
	return NULL;
}

/* Until stopped: as many calls as the sockets take, and no reply is read. */
static void *
flood(void *unused)
{
	static unsigned char calls[64 * 256];
	size_t		size = 0;

	(void) unused;
	for (int i = 0; i < 32; i++)
	{
		memcpy(calls + size, read_call, read_size);
		size += read_size;
		memcpy(calls + size, getattr_call, getattr_size);
		size += getattr_size;
	}
	while (!atomic_load(&stop_asked))
	{
		for (int i = 0; i < crowd_size; i++)
			push(crowd[i], calls, size);
		sleep_ms(1);
	}
	return NULL;
}

static atomic_int stormed;

/* Until stopped: come, say something or nothing, and go, rudely or not. */
static void *
storm(void *unused)
{
	(void) unused;
	for (int i = 0; !atomic_load(&stop_asked); i++)
	{
		struct linger rude = {.l_onoff = 1, .l_linger = 0};
		int			fd = call_in();

		if (i % 4 > 0)
			push(fd, getattr_call, i % 4 == 1 ? getattr_size : 20);
		if (i % 3 == 0)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &rude, sizeof(rude));
		close(fd);
		atomic_fetch_add(&stormed, 1);
	}
	return NULL;
}

/*
 * What the threads of a content store keep open, however many clients there
 * are.
 */
static int
store_connections(void)
{
	const char *content = getenv("DITTOFS_TEST_CONTENT");

	return content != NULL && strcmp(content, "s3") == 0 ? 64 : 0;
}

/*
 * Somebody with work to do.
 */

static int	errors;
static double worst;

static struct result
timed(struct result result, double start)
{
	double		took = now() - start;

	if (took > worst)
		worst = took;
	errors += result.status != NFS3_OK;
	resident();
	return result;
}

#define TIMED(call) \
	do { \
		double start_ = now(); \
		timed((call), start_); \
	} while (0)

static void
work(const char *beside)
{
	static int	number;
	double		start = now();
	double		bound = (double) idle_kib / 1024 + 2 * MAX_BYTES_MIB +
		CONNECTIONS + crowd_size / 128.0;
	int			calls = 0;

	worst = errors = 0;
	for (int i = 0; i < 150 || (i < 100000 && now() - start < 1); i++)
	{
		TIMED(v3_getattr(c, &file));
		if (i % 10 == 0)
		{
			char		name[32];

			snprintf(name, sizeof(name), "n%d", number++);
			TIMED(v3_create(c, &dir, S(name), GUARDED, MODE(0644)));
			calls++;
		}
		if (i % 50 == 0)
		{
			TIMED(v3_write(c, &file, 0, B(data, MEGABYTE), UNSTABLE));
			TIMED(v3_read(c, &large, 0, MEGABYTE));
			calls += 2;
		}
		calls++;
	}
	note("%s: %.0f calls/s, the slowest %.0f ms; gateway %.1f of %.1f MiB",
		 beside, calls / (now() - start), worst * 1000,
		 (double) most_kib / 1024, bound);
	is(errors, 0, "%s: %d calls of another client are done", beside, calls);
	if (getenv("SANITIZE") == NULL)
		ok((double) most_kib / 1024 <= bound, "%s: memory is within its bound",
		   beside);
	most_kib = 0;
}

static void
work_beside(void *(*abuse) (void *), int threads, const char *what)
{
	pthread_t	thread[8];

	atomic_store(&stop_asked, false);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, abuse, NULL) != 0)
			bail_out("no thread");
	sleep_ms(300);
	work(what);
	atomic_store(&stop_asked, true);
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
}

/*
 * Scenes
 */

static void
test_idle(void)
{
	gather(CROWD_MAX);
	for (int i = 0; i < crowd_size; i++)
		push(crowd[i], getattr_call, getattr_size);
	work("beside 2000 idle clients");
	is(count_closed(), 0, "nobody is sent away");
	dismiss();
}

/* Some have sent half a mark, some half a call: they are given up. */
static void
test_half_a_call(void)
{
	gather(300);
	for (int i = 0; i < crowd_size; i++)
		push(crowd[i], getattr_call, i % 2 ? 2 : getattr_size / 2);
	work("beside 300 that stopped in the middle of a call");
	is(wait_closed(), crowd_size, "they are hung up on");
	dismiss();
}

static void
test_byte_by_byte(void)
{
	int			answered = 0;

	gather(100);
	drip_bytes = getattr_call;
	drip_size = getattr_size;
	drip_pause_ms = 5;
	work_beside(drip, 1, "beside 100 that send byte by byte");
	for (int i = 0; i < crowd_size; i++)
	{
		struct pollfd fd = {.fd = crowd[i], .events = POLLIN};
		char		reply[112];

		/* It has sent a whole call; the reply may be on its way. */
		answered += poll(&fd, 1, PATIENCE_MS) == 1 &&
			recv(crowd[i], reply, sizeof(reply), 0) > 0;
	}
	is(answered, crowd_size, "they get their replies, too");
	dismiss();
}

/*
 * Its window is small, so what it takes moves nothing in the gateway for a
 * while: the kernel has megabytes of replies.  Who goes on reading stays, who
 * stops goes.
 */
static void
test_slow_reader(void)
{
	char		some[2048];
	int			small = 4096;
	int			lost = 0;

	gather(1);
	setsockopt(crowd[0], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (int i = 0; i < 400; i++)
		lost += push(crowd[0], read_call, read_size) < 0;
	for (int i = 0; i < 50; i++)
	{
		struct pollfd fd = {.fd = crowd[0], .events = POLLIN};

		lost += poll(&fd, 1, PATIENCE_MS) <= 0 ||
			recv(crowd[0], some, sizeof(some), 0) <= 0;
		sleep_ms(100);
	}
	is(lost, 0, "a client that takes its replies slowly stays");
	is(wait_closed(), crowd_size, "one that stops is hung up on");
	dismiss();
}

/* Marks that promise too much, nothing, or something else than comes. */
static void
test_lies(void)
{
	static const struct
	{
		const char *bytes;
		size_t		size;
		bool		closed;
	}			lies[] = {
		{"\xff\xff\xff\xff....", 8, true},
		{"\x80\x20\x00\x00....", 8, true},
		{"\x7f\xff\xff\xff....", 8, true},
		{"\x80\x00\x00\x00", 4, true},
		{"\x00\x00\x00\x00\x80\x00\x00\x00", 8, true},
		{"\x80\x00\x00\x08" "ABCDEFGH" "GET / HTTP/1.1\r\n\r\n", 30, true},
		{"GET / HTTP/1.1\r\n\r\n", 18, true},
	};
	int			wrong = 0;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
	{
		for (int j = 0; j < 20; j++)
		{
			gather(1);
			push(crowd[0], lies[i].bytes, lies[i].size);
			for (int k = 0; k < PATIENCE_MS / 20 && count_closed() == 0; k++)
				sleep_ms(20);
			wrong += (count_closed() == 1) != lies[i].closed;
			dismiss();
		}
	}
	is(wrong, 0, "who lies about the size of a record is hung up on");
	work("after the liars");
}

/*
 * Each holds most of a large record, and never completes it, but sends a byte
 * now and then, or another empty fragment.
 */
static void
test_incomplete(bool fragments)
{
	static const unsigned char empty[4];
	unsigned char mark[4] = {fragments ? 0x00 : 0x80, 0x10, 0, 0};

	gather(40);
	for (int i = 0; i < crowd_size; i++)
	{
		push(crowd[i], mark, sizeof(mark));
		push(crowd[i], data, fragments ? 4096 : 200000);
	}
	drip_bytes = empty;
	drip_size = sizeof(empty);
	drip_pause_ms = 100;
	work_beside(drip, 1, fragments ?
				"beside 40 with fragments without end" :
				"beside 40 that hold a megabyte back");
	dismiss();
}

static void
test_flood(void)
{
	gather(20);
	work_beside(flood, 1, "beside 20 that ask and never read");
	is(wait_closed(), crowd_size, "they are hung up on");
	dismiss();
}

static void
test_storm(void)
{
	work_beside(storm, 4, "in a storm of connections");
	note("%d connections", atomic_load(&stormed));
}

static void
test_afterwards(int before)
{
	int			allowed = before + CONNECTIONS + store_connections();

	for (int i = 0; i < PATIENCE_MS / 100 && descriptors() > allowed; i++)
		sleep_ms(100);
	ok(descriptors() <= allowed, "no descriptor of theirs is left");
	work("afterwards");
	sleep_ms(500);
	note("before anybody came %.1f MiB, now %.1f MiB", (double) idle_kib / 1024,
		 (double) resident() / 1024);
}

/* Takes the call that was written, with its record mark. */
static size_t
keep_call(unsigned char *to)
{
	memcpy(to, c->call, c->call_size);
	to[0] = 0x80;
	to[3] = (unsigned char) (c->call_size - 4);
	return c->call_size;
}

static void
set_up(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	run_shell("gateway_stop 1; DITTOFS_GATEWAY_OPTS=\"" OPTIONS "\" gateway_start 1");
	find_gateway();
	c = connect_to(0);
	dir = make_playground(c);
	file = make_file(c, &dir, "file", 0644);
	large = make_file(c, &dir, "large", 0644);
	memset(data, 'x', sizeof(data));
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_READ);
	put_handle(c, &large);
	put64(c, 0);
	put(c, 65536);
	read_size = keep_call(read_call);
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
	put_handle(c, &file);
	getattr_size = keep_call(getattr_call);
}

int
main(void)
{
	int			before;

	set_up();
	sleep_ms(300);
	before = descriptors();
	idle_kib = resident();
	most_kib = 0;
	if (v3_write(c, &large, 0, B(data, MEGABYTE), UNSTABLE).status != NFS3_OK)
		bail_out("the file cannot be written");

	work("alone");
	test_idle();
	test_half_a_call();
	test_byte_by_byte();
	test_slow_reader();
	test_lies();
	test_incomplete(false);
	test_incomplete(true);
	test_flood();
	test_storm();
	test_afterwards(before);
	disconnect(c);
	return done_testing();
}
