/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_create.c
 *	  CREATE, MKDIR, SYMLINK, MKNOD, READLINK.
 */
#include "lib.h"

#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

static struct client *c;
static struct handle dir;

/*
 * What every creation shows: handle, attributes, wcc data, and a directory
 * whose ctime has grown.
 */
static void
is_created(struct result result, const struct attr *dir_before, uint32_t type,
		   const char *what)
{
	is_status(result.status, NFS3_OK, "%s", what);
	ok(result.handle.size > 0, "a handle follows");
	ok(result.attr.follows && result.attr.type == type,
	   "attributes follow, of the right type");
	ok(result.wcc.before && result.wcc.after.follows, "wcc data, both halves");
	ok(result.wcc.ctime == dir_before->ctime &&
	   result.wcc.mtime == dir_before->mtime, "before is what was before");
	ok(result.wcc.after.ctime > dir_before->ctime &&
	   result.wcc.after.mtime > dir_before->mtime,
	   "mtime and ctime of the directory have grown");
	is(result.wcc.after.nlink, dir_before->nlink + (type == NF3DIR),
	   "its link count");
	ok(v3_getattr(c, &dir).attr.ctime == result.wcc.after.ctime,
	   "GETATTR says the same");
}

static void
test_kinds(void)
{
	const struct set *set = MODE(0640);
	struct attr before = v3_getattr(c, &dir).attr;

	is_created(v3_create(c, &dir, S("k1"), UNCHECKED, set), &before, NF3REG,
			   "unchecked CREATE");
	before = v3_getattr(c, &dir).attr;
	is_created(v3_create(c, &dir, S("k2"), GUARDED, set), &before, NF3REG,
			   "guarded CREATE");
	before = v3_getattr(c, &dir).attr;
	is_created(v3_create_exclusive(c, &dir, S("k3"), "verifier"), &before,
			   NF3REG, "exclusive CREATE");
	before = v3_getattr(c, &dir).attr;
	is_created(v3_mkdir(c, &dir, S("k4"), set), &before, NF3DIR, "MKDIR");
	before = v3_getattr(c, &dir).attr;
	is_created(v3_symlink(c, &dir, S("k5"), NOTHING, S("x")), &before, NF3LNK,
			   "SYMLINK");
	before = v3_getattr(c, &dir).attr;
	is_created(v3_mknod(c, &dir, S("k6"), NF3FIFO, set, 0, 0), &before,
			   NF3FIFO, "MKNOD of a FIFO");
	before = v3_getattr(c, &dir).attr;
	is_created(v3_mknod(c, &dir, S("k7"), NF3SOCK, set, 0, 0), &before,
			   NF3SOCK, "MKNOD of a socket");
	before = v3_getattr(c, &dir).attr;
	is_created(v3_mknod(c, &dir, S("k8"), NF3BLK, set, 8, 1), &before, NF3BLK,
			   "MKNOD of a block device");
	before = v3_getattr(c, &dir).attr;
	is_created(v3_mknod(c, &dir, S("k9"), NF3CHR, set, 1, 3), &before, NF3CHR,
			   "MKNOD of a character device");
}

static void
test_modes(void)
{
	struct result result;

	result = v3_create(c, &dir, S("m1"), GUARDED, MODE(0));
	is(result.attr.mode, 0, "mode 0000 is mode 0000");
	result = v3_create(c, &dir, S("m2"), GUARDED, MODE(0106777));
	is(result.attr.mode, 06777, "all bits of a mode, and no more");
	result = v3_create(c, &dir, S("m3"), GUARDED, NOTHING);
	is(result.attr.mode, 0644, "no mode: 0644");
	result = v3_create_exclusive(c, &dir, S("m4"), "verifier");
	is(result.attr.mode, 0644, "exclusive: 0644");
	result = v3_mkdir(c, &dir, S("m5"), NOTHING);
	is(result.attr.mode, 0755, "no mode for a directory: 0755");
	result = v3_mkdir(c, &dir, S("m6"), MODE(01000));
	is(result.attr.mode, 01000, "a mode of nothing but the sticky bit");
	result = v3_mknod(c, &dir, S("m7"), NF3FIFO, NOTHING, 0, 0);
	is(result.attr.mode, 0644, "no mode for a FIFO: 0644");
	result = v3_symlink(c, &dir, S("m8"), MODE(0600), S("x"));
	is(result.attr.mode, 0777, "a symbolic link has 0777, whatever was asked");
}

static void
test_attributes(void)
{
	const struct set all = {
		.what = SET_MODE | SET_UID | SET_GID | SET_SIZE | SET_ATIME | SET_MTIME,
		.mode = 0604, .uid = 1234, .gid = 4321, .size = 100000,
		.atime = 5 * SECOND + 6, .mtime = 7 * SECOND + 8
	};
	struct result result;

	result = v3_create(c, &dir, S("a1"), GUARDED, &all);
	is_status(result.status, NFS3_OK, "CREATE with every attribute");
	ok(result.attr.mode == 0604 && result.attr.uid == 1234 &&
	   result.attr.gid == 4321, "mode, uid and gid, by root");
	is((int64_t) result.attr.size, 100000, "size");
	ok(result.attr.atime == all.atime && result.attr.mtime == all.mtime,
	   "times");

	result = v3_mkdir(c, &dir, S("a2"), &all);
	is_status(result.status, NFS3_OK, "MKDIR with every attribute");
	ok(result.attr.mode == 0604 && result.attr.uid == 1234 &&
	   result.attr.gid == 4321 && result.attr.mtime == all.mtime,
	   "all but the size");

	become(c, 1000, 100);
	result = v3_create(c, &dir, S("a3"), GUARDED, NOTHING);
	ok(result.attr.uid == 1000 && result.attr.gid == 100,
	   "without ids, the caller's");
	result = v3_create(c, &dir, S("a4"), GUARDED, &(struct set)
					   {.what = SET_UID | SET_GID, .uid = 1, .gid = 2});
	is_status(result.status, NFS3_OK, "with foreign ids");
	ok(result.attr.uid == 1000 && result.attr.gid == 100, "the caller's");
	become(c, 0, 0);

	is_status(v3_create(c, &dir, S("a5"), GUARDED, &(struct set)
						{.what = SET_SIZE, .size = UINT64_MAX}).status,
			  NFS3ERR_FBIG, "a size beyond 2^63-1");
	is_status(v3_lookup(c, &dir, S("a5")).status, NFS3ERR_NOENT,
			  "leaves nothing behind");
}

static void
test_unchecked(void)
{
	struct handle file = make_file(c, &dir, "u1", 0640);
	struct result before;
	struct result result;

	v3_write(c, &file, 0, S("content"), FILE_SYNC);
	result = v3_create(c, &dir, S("u1"), UNCHECKED, MODE(0777));
	is_status(result.status, NFS3_OK, "unchecked, and there is one");
	ok(same_handle(&result.handle, &file), "the same file");
	is(result.attr.mode, 0640, "no attribute is set");
	is((int64_t) result.attr.size, 7, "nothing is truncated unasked");

	result = v3_create(c, &dir, S("u1"), UNCHECKED, &(struct set)
					   {.what = SET_SIZE | SET_MODE | SET_UID, .mode = 0777,
						.uid = 77});
	is_status(result.status, NFS3_OK, "with a size of 0");
	is((int64_t) result.attr.size, 0, "truncated when asked");
	ok(result.attr.mode == 0640 && result.attr.uid == 0,
	   "the size and nothing else");
	before = result;

	/* open with O_TRUNC of what is empty already */
	result = v3_create(c, &dir, S("u1"), UNCHECKED,
					   &(struct set) {.what = SET_SIZE});
	ok(result.attr.mtime > before.attr.mtime &&
	   result.attr.ctime > before.attr.ctime,
	   "truncation of an empty file touches mtime and ctime");

	make_dir(c, &dir, "u2", 0755);
	v3_symlink(c, &dir, S("u3"), NOTHING, S("u1"));
	v3_mknod(c, &dir, S("u4"), NF3FIFO, NOTHING, 0, 0);
	is_status(v3_create(c, &dir, S("u2"), UNCHECKED, NOTHING).status,
			  NFS3ERR_EXIST, "on a directory");
	is_status(v3_create(c, &dir, S("u3"), UNCHECKED, NOTHING).status,
			  NFS3ERR_EXIST, "on a symbolic link");
	is_status(v3_create(c, &dir, S("u4"), UNCHECKED, NOTHING).status,
			  NFS3ERR_EXIST, "on a FIFO");
}

static void
test_existing(void)
{
	struct result result;

	make_file(c, &dir, "e1", 0644);
	result = v3_create(c, &dir, S("e1"), GUARDED, MODE(0777));
	is_status(result.status, NFS3ERR_EXIST, "guarded CREATE");
	ok(result.wcc.after.follows, "with attributes of the directory");
	is_status(v3_mkdir(c, &dir, S("e1"), NOTHING).status, NFS3ERR_EXIST,
			  "MKDIR");
	is_status(v3_symlink(c, &dir, S("e1"), NOTHING, S("x")).status,
			  NFS3ERR_EXIST, "SYMLINK");
	is_status(v3_mknod(c, &dir, S("e1"), NF3FIFO, NOTHING, 0, 0).status,
			  NFS3ERR_EXIST, "MKNOD");
	is(v3_lookup(c, &dir, S("e1")).attr.mode, 0644, "nothing has changed");
}

/* The verifier is in the database: any gateway answers a repetition. */
static void
test_exclusive(void)
{
	struct client *other = connect_to(gateway_count() - 1);
	struct result first;
	struct result result;

	first = v3_create_exclusive(c, &dir, S("x1"), "\0\1\2\3\xff\xfe\xfd\0");
	is_status(first.status, NFS3_OK, "exclusive");
	result = v3_create_exclusive(other, &dir, S("x1"),
								 "\0\1\2\3\xff\xfe\xfd\0");
	is_status(result.status, NFS3_OK,
			  "the same verifier, through another gateway");
	ok(same_handle(&result.handle, &first.handle), "gives the same file");
	is_status(v3_create_exclusive(c, &dir, S("x1"),
								  "\0\1\2\3\xff\xfe\xfd\1").status,
			  NFS3ERR_EXIST, "another verifier");
	is_status(v3_setattr(c, &first.handle, &(struct set)
						 {.what = SET_MODE | ATIME_NOW | MTIME_NOW,
						  .mode = 0600}, 0).status, NFS3_OK,
			  "attributes come by SETATTR");
	is(v3_getattr(c, &first.handle).attr.mode, 0600, "and are set");
	make_file(c, &dir, "x2", 0644);
	is_status(v3_create_exclusive(c, &dir, S("x2"), "verifier").status,
			  NFS3ERR_EXIST, "a file that was not made so");
	make_dir(c, &dir, "x3", 0755);
	is_status(v3_create_exclusive(c, &dir, S("x3"), "verifier").status,
			  NFS3ERR_EXIST, "a directory");
	disconnect(other);
}

static void
test_mknod(void)
{
	is_status(v3_mknod(c, &dir, S("n1"), NF3REG, NOTHING, 0, 0).status,
			  NFS3ERR_BADTYPE, "MKNOD of a regular file");
	is_status(v3_mknod(c, &dir, S("n1"), NF3DIR, NOTHING, 0, 0).status,
			  NFS3ERR_BADTYPE, "of a directory");
	is_status(v3_mknod(c, &dir, S("n1"), NF3LNK, NOTHING, 0, 0).status,
			  NFS3ERR_BADTYPE, "of a symbolic link");
	become(c, 1000, 100);
	is_status(v3_mknod(c, &dir, S("n1"), NF3BLK, NOTHING, 8, 1).status,
			  NFS3ERR_PERM, "of a block device, by somebody");
	is_status(v3_mknod(c, &dir, S("n1"), NF3CHR, NOTHING, 8, 1).status,
			  NFS3ERR_PERM, "of a character device, by somebody");
	is_status(v3_mknod(c, &dir, S("n1"), NF3FIFO, NOTHING, 0, 0).status,
			  NFS3_OK, "of a FIFO, by somebody");
	is_status(v3_mknod(c, &dir, S("n2"), NF3SOCK, NOTHING, 0, 0).status,
			  NFS3_OK, "of a socket, by somebody");
	become(c, 0, 0);
	{
		struct result result = v3_mknod(c, &dir, S("n3"), NF3CHR, NOTHING,
										UINT32_MAX, UINT32_MAX);

		ok(result.status == NFS3_OK && result.attr.major == UINT32_MAX &&
		   result.attr.minor == UINT32_MAX, "device numbers of 32 bits");
	}
}

static void
test_symlinks(void)
{
	static const size_t sizes[] = {1, 255, 256, 1024, 4094, 4095};
	static char target[70000];
	struct result result;
	struct handle link;

	memset(target, 't', sizeof(target));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		result = v3_symlink(c, &dir, S("s"), NOTHING, B(target, sizes[i]));
		is_status(result.status, NFS3_OK, "a target of %d bytes",
				  (int) sizes[i]);
		link = result.handle;
		is((int64_t) result.attr.size, (int64_t) sizes[i], "its size");
		result = v3_readlink(c, &link);
		ok(result.status == NFS3_OK && result.data.size == sizes[i] &&
		   memcmp(result.data.data, target, sizes[i]) == 0,
		   "READLINK, byte for byte");
		ok(result.attr.follows, "with attributes");
		v3_remove(c, &dir, S("s"));
	}
	is_status(v3_symlink(c, &dir, S("s"), NOTHING, B(target, 4096)).status,
			  NFS3ERR_NAMETOOLONG, "a target of 4,096 bytes");
	is_status(v3_symlink(c, &dir, S("s"), NOTHING, B(target, 70000)).status,
			  NFS3ERR_NAMETOOLONG, "a target of 70,000 bytes");
	is_status(v3_symlink(c, &dir, S("s"), NOTHING, B("", 0)).status,
			  NFS3ERR_INVAL, "an empty target");

	for (int i = 0; i < 255; i++)
		target[i] = (char) (i + 1);
	result = v3_symlink(c, &dir, S("s1"), NOTHING, B(target, 255));
	link = result.handle;
	result = v3_readlink(c, &link);
	ok(result.data.size == 255 && memcmp(result.data.data, target, 255) == 0,
	   "a target is any bytes but NUL");
	result = v3_symlink(c, &dir, S("s2"), NOTHING, S("../../../etc/passwd"));
	is_status(result.status, NFS3_OK, "it leads where it will");

	link = make_file(c, &dir, "s3", 0644);
	result = v3_readlink(c, &link);
	is_status(result.status, NFS3ERR_INVAL, "READLINK of a file");
	ok(result.attr.follows, "with attributes");
	is_status(v3_readlink(c, &dir).status, NFS3ERR_INVAL,
			  "READLINK of a directory");
}

static void
test_setgid_directory(void)
{
	struct handle sub = make_dir(c, &dir, "g1", 0755);
	struct result result;

	v3_setattr(c, &sub, &(struct set)
			   {.what = SET_GID | SET_MODE, .gid = 555, .mode = 02777}, 0);
	become(c, 1000, 100);
	result = v3_create(c, &sub, S("file"), GUARDED, MODE(0644));
	is(result.attr.gid, 555, "a file in a set-gid directory has its group");
	result = v3_mkdir(c, &sub, S("dir"), MODE(0755));
	is(result.attr.gid, 555, "so has a directory");
	is(result.attr.mode, 02755, "and the bit");
	result = v3_symlink(c, &sub, S("link"), NOTHING, S("x"));
	is(result.attr.gid, 555, "so has a symbolic link");
	result = v3_mknod(c, &sub, S("fifo"), NF3FIFO, NOTHING, 0, 0);
	is(result.attr.gid, 555, "so has a FIFO");
	become(c, 0, 0);
}

int
main(void)
{
	c = connect_to(0);
	dir = make_playground(c);
	test_kinds();
	test_modes();
	test_attributes();
	test_unchecked();
	test_existing();
	test_exclusive();
	test_mknod();
	test_symlinks();
	test_setgid_directory();
	disconnect(c);
	return done_testing();
}
