/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_permission.c
 *	  Who may do what: classes of users, sticky directories, squashing,
 *	  read-only shares, access times.
 */
#include "lib.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

static struct client *c;
static struct handle dir;

static void
give(const struct handle *object, uint32_t uid, uint32_t gid, uint32_t mode)
{
	if (v3_setattr(c, object, &(struct set)
				   {.what = SET_UID | SET_GID, .uid = uid, .gid = gid},
				   0).status != NFS3_OK ||
		v3_setattr(c, object, MODE(mode), 0).status != NFS3_OK)
		bail_out("cannot give a file away");
}

/*
 * One class decides: the owner's bits for the owner, also when the group's or
 * the others' would say more.
 */
static void
test_classes(void)
{
	static const struct
	{
		uint32_t	uid;
		uint32_t	gid;
		uint32_t	mode;
		uint32_t	want;		/* status of a WRITE */
		const char *who;
	}			cases[] = {
		{2000, 200, 0600, NFS3ERR_ACCES, "others, 0600"},
		{2000, 200, 0602, NFS3_OK, "others, 0602"},
		{2000, 100, 0620, NFS3_OK, "group, 0620"},
		{2000, 100, 0602, NFS3ERR_ACCES, "group, 0602"},
		{2000, 200, 0620, NFS3ERR_ACCES, "others, 0620"},
		{0, 0, 0000, NFS3_OK, "root, 0000"},
	};
	struct handle file = make_file(c, &dir, "classes", 0);
	struct handle sub = make_dir(c, &dir, "classes-dir", 0);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		give(&file, 1000, 100, cases[i].mode);
		become(c, cases[i].uid, cases[i].gid);
		is_status(v3_write(c, &file, 0, S("x"), FILE_SYNC).status,
				  cases[i].want, "WRITE by %s", cases[i].who);
		become(c, 0, 0);
	}

	/* in a directory the owner has no privilege */
	give(&sub, 1000, 100, 0077);
	become(c, 1000, 100);
	is_status(v3_create(c, &sub, S("x"), GUARDED, NOTHING).status,
			  NFS3ERR_ACCES, "CREATE by the owner, 0077");
	is_status(v3_lookup(c, &sub, S("x")).status, NFS3ERR_ACCES,
			  "LOOKUP by the owner, 0077");
	become(c, 2000, 100);
	is_status(v3_create(c, &sub, S("x"), GUARDED, NOTHING).status, NFS3_OK,
			  "CREATE by the group");
	become(c, 0, 0);

	/* w without x is not enough to change a directory */
	give(&sub, 1000, 100, 0600);
	become(c, 1000, 100);
	is_status(v3_create(c, &sub, S("y"), GUARDED, NOTHING).status,
			  NFS3ERR_ACCES, "CREATE with w, without x");
	become(c, 0, 0);
}

static void
test_groups(void)
{
	struct handle file = make_file(c, &dir, "groups", 0);

	give(&file, 1000, 77, 0640);
	become(c, 2000, 200);
	for (uint32_t gid = 62; gid < 77; gid++)
		add_group(c, gid);
	is_status(v3_read(c, &file, 0, 1).status, NFS3ERR_ACCES,
			  "15 groups, none of them the file's");
	add_group(c, 77);
	is_status(v3_read(c, &file, 0, 1).status, NFS3_OK, "the sixteenth is");
	become(c, 0, 0);
}

static void
test_changes_need_write(void)
{
	struct handle sub = make_dir(c, &dir, "fixed", 0755);
	struct handle file = make_file(c, &sub, "file", 0666);
	struct result result;

	make_dir(c, &sub, "dir", 0777);
	become(c, 2000, 200);
	result = v3_create(c, &sub, S("x"), GUARDED, NOTHING);
	is_status(result.status, NFS3ERR_ACCES, "CREATE");
	ok(result.wcc.after.follows, "with attributes");
	is_status(v3_create_exclusive(c, &sub, S("x"), "verifier").status,
			  NFS3ERR_ACCES, "exclusive CREATE");
	is_status(v3_mkdir(c, &sub, S("x"), NOTHING).status, NFS3ERR_ACCES,
			  "MKDIR");
	is_status(v3_symlink(c, &sub, S("x"), NOTHING, S("y")).status,
			  NFS3ERR_ACCES, "SYMLINK");
	is_status(v3_mknod(c, &sub, S("x"), NF3FIFO, NOTHING, 0, 0).status,
			  NFS3ERR_ACCES, "MKNOD");
	result = v3_remove(c, &sub, S("file"));
	is_status(result.status, NFS3ERR_ACCES, "REMOVE");
	ok(result.wcc.after.follows, "with attributes");
	is_status(v3_rmdir(c, &sub, S("dir")).status, NFS3ERR_ACCES, "RMDIR");
	is_status(v3_link(c, &file, &sub, S("x")).status, NFS3ERR_ACCES, "LINK");
	is_status(v3_rename(c, &sub, S("file"), &sub, S("x")).status,
			  NFS3ERR_ACCES, "RENAME");
	become(c, 0, 0);
}

static void
test_sticky(void)
{
	struct handle sub = make_dir(c, &dir, "sticky", 01777);
	struct handle file = make_file(c, &sub, "of-1000", 0666);
	struct result result;

	give(&sub, 3000, 300, 01777);
	give(&file, 1000, 100, 0666);
	become(c, 2000, 200);
	result = v3_remove(c, &sub, S("of-1000"));
	is_status(result.status, NFS3ERR_PERM, "REMOVE of another's file");
	ok(result.wcc.after.follows, "with attributes");
	is_status(v3_rename(c, &sub, S("of-1000"), &sub, S("x")).status,
			  NFS3ERR_PERM, "RENAME of another's file");
	make_file(c, &sub, "of-2000", 0644);
	is_status(v3_rename(c, &sub, S("of-2000"), &sub, S("of-1000")).status,
			  NFS3ERR_PERM, "RENAME of one's own onto another's");
	is_status(v3_rename(c, &sub, S("of-2000"), &sub, S("renamed")).status,
			  NFS3_OK, "of one's own to a free name");
	is_status(v3_remove(c, &sub, S("renamed")).status, NFS3_OK,
			  "REMOVE of one's own");
	become(c, 1000, 100);
	is_status(v3_remove(c, &sub, S("of-1000")).status, NFS3_OK,
			  "REMOVE by the file's owner");
	make_file(c, &sub, "again", 0644);
	become(c, 3000, 300);
	is_status(v3_remove(c, &sub, S("again")).status, NFS3_OK,
			  "REMOVE by the directory's owner");
	become(c, 1000, 100);
	make_file(c, &sub, "again", 0644);
	become(c, 0, 0);
	is_status(v3_remove(c, &sub, S("again")).status, NFS3_OK,
			  "REMOVE by root");
}

static void
test_squash(void)
{
	struct handle root;
	struct handle file;
	struct result result;

	sql("SELECT dittofs.create_share('/perm-squash', squash => 'root',"
		" anonuid => 4001, anongid => 4002, root_mode => '0777')");
	root = root_of(c, "/perm-squash");
	result = v3_create(c, &root, S("by-root"), GUARDED, NOTHING);
	ok(result.attr.uid == 4001 && result.attr.gid == 4002,
	   "root_squash: root creates as nobody");
	file = result.handle;
	become(c, 1000, 0);
	result = v3_create(c, &root, S("by-1000"), GUARDED, NOTHING);
	ok(result.attr.uid == 1000, "root_squash: others are who they are");
	is(result.attr.gid, 4002, "but for the group root");
	become(c, 0, 0);
	is_status(v3_setattr(c, &result.handle, MODE(0600), 0).status,
			  NFS3ERR_PERM, "squashed root is not root");
	is_status(v3_setattr(c, &file, &(struct set)
						 {.what = SET_UID, .uid = 1}, 0).status,
			  NFS3ERR_PERM, "nor may it give files away");
	ok((v3_access(c, &result.handle, 0x3f).access & ACCESS3_MODIFY) == 0,
	   "ACCESS knows");

	sql("SELECT dittofs.alter_share('/perm-squash', squash => 'all')");
	become(c, 1000, 100);
	add_group(c, 4242);
	result = v3_create(c, &root, S("by-all"), GUARDED, NOTHING);
	ok(result.attr.uid == 4001 && result.attr.gid == 4002,
	   "all_squash: everybody is nobody");
	become(c, 0, 0);
	give(&dir, 0, 0, 0777);
	sql("SELECT dittofs.alter_share('/perm-squash', squash => 'none')");
	result = v3_create(c, &root, S("by-none"), GUARDED, NOTHING);
	ok(result.attr.uid == 0 && result.attr.gid == 0,
	   "no_root_squash: root is root");
	sql("SELECT dittofs.drop_share('/perm-squash', force => true)");
}

static void
test_read_only(void)
{
	struct handle root;
	struct handle file;
	struct result result;

	sql("SELECT dittofs.create_share('/perm-ro', squash => 'none')");
	root = root_of(c, "/perm-ro");
	file = make_file(c, &root, "file", 0666);
	v3_write(c, &file, 0, S("content"), FILE_SYNC);
	sql("SELECT dittofs.alter_share('/perm-ro', read_only => true)");

	result = v3_write(c, &file, 0, S("x"), FILE_SYNC);
	is_status(result.status, NFS3ERR_ROFS, "WRITE");
	ok(result.wcc.after.follows, "with attributes");
	result = v3_setattr(c, &file, MODE(0), 0);
	is_status(result.status, NFS3ERR_ROFS, "SETATTR");
	result = v3_create(c, &root, S("x"), GUARDED, NOTHING);
	is_status(result.status, NFS3ERR_ROFS, "CREATE");
	ok(result.wcc.after.follows, "with attributes");
	is_status(v3_create_exclusive(c, &root, S("x"), "verifier").status,
			  NFS3ERR_ROFS, "exclusive CREATE");
	is_status(v3_mkdir(c, &root, S("x"), NOTHING).status, NFS3ERR_ROFS,
			  "MKDIR");
	is_status(v3_symlink(c, &root, S("x"), NOTHING, S("y")).status,
			  NFS3ERR_ROFS, "SYMLINK");
	is_status(v3_mknod(c, &root, S("x"), NF3FIFO, NOTHING, 0, 0).status,
			  NFS3ERR_ROFS, "MKNOD");
	is_status(v3_remove(c, &root, S("file")).status, NFS3ERR_ROFS, "REMOVE");
	is_status(v3_rmdir(c, &root, S("file")).status, NFS3ERR_ROFS, "RMDIR");
	is_status(v3_rename(c, &root, S("file"), &root, S("x")).status,
			  NFS3ERR_ROFS, "RENAME");
	is_status(v3_link(c, &file, &root, S("x")).status, NFS3ERR_ROFS, "LINK");

	result = v3_access(c, &file, 0x3f);
	is(result.access, ACCESS3_READ, "ACCESS of a file knows");
	result = v3_access(c, &root, 0x3f);
	is(result.access & ~ACCESS3_EXECUTE, ACCESS3_READ | ACCESS3_LOOKUP,
	   "ACCESS of a directory knows");
	result = v3_read(c, &file, 0, 100);
	ok(result.status == NFS3_OK && result.count == 7, "READ");
	is_status(v3_readdirplus(c, &root, 0, NULL, 4096, 4096).status, NFS3_OK,
			  "READDIRPLUS");
	is_status(v3_getattr(c, &file).status, NFS3_OK, "GETATTR");
	sql("SELECT dittofs.drop_share('/perm-ro', force => true)");
}

/* relative, off, strict */
static void
test_atime(void)
{
	struct handle root;
	struct handle file;
	struct attr before;
	struct attr after;

	sql("SELECT dittofs.create_share('/perm-atime', squash => 'none')");
	root = root_of(c, "/perm-atime");
	file = make_file(c, &root, "file", 0644);
	v3_write(c, &file, 0, S("content"), FILE_SYNC);

	/* atime is not later than mtime: the next read moves it */
	before = v3_getattr(c, &file).attr;
	v3_read(c, &file, 0, 10);
	after = v3_getattr(c, &file).attr;
	ok(after.atime > before.atime && after.atime >= after.mtime,
	   "relative: the first read after a write");
	v3_read(c, &file, 0, 10);
	ok(v3_getattr(c, &file).attr.atime == after.atime,
	   "relative: the second does not");
	ok(v3_getattr(c, &file).attr.mtime == before.mtime, "mtime is untouched");

	sql("SELECT dittofs.alter_share('/perm-atime', atime => 'strict')");
	before = v3_getattr(c, &file).attr;
	v3_read(c, &file, 0, 10);
	ok(v3_getattr(c, &file).attr.atime > before.atime, "strict: every read");

	sql("SELECT dittofs.alter_share('/perm-atime', atime => 'off')");
	v3_write(c, &file, 0, S("newer"), FILE_SYNC);
	before = v3_getattr(c, &file).attr;
	v3_read(c, &file, 0, 10);
	ok(v3_getattr(c, &file).attr.atime == before.atime, "off: none");
	sql("SELECT dittofs.drop_share('/perm-atime', force => true)");
}

int
main(void)
{
	c = connect_to(0);
	dir = make_playground(c);
	test_classes();
	test_groups();
	test_changes_need_write();
	test_sticky();
	test_squash();
	test_read_only();
	test_atime();
	disconnect(c);
	return done_testing();
}
