/* SPDX-License-Identifier: PostgreSQL */
/*
 * setup.c
 *	  What workloads find when they begin: mounted, directories, files.
 *
 * Single calls wait for their answer on the first connection.  Many files are
 * made as the workloads run, by all slots at once; a directory of a million
 * entries is kept for the runs after this one.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_LIMIT (UINT64_C(1) << 62)

/* One call and its answer. */
struct wait
{
	bool		done;
	unsigned	status;
	struct handle *handle;
};

static void
wait_over(struct wait *wait, struct rpc_context *rpc, int rpc_status,
		  unsigned status)
{
	if (rpc_status != RPC_STATUS_SUCCESS)
		fatal("setup: call refused: %s",
			  rpc_get_error(rpc) != NULL ? rpc_get_error(rpc) : "?");
	wait->status = status;
	wait->done = true;
}

static void
mounted(struct rpc_context *rpc, int status, void *data, void *private_data)
{
	struct wait *wait = private_data;
	const mountres3 *res = data;

	wait_over(wait, rpc, status,
			  status == RPC_STATUS_SUCCESS ? res->fhs_status : 0);
	if (wait->status == MNT3_OK)
	{
		const fhandle3 *fh = &res->mountres3_u.mountinfo.fhandle;
		nfs_fh3		copy;

		copy.data.data_len = fh->fhandle3_len;
		copy.data.data_val = fh->fhandle3_val;
		handle_copy(wait->handle, &copy);
	}
}

void
setup_mount(struct load *load)
{
	static struct connection other;
	struct connection *connection = &load->connections[0];
	struct wait wait = {.handle = &load->root};

	if (load->settings->mount_port != 0)
	{
		connection = &other;
		engine_open_connection(load, connection,
							   (int) load->settings->mount_port);
	}
	if (rpc_mount3_mnt_async(connection->rpc, mounted,
							 (char *) (uintptr_t) load->settings->export,
							 &wait) != 0)
		fatal("cannot send MNT");
	engine_wait(connection, &wait.done);
	if (wait.status != MNT3_OK)
		fatal("cannot mount %s: status %u", load->settings->export, wait.status);
	setup_mkdir(load, &load->root, load->settings->directory, &load->base);
}

static void
looked_up(struct rpc_context *rpc, int status, void *data, void *private_data)
{
	struct wait *wait = private_data;
	const LOOKUP3res *res = data;

	wait_over(wait, rpc, status,
			  status == RPC_STATUS_SUCCESS ? res->status : 0);
	if (wait->status == NFS3_OK)
		handle_copy(wait->handle, &res->LOOKUP3res_u.resok.object);
}

bool
setup_lookup(struct load *load, const struct handle *directory,
			 const char *name, struct handle *result)
{
	struct wait wait = {.handle = result};
	LOOKUP3args args;

	args.what.dir = fh_of(directory);
	args.what.name = (char *) (uintptr_t) name;
	if (rpc_nfs3_lookup_async(load->connections[0].rpc, looked_up, &args,
							  &wait) != 0)
		fatal("cannot send LOOKUP");
	engine_wait(&load->connections[0], &wait.done);
	if (wait.status != NFS3_OK && wait.status != NFS3ERR_NOENT)
		fatal("LOOKUP of %s: status %u", name, wait.status);
	return wait.status == NFS3_OK;
}

static void
made(struct rpc_context *rpc, int status, void *data, void *private_data)
{
	const MKDIR3res *res = data;

	wait_over(private_data, rpc, status,
			  status == RPC_STATUS_SUCCESS ? res->status : 0);
}

void
setup_mkdir(struct load *load, const struct handle *directory,
			const char *name, struct handle *result)
{
	struct wait wait = {.done = false};
	MKDIR3args	args = {.where.name = (char *) (uintptr_t) name};

	args.where.dir = fh_of(directory);
	args.attributes.mode.set_it = 1;
	args.attributes.mode.set_mode3_u.mode = 0755;
	if (rpc_nfs3_mkdir_async(load->connections[0].rpc, made, &args, &wait) != 0)
		fatal("cannot send MKDIR");
	engine_wait(&load->connections[0], &wait.done);
	if (wait.status != NFS3_OK && wait.status != NFS3ERR_EXIST)
		fatal("MKDIR of %s: status %u", name, wait.status);
	if (!setup_lookup(load, directory, name, result))
		fatal("%s has vanished", name);
}

void
setup_own_directory(struct load *load, struct handle *result)
{
	char		name[NAME_SIZE];

	snprintf(name, sizeof(name), "%.20s.%d.%llx", load->settings->workload,
			 (int) getpid(), (unsigned long long) clock_ns());
	setup_mkdir(load, &load->base, name, result);
}

void
setup_directories(struct load *load)
{
	struct handle own;

	setup_own_directory(load, &own);
	load->directories = calloc(load->settings->directories,
							   sizeof(struct handle));
	if (load->directories == NULL)
		fatal("out of memory");
	for (int64_t i = 0; i < load->settings->directories; i++)
	{
		char		name[NAME_SIZE];

		snprintf(name, sizeof(name), "d%lld", (long long) i);
		setup_mkdir(load, &own, name, &load->directories[i]);
	}
}

/*
 * Files.
 */

static const struct handle *fill_directories;
static unsigned fill_count;

static void
fill_send(struct slot *slot)
{
	char		name[NAME_SIZE];

	file_name(name, slot->order);
	send_create(slot, &fill_directories[slot->order % fill_count], name);
}

static bool
fill_receive(struct slot *slot, const void *answer)
{
	const CREATE3res *res = answer;

	if (slot->load->files != NULL)
		handle_of_new(&slot->load->files[slot->order],
					  &res->CREATE3res_u.resok.obj);
	return true;
}

static const struct workload fill = {
	.name = "fill", .send = fill_send, .receive = fill_receive
};

void
setup_files(struct load *load, const struct handle *directories,
			unsigned count, uint64_t files, bool keep)
{
	load->files = keep ? calloc(files, sizeof(struct handle)) : NULL;
	if (keep && load->files == NULL)
		fatal("out of memory");
	load->file_count = files;
	fill_directories = directories;
	fill_count = count;
	if (files == 0)
		return;
	engine_run(load, &fill, files, 0, NO_LIMIT);
	if (load->errors > 0)
		fatal("files could not be made: status %u", load->first_error);
}

/*
 * Slots do not end in order, so that the last file is there says nothing; the
 * mark beside the directory is made when all are.
 */
void
setup_entries(struct load *load, bool keep)
{
	uint64_t	entries = (uint64_t) load->settings->entries;
	struct handle mark;
	char		name[NAME_SIZE];

	load->directories = calloc(1, sizeof(struct handle));
	if (load->directories == NULL)
		fatal("out of memory");
	snprintf(name, sizeof(name), "entries.%llu", (unsigned long long) entries);
	setup_mkdir(load, &load->base, name, &load->directories[0]);
	strcat(name, ".complete");
	load->file_count = entries;
	if (!keep && setup_lookup(load, &load->base, name, &mark))
		return;
	setup_files(load, load->directories, 1, entries, keep);
	setup_mkdir(load, &load->base, name, &mark);
}

/*
 * Content.
 */

static bool
content_receive(struct slot *slot, const void *answer)
{
	(void) answer;
	return (slot->step + 1) * (uint64_t) slot->load->settings->size >=
		(uint64_t) slot->load->settings->file_size;
}

static void
content_send(struct slot *slot)
{
	const struct settings *settings = slot->load->settings;

	send_write(slot, &slot->load->files[slot->order],
			   slot->step * (uint64_t) settings->size, (size_t) settings->size,
			   FILE_SYNC);
}

static const struct workload content = {
	.name = "content", .send = content_send, .receive = content_receive
};

void
setup_content(struct load *load)
{
	engine_run(load, &content, load->file_count, 0, NO_LIMIT);
	if (load->errors > 0)
		fatal("files could not be written: status %u", load->first_error);
}
