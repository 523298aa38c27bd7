/* SPDX-License-Identifier: PostgreSQL */
/*
 * load.h
 *	  The load generator: connections, slots, workloads.
 *
 * A slot is a place for one call in flight; there are connections × in-flight
 * of them.  Each runs operations one after the other as its workload tells:
 *
 *		send	sends the call of slot->step
 *		receive	looks at the answer; false: the operation has further calls
 *
 * An operation's latency is from its first call to its last answer.  One
 * thread does it all (libnfs' raw interface is asynchronous), because on the
 * machines this is for, the load generator takes its time from the servers
 * it measures; the workload "null" tells what it can do at most.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nfsc/libnfs-zdr.h>
#include <nfsc/libnfs.h>
#include <nfsc/libnfs-raw.h>
#include <nfsc/libnfs-raw-mount.h>
#include <nfsc/libnfs-raw-nfs.h>
#include <nfsc/libnfs-raw-nlm.h>

#include "histogram.h"

#define KIB 1024
#define MIB (1024 * KIB)

struct handle
{
	unsigned	size;
	char		bytes[NFS3_FHSIZE];
};

struct settings
{
	const char *host;
	const char *ports;			/* by blanks; connections take turns */
	const char *prepared;		/* command before the first call, or "" */
	const char *export;
	const char *directory;		/* in it, made when missing */
	const char *workload;
	const char *label;			/* in the output; the workload's name */
	int64_t		mount_port;		/* 0: MOUNT is served where NFS is */
	int64_t		lock_port;		/* the same of NLM */
	int64_t		connections;
	int64_t		in_flight;		/* in all */
	int64_t		warmup;			/* milliseconds */
	int64_t		milliseconds;
	int64_t		operations;		/* at most; 0: no bound */
	int64_t		directories;
	int64_t		entries;
	int64_t		size;			/* of a READ or WRITE */
	int64_t		file_size;		/* of a file that is read or written */
};

struct load;
struct slot;

struct workload
{
	const char *name;
	const char *help;
	void		(*prepare) (struct load *load); /* may be NULL */
	void		(*send) (struct slot *slot);
	bool		(*receive) (struct slot *slot, const void *answer);
};

struct connection
{
	struct load *load;
	struct rpc_context *rpc;
	bool		connected;
	bool		wants_out;		/* what epoll was told */
};

struct slot
{
	struct load *load;
	struct connection *connection;
	unsigned	number;
	unsigned	step;			/* of the operation: 0 at its beginning */
	uint64_t	serial;			/* of the operation in this slot */
	uint64_t	order;			/* of the operation in all slots */
	uint64_t	started;
	uint64_t	random;			/* state of a small generator */
	uint64_t	units;			/* what the operation came to: entries */
	uint64_t	bytes;
	struct handle file;			/* for the workload */
	uint64_t	cookie;
	uint64_t	choice;
	bool		toggle;
};

struct load
{
	const struct settings *settings;
	const struct workload *workload;
	int			epoll;
	struct connection *connections;
	int			connection_count;
	struct slot *slots;
	int			slot_count;

	struct handle root;			/* of the export */
	struct handle base;			/* settings->directory */
	struct handle *directories;
	struct handle *files;
	uint64_t	file_count;
	uint64_t	cookie;			/* of the page that is to be read */
	char	   *data;			/* settings->size bytes to write */

	/* Of the run. */
	uint64_t	limit;			/* operations to be begun; 0: none */
	uint64_t	begun;
	uint64_t	until;			/* when no operation begins any more */
	uint64_t	count_from;		/* what ends before is warm-up */
	uint64_t	first;
	uint64_t	last;
	int			busy;			/* slots with a call in flight */
	struct histogram latency;
	uint64_t	units;
	uint64_t	bytes;
	uint64_t	jukebox;
	uint64_t	errors;
	unsigned	first_error;
};

extern const struct workload workloads_read[];
extern const struct workload workloads_change[];
extern const struct workload workloads_data[];
extern const struct workload workloads_mixed[];

/* engine.c */
extern uint64_t clock_ns(void);
extern void fatal(const char *format,...)
			__attribute__((format(printf, 1, 2), noreturn));
extern void engine_open(struct load *load);
extern void engine_open_connection(struct load *load,
								   struct connection *connection, int port);
/* All connections go to this port of the host instead. */
extern void engine_move(struct load *load, int port);

/* Runs the workload to the end of its time or operations. */
extern void engine_run(struct load *load, const struct workload *workload,
					   uint64_t operations, uint64_t warmup_ns, uint64_t ns);

/* The callback of every call of a slot. */
extern void engine_answered(struct rpc_context *rpc, int status, void *data,
							void *private_data);
extern void engine_sent(struct slot *slot, int result);

/* Rounds of the event loop until *done, a call on the connection. */
extern void engine_wait(struct connection *connection, const bool *done);

/* setup.c: waits for its answers; fails loudly. */
extern void setup_mount(struct load *load);
extern bool setup_lookup(struct load *load, const struct handle *directory,
						 const char *name, struct handle *result);
extern void setup_mkdir(struct load *load, const struct handle *directory,
						const char *name, struct handle *result);

/* A directory of this run alone. */
extern void setup_own_directory(struct load *load, struct handle *result);

/* load->directories: settings->directories new ones. */
extern void setup_directories(struct load *load);

/*
 * Files f0000000... over the directories in turn, made where they are missing;
 * with keep, load->files are their handles.
 */
extern void setup_files(struct load *load, const struct handle *directories,
						unsigned count, uint64_t files, bool keep);

/*
 * load->directories[0]: one of settings->entries files that may have been made
 * by an earlier run; with keep, with load->files.
 */
extern void setup_entries(struct load *load, bool keep);

/* Writes load->files to their settings->file_size. */
extern void setup_content(struct load *load);

extern void file_name(char *buffer, uint64_t number);

/* Arguments. */
#define NAME_SIZE 64

extern nfs_fh3 fh_of(const struct handle *handle);
extern void handle_copy(struct handle *handle, const nfs_fh3 *from);
extern void handle_of_new(struct handle *handle, const post_op_fh3 *from);
extern uint64_t slot_random(struct slot *slot, uint64_t below);

/* Calls that several workloads make. */
extern void send_getattr(struct slot *slot, const struct handle *file);
extern void send_lookup(struct slot *slot, const struct handle *directory,
						const char *name);
extern void send_access(struct slot *slot, const struct handle *file);
extern void send_readdirplus(struct slot *slot, const struct handle *directory,
							 uint64_t cookie);
extern bool receive_readdirplus(struct slot *slot, const void *answer);
extern void send_create(struct slot *slot, const struct handle *directory,
						const char *name);
extern void send_remove(struct slot *slot, const struct handle *directory,
						const char *name);
extern void send_rename(struct slot *slot, const struct handle *from,
						const char *name, const struct handle *to,
						const char *new_name);
/* A byte of its own for each slot. */
extern void send_lock(struct slot *slot, const struct handle *file);
extern void send_unlock(struct slot *slot, const struct handle *file);
extern void send_setattr(struct slot *slot, const struct handle *file,
						 unsigned mode);
extern void send_write(struct slot *slot, const struct handle *file,
					   uint64_t offset, size_t size, stable_how stable);

#endif							/* BENCH_LOAD_H */
