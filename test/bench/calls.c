/* SPDX-License-Identifier: PostgreSQL */
/*
 * calls.c
 *	  Arguments of the calls that workloads make.  libnfs encodes at once, so
 *	  they may live on the stack.
 */
#include "load.h"

#include <stdio.h>
#include <string.h>

/* A page as the Linux client asks for. */
#define PAGE_SIZE (64 * KIB)

nfs_fh3
fh_of(const struct handle *handle)
{
	nfs_fh3		fh;

	fh.data.data_len = handle->size;
	fh.data.data_val = (char *) (uintptr_t) handle->bytes;
	return fh;
}

void
handle_copy(struct handle *handle, const nfs_fh3 *from)
{
	if (from->data.data_len > sizeof(handle->bytes))
		fatal("a handle of %u bytes", from->data.data_len);
	handle->size = from->data.data_len;
	memcpy(handle->bytes, from->data.data_val, handle->size);
}

void
handle_of_new(struct handle *handle, const post_op_fh3 *from)
{
	if (!from->handle_follows)
		fatal("an object was made, but its handle is missing");
	handle_copy(handle, &from->post_op_fh3_u.handle);
}

void
file_name(char *buffer, uint64_t number)
{
	snprintf(buffer, NAME_SIZE, "f%07llu", (unsigned long long) number);
}

static diropargs3
entry_of(const struct handle *directory, const char *name)
{
	diropargs3	entry;

	entry.dir = fh_of(directory);
	entry.name = (char *) (uintptr_t) name;
	return entry;
}

void
send_getattr(struct slot *slot, const struct handle *file)
{
	GETATTR3args args = {.object = fh_of(file)};

	engine_sent(slot, rpc_nfs3_getattr_async(slot->connection->rpc,
											 engine_answered, &args, slot));
}

void
send_lookup(struct slot *slot, const struct handle *directory, const char *name)
{
	LOOKUP3args args = {.what = entry_of(directory, name)};

	engine_sent(slot, rpc_nfs3_lookup_async(slot->connection->rpc,
											engine_answered, &args, slot));
}

void
send_access(struct slot *slot, const struct handle *file)
{
	ACCESS3args args = {.object = fh_of(file), .access = 0x3f};

	engine_sent(slot, rpc_nfs3_access_async(slot->connection->rpc,
											engine_answered, &args, slot));
}

void
send_readdirplus(struct slot *slot, const struct handle *directory,
				 uint64_t cookie)
{
	READDIRPLUS3args args = {.dir = fh_of(directory), .cookie = cookie,
							 .dircount = PAGE_SIZE, .maxcount = PAGE_SIZE};

	engine_sent(slot, rpc_nfs3_readdirplus_async(slot->connection->rpc,
												 engine_answered, &args, slot));
}

/* True at the end of the directory; slot->cookie is where to go on. */
bool
receive_readdirplus(struct slot *slot, const void *answer)
{
	const READDIRPLUS3res *res = answer;
	const dirlistplus3 *list = &res->READDIRPLUS3res_u.resok.reply;

	for (const entryplus3 *entry = list->entries; entry != NULL;
		 entry = entry->nextentry)
	{
		slot->units++;
		slot->cookie = entry->cookie;
	}
	return list->eof != 0;
}

void
send_create(struct slot *slot, const struct handle *directory, const char *name)
{
	CREATE3args args = {.where = entry_of(directory, name)};
	sattr3	   *attributes = &args.how.createhow3_u.obj_attributes;

	args.how.mode = UNCHECKED;
	attributes->mode.set_it = 1;
	attributes->mode.set_mode3_u.mode = 0644;
	engine_sent(slot, rpc_nfs3_create_async(slot->connection->rpc,
											engine_answered, &args, slot));
}

void
send_remove(struct slot *slot, const struct handle *directory, const char *name)
{
	REMOVE3args args = {.object = entry_of(directory, name)};

	engine_sent(slot, rpc_nfs3_remove_async(slot->connection->rpc,
											engine_answered, &args, slot));
}

void
send_rename(struct slot *slot, const struct handle *from, const char *name,
			const struct handle *to, const char *new_name)
{
	RENAME3args args = {.from = entry_of(from, name),
						.to = entry_of(to, new_name)};

	engine_sent(slot, rpc_nfs3_rename_async(slot->connection->rpc,
											engine_answered, &args, slot));
}

void
send_setattr(struct slot *slot, const struct handle *file, unsigned mode)
{
	SETATTR3args args = {.object = fh_of(file)};

	args.new_attributes.mode.set_it = 1;
	args.new_attributes.mode.set_mode3_u.mode = mode;
	args.new_attributes.mtime.set_it = SET_TO_CLIENT_TIME;
	args.new_attributes.mtime.set_mtime_u.mtime.seconds = 1000000000;
	engine_sent(slot, rpc_nfs3_setattr_async(slot->connection->rpc,
											 engine_answered, &args, slot));
}

/* An answer of NLM begins with a cookie, and has its status behind that. */
static void
nlm_answered(struct rpc_context *rpc, int status, void *data,
			 void *private_data)
{
	const NLM4_LOCKres *res = data;
	nfsstat3	answer = NFS3ERR_IO;

	if (status == RPC_STATUS_SUCCESS && res->status == NLM4_GRANTED)
		answer = NFS3_OK;
	engine_answered(rpc, status, &answer, private_data);
}

/* A byte of the file, which is the slot's: no other slot is in its way. */
static nlm4_lock
lock_of(const struct slot *slot, const struct handle *file)
{
	static char owner[] = "load";
	static char client[] = "load.example";
	nfs_fh3		fh = fh_of(file);
	nlm4_lock	lock = {.caller_name = client,.oh = owner};

	lock.fh.data.data_len = fh.data.data_len;
	lock.fh.data.data_val = fh.data.data_val;
	lock.svid = slot->number;
	lock.l_offset = slot->number;
	lock.l_len = 1;
	return lock;
}

void
send_lock(struct slot *slot, const struct handle *file)
{
	NLM4_LOCKargs args = {.exclusive = 1,.lock = lock_of(slot, file)};

	engine_sent(slot, rpc_nlm4_lock_async(slot->connection->rpc,
										  nlm_answered, &args, slot));
}

void
send_unlock(struct slot *slot, const struct handle *file)
{
	NLM4_UNLOCKargs args = {.lock = lock_of(slot, file)};

	engine_sent(slot, rpc_nlm4_unlock_async(slot->connection->rpc,
											nlm_answered, &args, slot));
}

/*
 * No two WRITEs are equal, nor two pages, in this run or another: equal blocks
 * are stored once, and some disks do that too.
 */
static void
make_distinct(char *data, size_t size)
{
	static uint64_t number;

	if (number == 0)
		number = clock_ns();
	for (size_t at = 0; at + sizeof(number) <= size; at += 4096)
	{
		number++;
		memcpy(data + at, &number, sizeof(number));
	}
}

void
send_write(struct slot *slot, const struct handle *file, uint64_t offset,
		   size_t size, stable_how stable)
{
	WRITE3args	args = {.file = fh_of(file), .offset = offset,
						.count = (count3) size, .stable = stable};

	make_distinct(slot->load->data, size);
	args.data.data_len = (u_int) size;
	args.data.data_val = slot->load->data;
	slot->bytes += size;
	engine_sent(slot, rpc_nfs3_write_async(slot->connection->rpc,
										   engine_answered, &args, slot));
}
