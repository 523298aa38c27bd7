/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_rename.c
 *	  RENAME: what may go where, what it replaces, what wcc data says of it.
 */
#include "lib.h"

#include <string.h>

static struct client *c;
static struct handle dir;
static struct handle a;			/* two directories to move between */
static struct handle b;

static bool
is_there(const struct handle *parent, const char *name,
		 const struct handle *want)
{
	struct result result = v3_lookup(c, parent, S(name));

	return result.status == NFS3_OK && same_handle(&result.handle, want);
}

static bool
is_gone(const struct handle *parent, const char *name)
{
	return v3_lookup(c, parent, S(name)).status == NFS3ERR_NOENT;
}

static void
test_plain(void)
{
	struct handle file = make_file(c, &a, "file", 0644);
	struct attr before = v3_getattr(c, &a).attr;
	struct attr to_before = v3_getattr(c, &b).attr;
	struct attr file_before = v3_getattr(c, &file).attr;
	struct result result;

	result = v3_rename(c, &a, S("file"), &a, S("other"));
	is_status(result.status, NFS3_OK, "in one directory");
	ok(is_there(&a, "other", &file) && is_gone(&a, "file"), "the name changes");
	ok(result.wcc.before && result.wcc.ctime == before.ctime &&
	   result.wcc.after.ctime > before.ctime, "wcc data of the first");
	ok(result.to_wcc.before && result.to_wcc.ctime == before.ctime &&
	   result.to_wcc.after.ctime == result.wcc.after.ctime,
	   "and the same as of the second");
	ok(v3_getattr(c, &file).attr.ctime > file_before.ctime,
	   "the file's ctime grows");

	before = result.wcc.after;
	result = v3_rename(c, &a, S("other"), &b, S("file"));
	is_status(result.status, NFS3_OK, "to another directory");
	ok(is_there(&b, "file", &file) && is_gone(&a, "other"), "it has moved");
	ok(result.wcc.before && result.wcc.ctime == before.ctime &&
	   result.wcc.after.ctime > before.ctime &&
	   result.wcc.after.fileid == before.fileid, "wcc data of the first");
	ok(result.to_wcc.before && result.to_wcc.ctime == to_before.ctime &&
	   result.to_wcc.after.ctime > to_before.ctime &&
	   result.to_wcc.after.fileid == to_before.fileid, "and of the second");
	v3_remove(c, &b, S("file"));
}

static void
test_replacing(void)
{
	struct handle file = make_file(c, &a, "new", 0644);
	struct handle old = make_file(c, &b, "old", 0644);
	struct handle link;
	struct handle sub;
	struct handle victim;
	struct result result;

	is_status(v3_rename(c, &a, S("new"), &b, S("old")).status, NFS3_OK,
			  "a file onto a file");
	ok(is_there(&b, "old", &file) && is_gone(&a, "new"), "it takes its place");
	is_status(v3_getattr(c, &old).status, NFS3ERR_STALE,
			  "the other is no more");

	/* a victim with another name lives on */
	old = make_file(c, &b, "linked", 0644);
	v3_link(c, &old, &b, S("linked-too"));
	is_status(v3_rename(c, &b, S("old"), &b, S("linked")).status, NFS3_OK,
			  "onto a file with two names");
	is(v3_getattr(c, &old).attr.nlink, 1, "which keeps the other");

	/* two names of one file */
	link = make_file(c, &a, "same-1", 0644);
	v3_link(c, &link, &a, S("same-2"));
	{
		struct attr before = v3_getattr(c, &a).attr;

		is_status(v3_rename(c, &a, S("same-1"), &a, S("same-2")).status,
				  NFS3_OK, "one name of a file onto another");
		ok(is_there(&a, "same-1", &link) && is_there(&a, "same-2", &link),
		   "both stay");
		is(v3_getattr(c, &link).attr.nlink, 2, "so does the link count");
		is_status(v3_rename(c, &a, S("same-1"), &a, S("same-1")).status,
				  NFS3_OK, "a name onto itself");
		ok(v3_getattr(c, &a).attr.ctime == before.ctime,
		   "the directory has not changed");
	}

	/* symbolic links are moved, not followed */
	result = v3_symlink(c, &a, S("sym"), NOTHING, S("same-1"));
	is_status(v3_rename(c, &a, S("sym"), &b, S("linked")).status, NFS3_OK,
			  "a symbolic link onto a file");
	ok(is_there(&b, "linked", &result.handle), "it takes its place");

	/* directories */
	sub = make_dir(c, &a, "sub", 0755);
	victim = make_dir(c, &b, "victim", 0755);
	is_status(v3_rename(c, &a, S("sub"), &b, S("victim")).status, NFS3_OK,
			  "a directory onto an empty one");
	ok(is_there(&b, "victim", &sub), "it takes its place");
	is_status(v3_getattr(c, &victim).status, NFS3ERR_STALE,
			  "the other is no more");
	make_file(c, &sub, "in-it", 0644);
	make_dir(c, &a, "another", 0755);
	result = v3_rename(c, &a, S("another"), &b, S("victim"));
	is_status(result.status, NFS3ERR_NOTEMPTY, "onto one that is not empty");
	ok(result.wcc.after.follows && result.to_wcc.after.follows,
	   "with attributes of both");
	make_file(c, &a, "file", 0644);
	is_status(v3_rename(c, &a, S("file"), &a, S("another")).status,
			  NFS3ERR_ISDIR, "a file onto a directory");
	is_status(v3_rename(c, &a, S("another"), &a, S("file")).status,
			  NFS3ERR_NOTDIR, "a directory onto a file");
	v3_remove(c, &sub, S("in-it"));
	v3_rmdir(c, &b, S("victim"));
	v3_rmdir(c, &a, S("another"));
}

static void
test_directories(void)
{
	struct handle sub = make_dir(c, &a, "moving", 0755);
	struct handle deep = make_dir(c, &sub, "deep", 0755);
	struct attr a_before = v3_getattr(c, &a).attr;
	struct attr b_before = v3_getattr(c, &b).attr;
	struct result result;

	result = v3_rename(c, &a, S("moving"), &b, S("moved"));
	is_status(result.status, NFS3_OK, "a directory to another directory");
	is(result.wcc.after.nlink, a_before.nlink - 1, "one loses a link");
	is(result.to_wcc.after.nlink, b_before.nlink + 1, "the other gains it");
	ok(is_there(&sub, "..", &b), ".. is the new parent");
	ok(is_there(&deep, "..", &sub), "below it all is as it was");
	is(v3_getattr(c, &sub).attr.nlink, 3, "its own link count too");

	is_status(v3_rename(c, &b, S("moved"), &sub, S("x")).status,
			  NFS3ERR_INVAL, "into itself");
	is_status(v3_rename(c, &b, S("moved"), &deep, S("x")).status,
			  NFS3ERR_INVAL, "into its own subtree");
	ok(is_there(&b, "moved", &sub), "it is where it was");
	is_status(v3_rename(c, &sub, S("deep"), &b, S("moved")).status,
			  NFS3ERR_NOTEMPTY, "onto its own parent");
}

/* To change what .. means, one must be allowed to write the directory. */
static void
test_permission(void)
{
	struct handle from = make_dir(c, &dir, "perm-from", 0777);
	struct handle to = make_dir(c, &dir, "perm-to", 0777);
	struct handle sub = make_dir(c, &from, "sub", 0755);

	make_file(c, &from, "file", 0600);
	become(c, 1000, 100);
	is_status(v3_rename(c, &from, S("file"), &to, S("file")).status, NFS3_OK,
			  "another's file between directories one may write");
	is_status(v3_rename(c, &from, S("sub"), &from, S("same")).status, NFS3_OK,
			  "another's directory in its own");
	is_status(v3_rename(c, &from, S("same"), &to, S("sub")).status,
			  NFS3ERR_ACCES, "but not to another parent");
	become(c, 0, 0);
	v3_setattr(c, &sub, MODE(0757), 0);
	become(c, 1000, 100);
	is_status(v3_rename(c, &from, S("same"), &to, S("sub")).status, NFS3_OK,
			  "unless one may write it");
	become(c, 0, 0);
	v3_setattr(c, &from, MODE(0755), 0);
	become(c, 1000, 100);
	is_status(v3_rename(c, &to, S("file"), &from, S("file")).status,
			  NFS3ERR_ACCES, "into a directory one may not write");
	become(c, 0, 0);
	make_file(c, &from, "file", 0666);
	become(c, 1000, 100);
	is_status(v3_rename(c, &from, S("file"), &to, S("x")).status,
			  NFS3ERR_ACCES, "or out of it");
	become(c, 0, 0);
}

static void
test_silly_rename(void)
{
	struct handle file = make_file(c, &a, "open", 0644);
	struct result result;

	v3_write(c, &file, 0, S("still read"), FILE_SYNC);
	is_status(v3_rename(c, &a, S("open"), &a,
						S(".nfs000000000000002a00000001")).status, NFS3_OK,
			  "a silly rename");
	result = v3_read(c, &file, 0, 100);
	ok(result.count == 10 && memcmp(result.data.data, "still read", 10) == 0,
	   "is a rename and nothing else");
	is_status(v3_remove(c, &a, S(".nfs000000000000002a00000001")).status,
			  NFS3_OK, "removed");
}

int
main(void)
{
	c = connect_to(0);
	dir = make_playground(c);
	a = make_dir(c, &dir, "a", 0777);
	b = make_dir(c, &dir, "b", 0777);
	test_plain();
	test_replacing();
	test_directories();
	test_permission();
	test_silly_rename();
	disconnect(c);
	return done_testing();
}
