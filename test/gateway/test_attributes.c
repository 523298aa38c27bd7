/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_attributes.c
 *	  Handles, GETATTR, SETATTR, ACCESS and the static answers: FSSTAT, FSINFO,
 *	  PATHCONF.
 */
#include "lib.h"

#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

static struct client *c;
static struct handle dir;

/* A file of uid 1000, gid 100 with this mode. */
static struct handle
make_owned(const char *name, uint32_t mode)
{
	struct handle file = make_file(c, &dir, name, mode);

	is_status(v3_setattr(c, &file, &(struct set)
						 {.what = SET_UID | SET_GID, .uid = 1000,
						  .gid = 100}, 0).status, NFS3_OK,
			  "%s is uid 1000's", name);
	v3_setattr(c, &file, MODE(mode), 0);
	return file;
}

static uint32_t
mode_of(const struct handle *object)
{
	return v3_getattr(c, object).attr.mode;
}

/*
 * A call of every procedure with a handle that is none.
 */
static void
test_bad_handle(const struct handle *bad, uint32_t want, const char *what)
{
	struct handle file = make_file(c, &dir, "handle-test", 0644);
	uint32_t	statuses[32];
	int			count = 0;
	int			right = 0;

	statuses[count++] = v3_getattr(c, bad).status;
	statuses[count++] = v3_setattr(c, bad, MODE(0644), 0).status;
	statuses[count++] = v3_lookup(c, bad, S("x")).status;
	statuses[count++] = v3_access(c, bad, 0x3f).status;
	statuses[count++] = v3_readlink(c, bad).status;
	statuses[count++] = v3_read(c, bad, 0, 10).status;
	statuses[count++] = v3_write(c, bad, 0, S("x"), FILE_SYNC).status;
	statuses[count++] = v3_create(c, bad, S("x"), UNCHECKED, NOTHING).status;
	statuses[count++] = v3_create_exclusive(c, bad, S("x"), "verifier").status;
	statuses[count++] = v3_mkdir(c, bad, S("x"), NOTHING).status;
	statuses[count++] = v3_symlink(c, bad, S("x"), NOTHING, S("y")).status;
	statuses[count++] = v3_mknod(c, bad, S("x"), NF3FIFO, NOTHING, 0, 0).status;
	statuses[count++] = v3_remove(c, bad, S("x")).status;
	statuses[count++] = v3_rmdir(c, bad, S("x")).status;
	statuses[count++] = v3_rename(c, bad, S("x"), &dir, S("y")).status;
	statuses[count++] = v3_rename(c, &dir, S("handle-test"), bad,
								  S("y")).status;
	statuses[count++] = v3_link(c, bad, &dir, S("y")).status;
	statuses[count++] = v3_link(c, &file, bad, S("y")).status;
	statuses[count++] = v3_readdir(c, bad, 0, NULL, 4096).status;
	statuses[count++] = v3_readdirplus(c, bad, 0, NULL, 4096, 4096).status;
	statuses[count++] = v3_fsstat(c, bad).status;
	statuses[count++] = v3_fsinfo(c, bad).status;
	statuses[count++] = v3_pathconf(c, bad).status;
	statuses[count++] = v3_commit(c, bad, 0, 0).status;
	for (int i = 0; i < count; i++)
	{
		right += statuses[i] == want;
		if (statuses[i] != want)
			is_status(statuses[i], want, "%s, call %d", what, i + 1);
	}
	is(right, count, "%s, in every procedure", what);
	is_status(v3_remove(c, &dir, S("handle-test")).status, NFS3_OK,
			  "nothing has become of the file");
}

/* nfs_fh3 is opaque<NFS3_FHSIZE>: more is no handle, in whatever procedure. */
static void
test_long_handle(const struct handle *bad, const char *what)
{
	int			garbage = 0;

	for (uint32_t procedure = NFS3_GETATTR; procedure <= NFS3_COMMIT;
		 procedure++)
	{
		struct reply r;

		begin(c, NFS_PROGRAM, NFS_V3, procedure);
		put_handle(c, bad);
		/* long enough for the arguments of each */
		for (int i = 0; i < 32; i++)
			put(c, 0);
		r = exchange(c);
		garbage += r.outcome == REFUSED && r.why == GARBAGE_ARGS;
	}
	is(garbage, NFS3_COMMIT, "%s, in every procedure", what);

	for (uint32_t procedure = NFS3_RENAME; procedure <= NFS3_LINK; procedure++)
	{
		struct reply r;

		begin(c, NFS_PROGRAM, NFS_V3, procedure);
		put_handle(c, &dir);
		if (procedure == NFS3_RENAME)
			put_opaque(c, S("x"));
		put_handle(c, bad);
		put_opaque(c, S("y"));
		r = exchange(c);
		ok(r.outcome == REFUSED && r.why == GARBAGE_ARGS,
		   "%s, as the second handle", what);
	}
}

static void
test_handles(void)
{
	struct handle stale = stale_handle(c);
	struct handle bad = {.size = 0};
	struct handle root = root_of(c, "/export");
	struct result result;

	test_bad_handle(&stale, NFS3ERR_STALE, "a stale handle");
	test_bad_handle(&bad, NFS3ERR_BADHANDLE, "an empty handle");

	bad = root;
	bad.size--;
	test_bad_handle(&bad, NFS3ERR_BADHANDLE, "a handle short of a byte");
	bad = root;
	bad.data[bad.size++] = 0;
	test_bad_handle(&bad, NFS3ERR_BADHANDLE, "a handle with a byte too many");
	bad = root;
	bad.data[0] ^= 0x40;
	test_bad_handle(&bad, NFS3ERR_BADHANDLE, "a handle of another version");
	memset(&bad, 0xa5, sizeof(bad));
	bad.size = 64;
	test_bad_handle(&bad, NFS3ERR_BADHANDLE, "64 bytes of something else");
	bad.size = 65;
	test_long_handle(&bad, "65 bytes of something else");
	bad.size = 128;
	test_long_handle(&bad, "128 bytes of something else");
	ok(root.size <= 56, "a handle has %u bytes, no more than 56", root.size);

	/* the inode of one share, asked for in another */
	sql("SELECT dittofs.create_share('/attr-other', squash => 'none')");
	{
		struct handle other = root_of(c, "/attr-other");
		struct handle mixed = make_file(c, &other, "file", 0644);
		size_t		share = 1;

		memcpy(mixed.data + share, root.data + share, 16);
		result = v3_getattr(c, &mixed);
		ok(result.status == NFS3ERR_STALE || result.status == NFS3ERR_BADHANDLE,
		   "a handle says which share it is of, and that is checked");
		ok(v3_getattr(c, &other).attr.fsid != v3_getattr(c, &root).attr.fsid,
		   "another share, another fsid");
		sql("SELECT dittofs.drop_share('/attr-other', force => true)");
		is_status(v3_getattr(c, &other).status, NFS3ERR_STALE,
				  "a share that is gone");
	}

	/* a handle outlives its name */
	{
		struct handle file = make_file(c, &dir, "before", 0644);

		is_status(v3_rename(c, &dir, S("before"), &dir, S("after")).status,
				  NFS3_OK, "renamed");
		is_status(v3_getattr(c, &file).status, NFS3_OK,
				  "the handle is good after a rename");
		result = v3_lookup(c, &dir, S("after"));
		ok(same_handle(&result.handle, &file), "and is the same");
	}
}

static void
test_kinds(void)
{
	struct result result;

	result = v3_create(c, &dir, S("regular"), GUARDED, MODE(0640));
	is(result.attr.type, NF3REG, "regular file");
	is(result.attr.mode, 0640, "its mode");
	is(result.attr.nlink, 1, "its link count");
	is((int64_t) result.attr.size, 0, "its size");
	is((int64_t) result.attr.used, 0, "the space it takes");

	result = v3_mkdir(c, &dir, S("directory"), MODE(0750));
	is(result.attr.type, NF3DIR, "directory");
	is(result.attr.mode, 0750, "its mode");
	is(result.attr.nlink, 2, "its link count");

	result = v3_symlink(c, &dir, S("symlink"), NOTHING, S("the/target"));
	is(result.attr.type, NF3LNK, "symbolic link");
	is(result.attr.mode, 0777, "its mode");
	is((int64_t) result.attr.size, 10, "its size is its target's length");

	result = v3_mknod(c, &dir, S("fifo"), NF3FIFO, MODE(0600), 0, 0);
	is(result.attr.type, NF3FIFO, "FIFO");
	result = v3_mknod(c, &dir, S("socket"), NF3SOCK, MODE(0600), 0, 0);
	is(result.attr.type, NF3SOCK, "socket");
	result = v3_mknod(c, &dir, S("block"), NF3BLK, MODE(0600), 8, 17);
	is(result.attr.type, NF3BLK, "block device");
	ok(result.attr.major == 8 && result.attr.minor == 17, "its number");
	result = v3_mknod(c, &dir, S("character"), NF3CHR, MODE(0600), 0xfff,
					  0xfffff);
	is(result.attr.type, NF3CHR, "character device");
	ok(result.attr.major == 0xfff && result.attr.minor == 0xfffff,
	   "its number");
	result = v3_getattr(c, &result.handle);
	ok(result.attr.major == 0xfff && result.attr.minor == 0xfffff,
	   "also from GETATTR");
}

static void
test_fileids(void)
{
	struct handle file = make_file(c, &dir, "fileid-1", 0644);
	uint64_t	first = v3_getattr(c, &file).attr.fileid;
	uint64_t	last;

	v3_remove(c, &dir, S("fileid-1"));
	file = make_file(c, &dir, "fileid-1", 0644);
	last = v3_getattr(c, &file).attr.fileid;
	ok(first != last, "a fileid is not used again");
	is((int64_t) v3_getattr(c, &file).attr.fsid,
	   (int64_t) v3_getattr(c, &dir).attr.fsid, "one fsid in a share");
}

static void
test_setattr(void)
{
	struct handle file = make_file(c, &dir, "setattr", 0644);
	struct result result;
	struct attr before;

	result = v3_setattr(c, &file, MODE(0107755), 0);
	is_status(result.status, NFS3_OK, "mode");
	is(result.wcc.after.mode, 07755, "bits above 07777 are ignored");
	ok(result.wcc.before, "wcc data has a before");

	result = v3_setattr(c, &file, &(struct set)
						{.what = SET_UID | SET_GID, .uid = UINT32_MAX - 1,
						 .gid = 4000000000}, 0);
	is_status(result.status, NFS3_OK, "ids of 32 bits");
	is(result.wcc.after.uid, UINT32_MAX - 1, "uid 4294967294");
	is(result.wcc.after.gid, 4000000000, "gid 4000000000");

	/* times, to the nanosecond, up to what the wire can say */
	result = v3_setattr(c, &file, &(struct set)
						{.what = SET_ATIME | SET_MTIME,
						 .atime = 1234567890 * SECOND + 123456789,
						 .mtime = UINT32_MAX * SECOND + 999999999}, 0);
	is_status(result.status, NFS3_OK, "times");
	ok(result.wcc.after.atime == 1234567890 * SECOND + 123456789,
	   "atime to the nanosecond");
	ok(result.wcc.after.mtime == UINT32_MAX * SECOND + 999999999,
	   "mtime in 2106");
	result = v3_setattr(c, &file, &(struct set)
						{.what = SET_ATIME | SET_MTIME}, 0);
	ok(result.wcc.after.atime == 0 && result.wcc.after.mtime == 0,
	   "times of zero");
	before = v3_getattr(c, &file).attr;
	result = v3_setattr(c, &file, &(struct set)
						{.what = ATIME_NOW | MTIME_NOW}, 0);
	ok(result.wcc.after.atime > before.ctime - 10 * SECOND &&
	   result.wcc.after.mtime > before.ctime - 10 * SECOND,
	   "times of the server");
	ok(result.wcc.after.ctime > before.ctime, "ctime grows");
	ok(result.wcc.size == before.size && result.wcc.mtime == before.mtime &&
	   result.wcc.ctime == before.ctime, "before is what was before");

	/* nanoseconds that are a second or more */
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_SETATTR);
	put_handle(c, &file);
	for (int i = 0; i < 4; i++)
		put(c, 0);
	put(c, SET_TO_CLIENT_TIME);
	put(c, 1);
	put(c, 1000000000);
	put(c, DONT_CHANGE);
	put(c, 0);
	{
		struct reply r = exchange(c);

		is_status(take(&r), NFS3ERR_INVAL, "10^9 nanoseconds");
	}

	/* nothing at all is something too */
	result = v3_setattr(c, &file, NOTHING, 0);
	is_status(result.status, NFS3_OK, "nothing to set");
}

static void
test_guard(void)
{
	struct handle file = make_file(c, &dir, "guarded", 0644);
	struct attr attr = v3_getattr(c, &file).attr;
	struct result result;

	result = v3_setattr(c, &file, MODE(0600), attr.ctime - 1);
	is_status(result.status, NFS3ERR_NOT_SYNC, "a guard that does not match");
	is(result.wcc.after.mode, 0644, "attributes come with it, unchanged");
	result = v3_setattr(c, &file, MODE(0600), attr.ctime);
	is_status(result.status, NFS3_OK, "a guard that matches");
	is(result.wcc.after.mode, 0600, "the mode is set");
	result = v3_setattr(c, &file, MODE(0644), attr.ctime);
	is_status(result.status, NFS3ERR_NOT_SYNC, "the same guard again");
}

static void
test_sizes(void)
{
	struct handle file = make_file(c, &dir, "size", 0644);
	struct handle other;
	struct result result;
	struct attr before;

	result = v3_setattr(c, &file, &(struct set)
						{.what = SET_SIZE, .size = UINT64_C(1) << 40}, 0);
	is_status(result.status, NFS3_OK, "growing");
	ok(result.wcc.after.size == UINT64_C(1) << 40, "to a terabyte");
	is((int64_t) result.wcc.after.used, 0, "makes a hole");
	result = v3_setattr(c, &file, &(struct set)
						{.what = SET_SIZE, .size = INT64_MAX}, 0);
	is_status(result.status, NFS3_OK, "to the largest size there is");
	for (int bit = 0; bit < 2; bit++)
	{
		result = v3_setattr(c, &file, &(struct set)
							{.what = SET_SIZE,
							 .size = bit ? UINT64_MAX : UINT64_C(1) << 63}, 0);
		is_status(result.status, NFS3ERR_FBIG, "beyond 2^63-1");
	}
	ok(v3_getattr(c, &file).attr.size == INT64_MAX, "the size is as it was");

	v3_setattr(c, &file, &(struct set) {.what = SET_SIZE, .size = 10}, 0);
	before = v3_getattr(c, &file).attr;
	result = v3_setattr(c, &file, &(struct set)
						{.what = SET_SIZE, .size = 10}, 0);
	ok(result.wcc.after.mtime > before.mtime &&
	   result.wcc.after.ctime > before.ctime,
	   "truncation to the same size touches mtime and ctime");

	/* all or nothing */
	before = v3_getattr(c, &file).attr;
	result = v3_setattr(c, &file, &(struct set)
						{.what = SET_MODE | SET_SIZE, .mode = 0,
						 .size = UINT64_MAX}, 0);
	is_status(result.status, NFS3ERR_FBIG, "a mode and an impossible size");
	result = v3_getattr(c, &file);
	ok(result.attr.mode == before.mode && result.attr.ctime == before.ctime,
	   "nothing is set");

	is_status(v3_setattr(c, &dir, &(struct set)
						 {.what = SET_SIZE, .size = 0}, 0).status,
			  NFS3ERR_ISDIR, "size of a directory");
	other = v3_lookup(c, &dir, S("fifo")).handle;
	is_status(v3_setattr(c, &other, &(struct set)
						 {.what = SET_SIZE, .size = 0}, 0).status,
			  NFS3ERR_INVAL, "size of a FIFO");
	other = v3_lookup(c, &dir, S("symlink")).handle;
	is_status(v3_setattr(c, &other, &(struct set)
						 {.what = SET_SIZE, .size = 0}, 0).status,
			  NFS3ERR_INVAL, "size of a symbolic link");
}

static void
test_ownership(void)
{
	struct handle file = make_owned("owned", 0644);
	struct result result;

	become(c, 2000, 200);
	result = v3_setattr(c, &file, MODE(0666), 0);
	is_status(result.status, NFS3ERR_PERM, "chmod by another");
	ok(result.wcc.after.follows, "attributes come with it");
	is_status(v3_setattr(c, &file, &(struct set)
						 {.what = SET_UID, .uid = 2000}, 0).status,
			  NFS3ERR_PERM, "chown by another");

	become(c, 1000, 100);
	is_status(v3_setattr(c, &file, &(struct set)
						 {.what = SET_UID, .uid = 2000}, 0).status,
			  NFS3ERR_PERM, "chown by the owner");
	is_status(v3_setattr(c, &file, &(struct set)
						 {.what = SET_GID, .gid = 300}, 0).status,
			  NFS3ERR_PERM, "chgrp to a group that is not the owner's");
	add_group(c, 300);
	is_status(v3_setattr(c, &file, &(struct set)
						 {.what = SET_GID, .gid = 300}, 0).status,
			  NFS3_OK, "chgrp to one that is");
	become(c, 0, 0);
}

static void
test_special_bits(void)
{
	struct handle file = make_owned("suid", 06755);

	is(mode_of(&file), 06755, "suid and sgid are set");
	v3_setattr(c, &file, &(struct set) {.what = SET_UID, .uid = 1001}, 0);
	is(mode_of(&file), 0755, "chown clears suid and sgid, for root too");

	v3_setattr(c, &file, MODE(06745), 0);
	v3_setattr(c, &file, &(struct set) {.what = SET_GID, .gid = 101}, 0);
	is(mode_of(&file), 02745, "sgid stays where the group may not execute");

	/* chmod by an owner outside the group */
	file = make_owned("sgid", 0755);
	become(c, 1000, 500);
	is_status(v3_setattr(c, &file, MODE(02755), 0).status, NFS3_OK,
			  "chmod g+s by an owner who is not in the group");
	is(mode_of(&file), 0755, "sgid is not set");
	become(c, 1000, 100);
	v3_setattr(c, &file, MODE(02755), 0);
	is(mode_of(&file), 02755, "by one who is, it is");

	/* a write by somebody else than root */
	become(c, 0, 0);
	v3_setattr(c, &file, MODE(06777), 0);
	become(c, 2000, 200);
	is_status(v3_write(c, &file, 0, S("x"), FILE_SYNC).status, NFS3_OK,
			  "a write by another");
	become(c, 0, 0);
	is(mode_of(&file), 0777, "clears suid and sgid");
	v3_setattr(c, &file, MODE(06777), 0);
	become(c, 2000, 200);
	is_status(v3_setattr(c, &file, &(struct set)
						 {.what = SET_SIZE, .size = 0}, 0).status, NFS3_OK,
			  "a truncation by another");
	become(c, 0, 0);
	is(mode_of(&file), 0777, "clears suid and sgid");

	/* directories keep theirs */
	{
		struct handle sub = make_dir(c, &dir, "sgid-dir", 02775);

		v3_setattr(c, &sub, &(struct set)
				   {.what = SET_UID | SET_GID, .uid = 1000, .gid = 100}, 0);
		is(mode_of(&sub), 02775, "chown of a directory clears nothing");
	}
}

static void
test_times_permission(void)
{
	struct handle file = make_owned("times", 0666);
	const struct set explicit = {.what = SET_MTIME, .mtime = SECOND};
	const struct set now = {.what = ATIME_NOW | MTIME_NOW};

	become(c, 2000, 200);
	is_status(v3_setattr(c, &file, &explicit, 0).status, NFS3ERR_PERM,
			  "a time of one's own choice needs ownership");
	is_status(v3_setattr(c, &file, &now, 0).status, NFS3_OK,
			  "the server's needs write permission");
	become(c, 0, 0);
	v3_setattr(c, &file, MODE(0444), 0);
	become(c, 2000, 200);
	is_status(v3_setattr(c, &file, &now, 0).status, NFS3ERR_ACCES,
			  "without it");
	become(c, 1000, 100);
	is_status(v3_setattr(c, &file, &now, 0).status, NFS3_OK,
			  "or ownership");
	is_status(v3_setattr(c, &file, &explicit, 0).status, NFS3_OK,
			  "the owner may choose");
	become(c, 0, 0);
}

static void
test_access(void)
{
	struct handle file = make_owned("access", 0640);
	struct handle sub = make_dir(c, &dir, "access-dir", 0755);
	struct handle program = make_owned("program", 0711);
	struct result result;

	result = v3_access(c, &file, 0x3f);
	is_status(result.status, NFS3_OK, "ACCESS");
	ok(result.attr.follows, "with attributes");
	is(result.access, ACCESS3_READ | ACCESS3_MODIFY | ACCESS3_EXTEND,
	   "root: everything but EXECUTE of a file without an x bit");
	is(v3_access(c, &sub, 0x3f).access & ~ACCESS3_EXECUTE,
	   ACCESS3_READ | ACCESS3_LOOKUP | ACCESS3_MODIFY | ACCESS3_EXTEND |
	   ACCESS3_DELETE, "root: everything in a directory");

	become(c, 1000, 1);
	is(v3_access(c, &file, 0x3f).access & ~ACCESS3_DELETE,
	   ACCESS3_READ | ACCESS3_MODIFY | ACCESS3_EXTEND, "owner");
	become(c, 2000, 100);
	is(v3_access(c, &file, 0x3f).access & ~ACCESS3_DELETE, ACCESS3_READ,
	   "group");
	become(c, 2000, 200);
	add_group(c, 7);
	add_group(c, 100);
	is(v3_access(c, &file, 0x3f).access & ~ACCESS3_DELETE, ACCESS3_READ,
	   "a supplementary group");
	become(c, 2000, 200);
	result = v3_access(c, &file, 0x3f);
	is_status(result.status, NFS3_OK, "nothing is denied by a status");
	is(result.access & ~ACCESS3_DELETE, 0, "but by the bits that are missing");
	is(v3_access(c, &program, ACCESS3_EXECUTE).access, ACCESS3_EXECUTE,
	   "execute without read");
	is(v3_access(c, &sub, 0x3f).access & ~ACCESS3_EXECUTE,
	   ACCESS3_READ | ACCESS3_LOOKUP, "others in a directory");
	is(v3_access(c, &sub, ACCESS3_READ).access, ACCESS3_READ,
	   "only what was asked is answered");
	is(v3_access(c, &sub, 0).access, 0, "nothing, if nothing was asked");
	become(c, 0, 0);
}

static void
test_static_answers(void)
{
	struct handle file = make_file(c, &dir, "static", 0644);
	const struct handle *objects[] = {&dir, &file};

	for (int i = 0; i < 2; i++)
	{
		struct result result = v3_fsinfo(c, objects[i]);

		is_status(result.status, NFS3_OK, "FSINFO");
		ok(result.attr.follows, "with attributes");
		is((int64_t) result.numbers[0], 1048576, "rtmax");
		is((int64_t) result.numbers[1], 1048576, "rtpref");
		is((int64_t) result.numbers[2], 4096, "rtmult");
		is((int64_t) result.numbers[3], 1048576, "wtmax");
		is((int64_t) result.numbers[4], 1048576, "wtpref");
		is((int64_t) result.numbers[5], 4096, "wtmult");
		is((int64_t) result.numbers[6], 65536, "dtpref");
		is((int64_t) result.numbers[7], INT64_MAX, "maxfilesize");
		is((int64_t) result.numbers[8], 1, "time_delta");
		is((int64_t) result.numbers[9], FSF3_LINK | FSF3_SYMLINK |
		   FSF3_HOMOGENEOUS | FSF3_CANSETTIME, "properties");

		result = v3_pathconf(c, objects[i]);
		is_status(result.status, NFS3_OK, "PATHCONF");
		ok(result.attr.follows, "with attributes");
		is((int64_t) result.numbers[0], 2147483647, "linkmax");
		is((int64_t) result.numbers[1], 255, "name_max");
		ok(result.numbers[2] && result.numbers[3],
		   "no_trunc, chown_restricted");
		ok(!result.numbers[4] && result.numbers[5],
		   "case sensitive and preserving");

		result = v3_fsstat(c, objects[i]);
		is_status(result.status, NFS3_OK, "FSSTAT");
		ok(result.attr.follows, "with attributes");
		ok(result.numbers[0] > 0 && result.numbers[1] <= result.numbers[0] &&
		   result.numbers[2] <= result.numbers[1], "bytes");
		ok(result.numbers[3] > 0 && result.numbers[4] <= result.numbers[3] &&
		   result.numbers[5] <= result.numbers[4], "files");
	}
}

int
main(void)
{
	c = connect_to(0);
	dir = make_playground(c);
	test_handles();
	test_kinds();
	test_fileids();
	test_setattr();
	test_guard();
	test_sizes();
	test_ownership();
	test_special_bits();
	test_times_permission();
	test_access();
	test_static_answers();
	disconnect(c);
	return done_testing();
}
