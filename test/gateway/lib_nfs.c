/* SPDX-License-Identifier: PostgreSQL */
/*
 * lib_nfs.c
 *	  A function for each procedure of NFS (RFC 1813, section 3) and for MNT:
 *	  arguments to the wire, results from it.
 *
 * A call that is not even accepted ends the test; tests of that speak RPC
 * themselves.
 */
#include "lib.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_SECOND UINT64_C(1000000000)

/*
 * Parts of arguments
 */

static void
put_time(struct client *c, uint64_t nanoseconds)
{
	put(c, (uint32_t) (nanoseconds / NS_PER_SECOND));
	put(c, (uint32_t) (nanoseconds % NS_PER_SECOND));
}

static void
put_optional(struct client *c, bool given, uint32_t value)
{
	put(c, given);
	if (given)
		put(c, value);
}

static void
put_time_how(struct client *c, bool client, bool server, uint64_t value)
{
	put(c, client ? SET_TO_CLIENT_TIME :
		server ? SET_TO_SERVER_TIME : DONT_CHANGE);
	if (client)
		put_time(c, value);
}

void
put_set(struct client *c, const struct set *set)
{
	put_optional(c, set->what & SET_MODE, set->mode);
	put_optional(c, set->what & SET_UID, set->uid);
	put_optional(c, set->what & SET_GID, set->gid);
	put(c, (set->what & SET_SIZE) != 0);
	if (set->what & SET_SIZE)
		put64(c, set->size);
	put_time_how(c, set->what & SET_ATIME, set->what & ATIME_NOW, set->atime);
	put_time_how(c, set->what & SET_MTIME, set->what & MTIME_NOW, set->mtime);
}

static void
begin_nfs(struct client *c, uint32_t procedure, const struct handle *handle)
{
	begin(c, NFS_PROGRAM, NFS_V3, procedure);
	put_handle(c, handle);
}

/*
 * Parts of results
 */

static uint64_t
take_time(struct reply *r)
{
	uint64_t	seconds = take(r);
	uint32_t	nanoseconds = take(r);

	if (nanoseconds >= NS_PER_SECOND)
		bail_out("a time of %u nanoseconds", nanoseconds);
	return seconds * NS_PER_SECOND + nanoseconds;
}

static struct attr
take_fattr(struct reply *r)
{
	struct attr a = {.follows = true};

	a.type = take(r);
	a.mode = take(r);
	a.nlink = take(r);
	a.uid = take(r);
	a.gid = take(r);
	a.size = take64(r);
	a.used = take64(r);
	a.major = take(r);
	a.minor = take(r);
	a.fsid = take64(r);
	a.fileid = take64(r);
	a.atime = take_time(r);
	a.mtime = take_time(r);
	a.ctime = take_time(r);
	if (a.type < NF3REG || a.type > NF3FIFO)
		bail_out("a file of type %u", a.type);
	if (a.mode > 07777)
		bail_out("a mode of 0%o", a.mode);
	return a;
}

struct attr
take_attr(struct reply *r)
{
	if (take_bool(r))
		return take_fattr(r);
	return (struct attr) {.follows = false};
}

struct wcc
take_wcc(struct reply *r)
{
	struct wcc	w = {.before = take_bool(r)};

	if (w.before)
	{
		w.size = take64(r);
		w.mtime = take_time(r);
		w.ctime = take_time(r);
	}
	w.after = take_attr(r);
	return w;
}

static struct handle
take_handle(struct reply *r)
{
	struct blob value = take_opaque(r);
	struct handle handle = {.size = value.size};

	if (value.size == 0 || value.size > NFS3_FHSIZE)
		bail_out("a handle of %u bytes", value.size);
	memcpy(handle.data, value.data, value.size);
	return handle;
}

static struct handle
take_optional_handle(struct reply *r)
{
	if (take_bool(r))
		return take_handle(r);
	return (struct handle) {.size = 0};
}

static void
take_verifier(struct reply *r, unsigned char *verifier)
{
	for (int i = 0; i < 8; i += 4)
	{
		uint32_t	word = take(r);

		verifier[i] = (unsigned char) (word >> 24);
		verifier[i + 1] = (unsigned char) (word >> 16);
		verifier[i + 2] = (unsigned char) (word >> 8);
		verifier[i + 3] = (unsigned char) word;
	}
}

/*
 * Sends the call that has been written and takes the status.
 */
static struct result
call(struct client *c, uint32_t program, uint32_t procedure, struct reply *r)
{
	struct result result = {0};

	*r = exchange(c);
	if (r->outcome != DONE)
		bail_out("procedure %u of program %u: %s, %u", procedure, program,
				 r->outcome == CLOSED ? "connection closed" :
				 r->outcome == REFUSED ? "not accepted" : "denied", r->why);
	cross_check(program, 3, procedure, r->at, (size_t) (r->end - r->at));
	result.status = take(r);
	result.size = (size_t) (r->end - r->at);
	return result;
}

static struct result
call_nfs(struct client *c, uint32_t procedure, struct reply *r)
{
	return call(c, NFS_PROGRAM, procedure, r);
}

/*
 * Procedures
 */

struct result
v3_getattr(struct client *c, const struct handle *object)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_GETATTR, object);
	result = call_nfs(c, NFS3_GETATTR, &r);
	if (result.status == NFS3_OK)
		result.attr = take_fattr(&r);
	take_end(&r);
	return result;
}

struct result
v3_setattr(struct client *c, const struct handle *object,
		   const struct set *set, uint64_t guard)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_SETATTR, object);
	put_set(c, set);
	put(c, guard != 0);
	if (guard != 0)
		put_time(c, guard);
	result = call_nfs(c, NFS3_SETATTR, &r);
	result.wcc = take_wcc(&r);
	take_end(&r);
	return result;
}

struct result
v3_lookup(struct client *c, const struct handle *dir, struct blob name)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_LOOKUP, dir);
	put_opaque(c, name);
	result = call_nfs(c, NFS3_LOOKUP, &r);
	if (result.status == NFS3_OK)
	{
		result.handle = take_handle(&r);
		result.attr = take_attr(&r);
	}
	result.dir = take_attr(&r);
	take_end(&r);
	return result;
}

struct result
v3_access(struct client *c, const struct handle *object, uint32_t access)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_ACCESS, object);
	put(c, access);
	result = call_nfs(c, NFS3_ACCESS, &r);
	result.attr = take_attr(&r);
	if (result.status == NFS3_OK)
		result.access = take(&r);
	take_end(&r);
	return result;
}

struct result
v3_readlink(struct client *c, const struct handle *symlink)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_READLINK, symlink);
	result = call_nfs(c, NFS3_READLINK, &r);
	result.attr = take_attr(&r);
	if (result.status == NFS3_OK)
		result.data = take_opaque(&r);
	take_end(&r);
	return result;
}

struct result
v3_read(struct client *c, const struct handle *file, uint64_t offset,
		uint32_t count)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_READ, file);
	put64(c, offset);
	put(c, count);
	result = call_nfs(c, NFS3_READ, &r);
	result.attr = take_attr(&r);
	if (result.status == NFS3_OK)
	{
		result.count = take(&r);
		result.eof = take_bool(&r);
		result.data = take_opaque(&r);
		if (result.count != result.data.size)
			bail_out("READ: count %u, but %u bytes of data", result.count,
					 result.data.size);
	}
	take_end(&r);
	return result;
}

struct result
v3_write(struct client *c, const struct handle *file, uint64_t offset,
		 struct blob data, uint32_t stable)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_WRITE, file);
	put64(c, offset);
	put(c, data.size);
	put(c, stable);
	put_opaque(c, data);
	result = call_nfs(c, NFS3_WRITE, &r);
	result.wcc = take_wcc(&r);
	if (result.status == NFS3_OK)
	{
		result.count = take(&r);
		result.committed = take(&r);
		take_verifier(&r, result.verifier);
		if (result.committed > FILE_SYNC)
			bail_out("WRITE: committed %u", result.committed);
	}
	take_end(&r);
	return result;
}

static struct result
call_create(struct client *c, uint32_t procedure)
{
	struct reply r;
	struct result result = call_nfs(c, procedure, &r);

	if (result.status == NFS3_OK)
	{
		result.handle = take_optional_handle(&r);
		result.attr = take_attr(&r);
	}
	result.wcc = take_wcc(&r);
	take_end(&r);
	return result;
}

struct result
v3_create(struct client *c, const struct handle *dir, struct blob name,
		  uint32_t how, const struct set *set)
{
	begin_nfs(c, NFS3_CREATE, dir);
	put_opaque(c, name);
	put(c, how);
	put_set(c, set);
	return call_create(c, NFS3_CREATE);
}

struct result
v3_create_exclusive(struct client *c, const struct handle *dir,
					struct blob name, const char *verifier)
{
	begin_nfs(c, NFS3_CREATE, dir);
	put_opaque(c, name);
	put(c, EXCLUSIVE);
	put_fixed(c, verifier, NFS3_CREATEVERFSIZE);
	return call_create(c, NFS3_CREATE);
}

struct result
v3_mkdir(struct client *c, const struct handle *dir, struct blob name,
		 const struct set *set)
{
	begin_nfs(c, NFS3_MKDIR, dir);
	put_opaque(c, name);
	put_set(c, set);
	return call_create(c, NFS3_MKDIR);
}

struct result
v3_symlink(struct client *c, const struct handle *dir, struct blob name,
		   const struct set *set, struct blob target)
{
	begin_nfs(c, NFS3_SYMLINK, dir);
	put_opaque(c, name);
	put_set(c, set);
	put_opaque(c, target);
	return call_create(c, NFS3_SYMLINK);
}

struct result
v3_mknod(struct client *c, const struct handle *dir, struct blob name,
		 uint32_t type, const struct set *set, uint32_t major, uint32_t minor)
{
	begin_nfs(c, NFS3_MKNOD, dir);
	put_opaque(c, name);
	put(c, type);
	if (type == NF3BLK || type == NF3CHR)
	{
		put_set(c, set);
		put(c, major);
		put(c, minor);
	}
	else if (type == NF3SOCK || type == NF3FIFO)
		put_set(c, set);
	return call_create(c, NFS3_MKNOD);
}

static struct result
call_remove(struct client *c, uint32_t procedure, const struct handle *dir,
			struct blob name)
{
	struct reply r;
	struct result result;

	begin_nfs(c, procedure, dir);
	put_opaque(c, name);
	result = call_nfs(c, procedure, &r);
	result.wcc = take_wcc(&r);
	take_end(&r);
	return result;
}

struct result
v3_remove(struct client *c, const struct handle *dir, struct blob name)
{
	return call_remove(c, NFS3_REMOVE, dir, name);
}

struct result
v3_rmdir(struct client *c, const struct handle *dir, struct blob name)
{
	return call_remove(c, NFS3_RMDIR, dir, name);
}

struct result
v3_rename(struct client *c, const struct handle *from, struct blob from_name,
		  const struct handle *to, struct blob to_name)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_RENAME, from);
	put_opaque(c, from_name);
	put_handle(c, to);
	put_opaque(c, to_name);
	result = call_nfs(c, NFS3_RENAME, &r);
	result.wcc = take_wcc(&r);
	result.to_wcc = take_wcc(&r);
	take_end(&r);
	return result;
}

struct result
v3_link(struct client *c, const struct handle *file, const struct handle *dir,
		struct blob name)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_LINK, file);
	put_handle(c, dir);
	put_opaque(c, name);
	result = call_nfs(c, NFS3_LINK, &r);
	result.attr = take_attr(&r);
	result.wcc = take_wcc(&r);
	take_end(&r);
	return result;
}

static struct result
call_readdir(struct client *c, uint32_t procedure)
{
	static _Thread_local struct entry *entries;
	static _Thread_local int room;
	struct reply r;
	struct result result = call_nfs(c, procedure, &r);

	result.dir = take_attr(&r);
	if (result.status == NFS3_OK)
	{
		take_verifier(&r, result.verifier);
		while (take_bool(&r))
		{
			struct entry e = {.fileid = take64(&r)};

			e.name = take_opaque(&r);
			e.cookie = take64(&r);
			if (procedure == NFS3_READDIRPLUS)
			{
				e.attr = take_attr(&r);
				e.handle = take_optional_handle(&r);
			}
			if (result.entry_count == room)
			{
				room = room ? room * 2 : 1024;
				entries = realloc(entries, (size_t) room * sizeof(*entries));
				if (!entries)
					bail_out("out of memory");
			}
			entries[result.entry_count++] = e;
		}
		result.eof = take_bool(&r);
		result.entries = entries;
	}
	take_end(&r);
	return result;
}

static const char no_verifier[NFS3_COOKIEVERFSIZE];

struct result
v3_readdir(struct client *c, const struct handle *dir, uint64_t cookie,
		   const void *verifier, uint32_t count)
{
	begin_nfs(c, NFS3_READDIR, dir);
	put64(c, cookie);
	put_fixed(c, verifier ? verifier : no_verifier, NFS3_COOKIEVERFSIZE);
	put(c, count);
	return call_readdir(c, NFS3_READDIR);
}

struct result
v3_readdirplus(struct client *c, const struct handle *dir, uint64_t cookie,
			   const void *verifier, uint32_t dircount, uint32_t maxcount)
{
	begin_nfs(c, NFS3_READDIRPLUS, dir);
	put64(c, cookie);
	put_fixed(c, verifier ? verifier : no_verifier, NFS3_COOKIEVERFSIZE);
	put(c, dircount);
	put(c, maxcount);
	return call_readdir(c, NFS3_READDIRPLUS);
}

struct result
v3_fsstat(struct client *c, const struct handle *object)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_FSSTAT, object);
	result = call_nfs(c, NFS3_FSSTAT, &r);
	result.attr = take_attr(&r);
	if (result.status == NFS3_OK)
	{
		for (int i = 0; i < 6; i++)
			result.numbers[i] = take64(&r);
		result.numbers[6] = take(&r);
	}
	take_end(&r);
	return result;
}

struct result
v3_fsinfo(struct client *c, const struct handle *object)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_FSINFO, object);
	result = call_nfs(c, NFS3_FSINFO, &r);
	result.attr = take_attr(&r);
	if (result.status == NFS3_OK)
	{
		for (int i = 0; i < 7; i++)
			result.numbers[i] = take(&r);
		result.numbers[7] = take64(&r);
		result.numbers[8] = take_time(&r);
		result.numbers[9] = take(&r);
	}
	take_end(&r);
	return result;
}

struct result
v3_pathconf(struct client *c, const struct handle *object)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_PATHCONF, object);
	result = call_nfs(c, NFS3_PATHCONF, &r);
	result.attr = take_attr(&r);
	if (result.status == NFS3_OK)
	{
		result.numbers[0] = take(&r);
		result.numbers[1] = take(&r);
		for (int i = 2; i < 6; i++)
			result.numbers[i] = take_bool(&r);
	}
	take_end(&r);
	return result;
}

struct result
v3_commit(struct client *c, const struct handle *file, uint64_t offset,
		  uint32_t count)
{
	struct reply r;
	struct result result;

	begin_nfs(c, NFS3_COMMIT, file);
	put64(c, offset);
	put(c, count);
	result = call_nfs(c, NFS3_COMMIT, &r);
	result.wcc = take_wcc(&r);
	if (result.status == NFS3_OK)
		take_verifier(&r, result.verifier);
	take_end(&r);
	return result;
}

struct result
mount_path(struct client *c, struct blob path)
{
	struct reply r;
	struct result result;

	begin(c, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_MNT);
	put_opaque(c, path);
	result = call(c, MOUNT_PROGRAM, MOUNT3_MNT, &r);
	if (result.status == MNT3_OK)
	{
		result.handle = take_handle(&r);
		result.count = take(&r);
		for (uint32_t i = 0; i < result.count; i++)
		{
			uint32_t	flavor = take(&r);

			if (i < sizeof(result.numbers) / sizeof(result.numbers[0]))
				result.numbers[i] = flavor;
		}
	}
	take_end(&r);
	return result;
}

/*
 * Shorthands
 */

struct handle
root_of(struct client *c, const char *path)
{
	struct result result = mount_path(c, S(path));

	if (result.status != MNT3_OK)
		bail_out("cannot mount %s: %u", path, result.status);
	return result.handle;
}

struct handle
make_dir(struct client *c, const struct handle *dir, const char *name,
		 uint32_t mode)
{
	struct result result = v3_mkdir(c, dir, S(name), MODE(mode));

	if (result.status != NFS3_OK || result.handle.size == 0)
		bail_out("cannot make directory %s: %u", name, result.status);
	return result.handle;
}

struct handle
make_file(struct client *c, const struct handle *dir, const char *name,
		  uint32_t mode)
{
	struct result result = v3_create(c, dir, S(name), GUARDED, MODE(mode));

	if (result.status != NFS3_OK || result.handle.size == 0)
		bail_out("cannot make file %s: %u", name, result.status);
	return result.handle;
}

struct handle
make_playground(struct client *c)
{
	struct handle root = root_of(c, "/export");
	char		name[64];

	/* a busy machine has the same number again before all programs have run */
	snprintf(name, sizeof(name), "%s.%d", program_invocation_short_name,
			 (int) getpid());
	return make_dir(c, &root, name, 0777);
}

/* A file for each try: what was staged once is looked at later. */
void
await_store(struct client *c, const struct handle *dir, size_t block)
{
	static unsigned files;
	char	   *data = calloc(1, block);
	char		name[32];

	for (int waited = 0; waited < PATIENCE_MS; waited += 100)
	{
		struct handle file;
		struct result result;

		snprintf(name, sizeof(name), "to the store %u", files++);
		file = make_file(c, dir, name, 0644);
		result = v3_write(c, &file, 0, B(data, block), FILE_SYNC);
		if (result.status == NFS3_OK &&
			strcmp(sql("SELECT external IS NOT NULL FROM dittofs.files"
					   " WHERE fileid = %lld",
					   (long long) v3_getattr(c, &file).attr.fileid), "t") == 0)
		{
			free(data);
			return;
		}
		usleep(100000);
	}
	bail_out("waited in vain for writing to go to the store");
}

struct handle
stale_handle(struct client *c)
{
	struct handle root = root_of(c, "/export");
	struct handle handle = make_file(c, &root, "to-be-stale", 0644);

	if (v3_remove(c, &root, S("to-be-stale")).status != NFS3_OK)
		bail_out("cannot remove what was to be stale");
	return handle;
}

bool
same_handle(const struct handle *a, const struct handle *b)
{
	return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}
