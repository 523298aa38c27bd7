/* SPDX-License-Identifier: PostgreSQL */
/*
 * lib.h
 *	  What the end-to-end tests of the gateway share: an RPC client that does
 *	  exactly what it is told, a function for each procedure, TAP.
 *
 * The client is our own because the tests must be able to send what no
 * library would: bad enums, names with a NUL in them, half a record.  It reads
 * replies strictly (padding is zero, booleans are 0 or 1, nothing is left
 * over), and every reply is decoded a second time by libnfs, whose codecs
 * nobody here has written: a reply the two do not agree on ends the test.
 *
 * A test talks to the gateways that test/with-gateway has started, and to
 * their database, as superuser, for what takes an administrator.
 */
#ifndef LIB_H
#define LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

#include <nfsc/libnfs-zdr.h>
#include <nfsc/libnfs-raw-mount.h>
#include <nfsc/libnfs-raw-nfs.h>
#include <nfsc/libnfs-raw-nlm.h>
#include <nfsc/libnfs-raw-nsm.h>

/*
 * TAP
 */
#define PRINTF(at, first) __attribute__((format(printf, at, first)))

extern void ok(bool passed, const char *format, ...) PRINTF(2, 3);
extern void is(int64_t got, int64_t want, const char *format, ...) PRINTF(3, 4);
extern void is_status(uint32_t got, uint32_t want, const char *format, ...)
	PRINTF(3, 4);
extern void note(const char *format, ...) PRINTF(1, 2);
extern void bail_out(const char *format, ...) PRINTF(1, 2)
	__attribute__((noreturn));
/* Prints the plan; main returns it. */
extern int	done_testing(void);

/*
 * Runs functions of test/lib.sh, by which the wrapper knows that it was meant:
 * "gateway_stop 1 KILL; gateway_start 1".
 */
extern void run_shell(const char *functions);

/*
 * The database.  sql() runs statements, which must succeed, and returns the
 * first column of the last one's first row, "" if there is none; valid until
 * the next call.
 */
extern const char *sql(const char *format, ...) PRINTF(1, 2);

/*
 * Waits until an expression of SQL is true.  The deadline, PATIENCE_MS, lies
 * far beyond what a busy machine makes of anything here; a test that runs into
 * it bails out and says what it waited for.
 */
#define PATIENCE_MS 240000
extern void await_sql(const char *condition);

/* dittofs.fsck() finds nothing; what it finds is shown. */
extern void is_clean(const char *format, ...) PRINTF(1, 2);

/* A condition: a session of a gateway waits for a lock. */
#define GATEWAY_WAITS_FOR_LOCK \
	"EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'dittofs_gateway' " \
	"AND wait_event_type = 'Lock')"

/*
 * Bytes: names, paths, data.
 */
struct blob
{
	const void *data;
	uint32_t	size;
};

extern struct blob S(const char *string);
extern struct blob B(const void *data, size_t size);

struct handle
{
	uint32_t	size;
	unsigned char data[128];
};

/*
 * RPC
 */

struct client
{
	int			fd;
	int			port;
	bool		udp;			/* a call is a datagram, and so is a reply */
	uint32_t	xid;

	const char *source;			/* address to come from, NULL: any */
	int			source_port;	/* 0: any */
	struct blob greeting;		/* sent first on each connection */

	uint32_t	flavor;			/* AUTH_NONE or AUTH_UNIX */
	uint32_t	uid;
	uint32_t	gid;
	uint32_t	groups[32];
	int			group_count;

	/*
	 * A persistent client never gives up: when the connection is lost, or no
	 * reply comes for some seconds, it connects again and sends the same call
	 * with the same xid, until there is an answer.
	 */
	bool		persistent;
	bool		roams;			/* ... to any gateway */
	uint32_t	cut_every;		/* ... and loses its connection in one call of
								 * so many, when that is sent; 0: never */
	uint64_t	resends;

	unsigned char *call;		/* being written */
	size_t		call_size;
	size_t		call_room;
	unsigned char *reply;		/* read last */
	size_t		reply_size;
	size_t		reply_room;
};

/* gateway: 0 is the first.  Root by AUTH_SYS, until told otherwise. */
extern struct client *connect_to(int gateway);
/* The same from this address (127.x.y.z) and, if it is not 0, port. */
extern struct client *connect_from(int gateway, const char *source, int port);

/* Persistent, and to any gateway each time; NULL: from any address. */
extern struct client *connect_anywhere(const char *source);

/*
 * An address of 127.0.0.0/8 that no other program has, for n from 1 to 254: for
 * what listens at a port that cannot be chosen.
 */
extern const char *own_address(int n);
/* The same, and a header of a proxy begins each of its connections. */
extern struct client *connect_by(int gateway, const char *proxy,
								 struct blob header);
/*
 * By UDP, to a gateway or to any port of its host; source as above.  The socket
 * is connected: a reply from another address or port is none.
 */
extern struct client *connect_udp(int gateway, const char *source, int port);
extern struct client *connect_port(int port, bool udp);
/* A port that was kept free: for another of this gateway's. */
extern int	spare_port(void);
extern int	gateway_count(void);
extern void disconnect(struct client *c);
extern void reconnect(struct client *c);
/* The same to another gateway. */
extern void move_to(struct client *c, int gateway);
extern void become(struct client *c, uint32_t uid, uint32_t gid);
extern void add_group(struct client *c, uint32_t gid);
extern void become_nobody(struct client *c);	/* AUTH_NONE */

/* Writing a call; begin writes the RPC header with the client's credential. */
extern void begin(struct client *c, uint32_t program, uint32_t version,
				  uint32_t procedure);
extern void begin_empty(struct client *c);
extern void put(struct client *c, uint32_t word);
extern void put64(struct client *c, uint64_t word);
extern void put_opaque(struct client *c, struct blob value);
extern void put_fixed(struct client *c, const void *data, size_t size);
extern void put_handle(struct client *c, const struct handle *handle);

/* What came back, without the results. */
enum outcome
{
	DONE,						/* SUCCESS, results follow */
	REFUSED,					/* accepted, not done: why is an accept_stat */
	REJECTED,					/* denied: why is an auth_stat, or MISMATCH */
	CLOSED						/* no reply: the connection was closed */
};
#define MISMATCH 1000			/* RPC_MISMATCH */

struct reply
{
	enum outcome outcome;
	uint32_t	xid;
	uint32_t	why;
	uint32_t	low;
	uint32_t	high;
	const unsigned char *at;	/* the results */
	const unsigned char *end;
};

extern void send_bytes(struct client *c, const void *data, size_t size);
extern void send_call(struct client *c);
extern struct reply receive(struct client *c);
extern struct reply exchange(struct client *c);
/* UDP: true when nothing comes for some milliseconds. */
extern bool is_quiet(struct client *c, int milliseconds);
/* True when the gateway closes the connection instead of saying anything. */
extern bool is_closed(struct client *c);

/* Reading results; what does not fit ends the test. */
extern uint32_t take(struct reply *r);
extern uint64_t take64(struct reply *r);
extern bool take_bool(struct reply *r);
extern struct blob take_opaque(struct reply *r);
extern void take_end(struct reply *r);

/* Decodes once more with libnfs. */
extern void cross_check(uint32_t program, uint32_t version,
						uint32_t procedure, const void *results, size_t size);

/*
 * NFS
 */

/* Times are nanoseconds since the epoch. */
struct attr
{
	bool		follows;
	uint32_t	type;
	uint32_t	mode;
	uint32_t	nlink;
	uint32_t	uid;
	uint32_t	gid;
	uint64_t	size;
	uint64_t	used;
	uint32_t	major;
	uint32_t	minor;
	uint64_t	fsid;
	uint64_t	fileid;
	uint64_t	atime;
	uint64_t	mtime;
	uint64_t	ctime;
};

struct wcc
{
	bool		before;
	uint64_t	size;
	uint64_t	mtime;
	uint64_t	ctime;
	struct attr after;
};

struct entry
{
	uint64_t	fileid;
	struct blob name;			/* in the client's reply */
	uint64_t	cookie;
	struct attr attr;
	struct handle handle;		/* size 0: none */
};

struct result
{
	uint32_t	status;
	struct handle handle;		/* size 0: none */
	struct attr attr;			/* of the object */
	struct attr dir;			/* of the directory: LOOKUP, READDIR */
	struct wcc	wcc;			/* of the object changed or its directory */
	struct wcc	to_wcc;			/* RENAME */
	uint32_t	access;
	uint32_t	count;
	uint32_t	committed;
	bool		eof;
	unsigned char verifier[8];
	struct blob data;			/* READ, READLINK; in the client's reply */
	struct entry *entries;		/* until the next READDIR of any client */
	int			entry_count;
	uint64_t	numbers[12];	/* FSSTAT, FSINFO, PATHCONF, in order */
	size_t		size;			/* of the results, without the status */
};

/* What to set: only what the flags name. */
#define SET_MODE	1
#define SET_UID		2
#define SET_GID		4
#define SET_SIZE	8
#define SET_ATIME	16
#define SET_MTIME	32
#define ATIME_NOW	64
#define MTIME_NOW	128

struct set
{
	int			what;
	uint32_t	mode;
	uint32_t	uid;
	uint32_t	gid;
	uint64_t	size;
	uint64_t	atime;
	uint64_t	mtime;
};

#define MODE(bits) (&(struct set) {.what = SET_MODE, .mode = (bits)})
#define NOTHING (&(struct set) {0})

extern struct result v3_getattr(struct client *c, const struct handle *object);
/* guard 0: none */
extern struct result v3_setattr(struct client *c, const struct handle *object,
								const struct set *set, uint64_t guard);
extern struct result v3_lookup(struct client *c, const struct handle *dir,
							   struct blob name);
extern struct result v3_access(struct client *c, const struct handle *object,
							   uint32_t access);
extern struct result v3_readlink(struct client *c,
								 const struct handle *symlink);
extern struct result v3_read(struct client *c, const struct handle *file,
							 uint64_t offset, uint32_t count);
extern struct result v3_write(struct client *c, const struct handle *file,
							  uint64_t offset, struct blob data,
							  uint32_t stable);
/* how is UNCHECKED or GUARDED */
extern struct result v3_create(struct client *c, const struct handle *dir,
							   struct blob name, uint32_t how,
							   const struct set *set);
extern struct result v3_create_exclusive(struct client *c,
										 const struct handle *dir,
										 struct blob name,
										 const char *verifier);
extern struct result v3_mkdir(struct client *c, const struct handle *dir,
							  struct blob name, const struct set *set);
extern struct result v3_symlink(struct client *c, const struct handle *dir,
								struct blob name, const struct set *set,
								struct blob target);
extern struct result v3_mknod(struct client *c, const struct handle *dir,
							  struct blob name, uint32_t type,
							  const struct set *set, uint32_t major,
							  uint32_t minor);
extern struct result v3_remove(struct client *c, const struct handle *dir,
							   struct blob name);
extern struct result v3_rmdir(struct client *c, const struct handle *dir,
							  struct blob name);
extern struct result v3_rename(struct client *c, const struct handle *from,
							   struct blob from_name, const struct handle *to,
							   struct blob to_name);
extern struct result v3_link(struct client *c, const struct handle *file,
							 const struct handle *dir, struct blob name);
extern struct result v3_readdir(struct client *c, const struct handle *dir,
								uint64_t cookie, const void *verifier,
								uint32_t count);
extern struct result v3_readdirplus(struct client *c,
									const struct handle *dir,
									uint64_t cookie, const void *verifier,
									uint32_t dircount, uint32_t maxcount);
extern struct result v3_fsstat(struct client *c, const struct handle *object);
extern struct result v3_fsinfo(struct client *c, const struct handle *object);
extern struct result v3_pathconf(struct client *c,
								 const struct handle *object);
extern struct result v3_commit(struct client *c, const struct handle *file,
							   uint64_t offset, uint32_t count);

/* MNT: numbers[] holds the flavors, count says how many. */
extern struct result mount_path(struct client *c, struct blob path);

/*
 * NLM and NSM
 */

/* A request for a lock, and who makes it.  Versions 3 and 1: 32-bit offsets. */
struct lock
{
	const struct handle *file;
	const char *client;			/* caller_name */
	uint32_t	svid;
	struct blob oh;
	uint64_t	offset;
	uint64_t	length;
	bool		exclusive;
	bool		block;
	bool		reclaim;
	uint32_t	state;
	uint32_t	deny;			/* SHARE */
	uint32_t	access;
};

struct lock_reply
{
	uint32_t	status;
	bool		exclusive;		/* of the holder, to TEST */
	uint32_t	svid;
	struct blob oh;				/* in the client's reply */
	uint64_t	offset;
	uint64_t	length;
};

/* Any procedure that has a status; the cookie is checked. */
extern struct lock_reply nlm(struct client *c, uint32_t version,
							 uint32_t procedure, const struct lock *lock);
/* The call alone, to be spoilt or sent. */
extern void nlm_begin(struct client *c, uint32_t version, uint32_t procedure,
					  struct blob cookie, const struct lock *lock);
/* One without results: FREE_ALL, NOTIFY. */
extern void notify(struct client *c, uint32_t program, uint32_t version,
				   uint32_t procedure, const char *name, uint32_t state);

/*
 * Being called: the portmapper of an address, and the lock manager whose ports
 * it names.
 */
struct ear
{
	const char *address;
	int			questions;		/* the portmapper's socket, -1: it is silent */
	int			udp;
	int			tcp;
	uint16_t	udp_port;
	uint16_t	tcp_port;
	int			connection;		/* of the call that was heard last */
};

/* A call of GRANTED. */
struct granted
{
	bool		by_udp;
	struct sockaddr_in from;
	uint32_t	xid;
	uint32_t	version;
	unsigned char cookie[64];
	uint32_t	cookie_size;
	struct handle file;
	unsigned char oh[64];
	uint32_t	oh_size;
	uint32_t	svid;
	bool		exclusive;
	uint64_t	offset;
	uint64_t	length;
};

/*
 * False, with errno: port 111 cannot be had, which only root may.  The address
 * is kept.
 */
extern bool ear_open(struct ear *ear, const char *address);
/* Its portmapper answers, or is silent. */
extern void ear_answers(struct ear *ear, bool answers);
/* Answers questions for ports meanwhile.  False: no call has come in time. */
extern bool ear_hears(struct ear *ear, struct granted *granted,
					  int milliseconds);
/* The caller loses its connection. */
extern void ear_forgets(struct ear *ear);
extern void granted_answer(struct ear *ear, const struct granted *granted,
						   uint32_t status);

/* A part of a call of the caller's own, and the reading of its reply. */
extern void put_set(struct client *c, const struct set *set);
extern struct attr take_attr(struct reply *r);
extern struct wcc take_wcc(struct reply *r);

/*
 * Shorthands for setting a scene: they must succeed.
 */
extern struct handle root_of(struct client *c, const char *path);
extern struct handle make_dir(struct client *c, const struct handle *dir,
							  const char *name, uint32_t mode);
extern struct handle make_file(struct client *c, const struct handle *dir,
							   const char *name, uint32_t mode);
/* A new directory in /export with mode 0777, named after the test. */
extern struct handle make_playground(struct client *c);

/*
 * Waits until the WRITE of a whole block on this connection goes to the share's
 * store, which begins when the gateway's worker has asked where content goes.
 * block: the share's block size, in bytes.
 */
extern void await_store(struct client *c, const struct handle *dir,
						size_t block);

/* A file there is none of: right in form, its object long gone. */
extern struct handle stale_handle(struct client *c);

extern bool same_handle(const struct handle *a, const struct handle *b);

#endif							/* LIB_H */
