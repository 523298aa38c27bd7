/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_remove.c
 *	  REMOVE, RMDIR, LINK: entries that come and go, and what is left.
 */
#include "lib.h"

#include <stdio.h>
#include <string.h>

static struct client *c;
static struct handle dir;

static void
is_removed(struct result result, const struct attr *before, int links,
		   const char *what)
{
	is_status(result.status, NFS3_OK, "%s", what);
	ok(result.wcc.before && result.wcc.ctime == before->ctime,
	   "wcc data from before");
	ok(result.wcc.after.ctime > before->ctime &&
	   result.wcc.after.mtime > before->mtime,
	   "mtime and ctime of the directory have grown");
	is(result.wcc.after.nlink, (int64_t) before->nlink + links,
	   "its link count");
}

static void
test_remove(void)
{
	static const char *const names[] = {"file", "symlink", "fifo", "device"};
	struct handle file = make_file(c, &dir, "file", 0);
	struct handle sub;
	struct attr before;
	struct result result;

	v3_symlink(c, &dir, S("symlink"), NOTHING, S("file"));
	v3_mknod(c, &dir, S("fifo"), NF3FIFO, NOTHING, 0, 0);
	v3_mknod(c, &dir, S("device"), NF3CHR, NOTHING, 1, 3);
	for (int i = 0; i < 4; i++)
	{
		before = v3_getattr(c, &dir).attr;
		is_removed(v3_remove(c, &dir, S(names[i])), &before, 0, names[i]);
		is_status(v3_lookup(c, &dir, S(names[i])).status, NFS3ERR_NOENT,
				  "it is gone");
	}
	is_status(v3_getattr(c, &file).status, NFS3ERR_STALE,
			  "its handle is stale");
	is_status(v3_remove(c, &dir, S("file")).status, NFS3ERR_NOENT,
			  "REMOVE a second time");

	sub = make_dir(c, &dir, "sub", 0755);
	result = v3_remove(c, &dir, S("sub"));
	is_status(result.status, NFS3ERR_ISDIR, "REMOVE of a directory");
	ok(result.wcc.after.follows, "with attributes");
	make_file(c, &sub, "in-it", 0644);
	result = v3_rmdir(c, &dir, S("sub"));
	is_status(result.status, NFS3ERR_NOTEMPTY,
			  "RMDIR of one that is not empty");
	ok(result.wcc.after.follows, "with attributes");
	v3_remove(c, &sub, S("in-it"));
	before = v3_getattr(c, &dir).attr;
	is_removed(v3_rmdir(c, &dir, S("sub")), &before, -1, "RMDIR");
	is_status(v3_getattr(c, &sub).status, NFS3ERR_STALE,
			  "its handle is stale");
	is_status(v3_create(c, &sub, S("x"), GUARDED, NOTHING).status,
			  NFS3ERR_STALE, "nothing can be made in it");
	is_status(v3_readdir(c, &sub, 0, NULL, 4096).status, NFS3ERR_STALE,
			  "or read from it");

	make_file(c, &dir, "plain", 0644);
	v3_symlink(c, &dir, S("to-dir"), NOTHING, S("."));
	is_status(v3_rmdir(c, &dir, S("plain")).status, NFS3ERR_NOTDIR,
			  "RMDIR of a file");
	is_status(v3_rmdir(c, &dir, S("to-dir")).status, NFS3ERR_NOTDIR,
			  "RMDIR of a symbolic link to a directory");
	v3_remove(c, &dir, S("plain"));
	v3_remove(c, &dir, S("to-dir"));
}

static void
test_link(void)
{
	struct handle file = make_file(c, &dir, "first", 0644);
	struct handle sub = make_dir(c, &dir, "links", 0755);
	struct handle other;
	struct attr before;
	struct result result;

	v3_write(c, &file, 0, S("content"), FILE_SYNC);
	before = v3_getattr(c, &sub).attr;
	result = v3_link(c, &file, &sub, S("second"));
	is_status(result.status, NFS3_OK, "LINK");
	is(result.attr.nlink, 2, "the file's attributes: two links");
	ok(result.wcc.before && result.wcc.ctime == before.ctime &&
	   result.wcc.after.ctime > before.ctime, "wcc data of the directory");
	result = v3_lookup(c, &sub, S("second"));
	ok(same_handle(&result.handle, &file), "one file by two names");
	is_status(v3_remove(c, &dir, S("first")).status, NFS3_OK,
			  "REMOVE of the first name");
	result = v3_getattr(c, &file);
	is(result.attr.nlink, 1, "one link is left");
	result = v3_read(c, &file, 0, 100);
	ok(result.count == 7 && memcmp(result.data.data, "content", 7) == 0,
	   "and the content");

	is_status(v3_link(c, &file, &sub, S("second")).status, NFS3ERR_EXIST,
			  "LINK to a name that is there");
	result = v3_link(c, &sub, &dir, S("dir-link"));
	is_status(result.status, NFS3ERR_ISDIR, "LINK of a directory");
	ok(result.attr.follows && result.wcc.after.follows,
	   "with attributes of both");

	/* links to what is no regular file */
	other = v3_symlink(c, &dir, S("sym"), NOTHING, S("x")).handle;
	is(v3_link(c, &other, &dir, S("sym2")).attr.nlink, 2,
	   "a symbolic link can have two names");
	other = v3_mknod(c, &dir, S("ff"), NF3FIFO, NOTHING, 0, 0).handle;
	is(v3_link(c, &other, &dir, S("ff2")).attr.nlink, 2, "so can a FIFO");

	/* another share */
	sql("SELECT dittofs.create_share('/remove-other', squash => 'none')");
	other = root_of(c, "/remove-other");
	result = v3_link(c, &file, &other, S("x"));
	is_status(result.status, NFS3ERR_XDEV, "LINK across shares");
	is(v3_getattr(c, &file).attr.nlink, 1, "no link has been made");
	is_status(v3_rename(c, &sub, S("second"), &other, S("x")).status,
			  NFS3ERR_XDEV, "RENAME across shares");
	is_status(v3_lookup(c, &sub, S("second")).status, NFS3_OK,
			  "nothing has moved");
	sql("SELECT dittofs.drop_share('/remove-other', force => true)");
}

static const char *
hex(const struct handle *handle)
{
	static char text[2 * sizeof(handle->data) + 1];

	for (uint32_t i = 0; i < handle->size; i++)
		snprintf(text + 2 * i, 3, "%02x", handle->data[i]);
	return text;
}

static void
add_to_nlink(const struct handle *handle, int names)
{
	sql("UPDATE dittofs.files SET nlink = nlink + %d "
		"WHERE id = encode(substr('\\x%s'::bytea, 18), 'hex')::uuid", names,
		hex(handle));
}

/*
 * The limit on links is what 31 bits hold.  Nobody makes so many here: the
 * count is put into the database, and taken out again.
 */
static void
test_link_limit(void)
{
	const int	others = 2147483645;
	struct handle many = make_dir(c, &dir, "many-links", 0755);
	struct handle file = make_file(c, &many, "l0", 0644);

	add_to_nlink(&file, others);
	is_status(v3_link(c, &file, &many, S("l1")).status, NFS3_OK,
			  "the last name that a file can have");
	is(v3_getattr(c, &file).attr.nlink, 2147483647, "its link count");
	is_status(v3_link(c, &file, &many, S("one-too-many")).status,
			  NFS3ERR_MLINK, "and not one more");
	is_status(v3_remove(c, &many, S("l0")).status, NFS3_OK, "one less");
	is_status(v3_link(c, &file, &many, S("l0")).status, NFS3_OK,
			  "one more again");
	add_to_nlink(&file, -others);
	is(v3_getattr(c, &file).attr.nlink, 2, "(as it was)");
}

int
main(void)
{
	c = connect_to(0);
	dir = make_playground(c);
	test_remove();
	test_link();
	test_link_limit();
	disconnect(c);
	return done_testing();
}
