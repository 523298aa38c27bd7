/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_names.c
 *	  Names: what may be one, '.' and '..', in every procedure that takes one.
 */
#include "lib.h"

#include <stdio.h>
#include <string.h>

static struct client *c;
static struct handle dir;

/* Every procedure that makes a name, given this one. */
static void
creations_are(struct blob name, uint32_t want, const char *what)
{
	struct handle file = make_file(c, &dir, "names-target", 0644);
	struct result result;

	result = v3_create(c, &dir, name, GUARDED, NOTHING);
	is_status(result.status, want, "CREATE of %s", what);
	ok(result.wcc.after.follows, "with attributes of the directory");
	is_status(v3_create(c, &dir, name, UNCHECKED, NOTHING).status, want,
			  "unchecked CREATE of %s", what);
	is_status(v3_create_exclusive(c, &dir, name, "verifier").status, want,
			  "exclusive CREATE of %s", what);
	is_status(v3_mkdir(c, &dir, name, NOTHING).status, want,
			  "MKDIR of %s", what);
	is_status(v3_symlink(c, &dir, name, NOTHING, S("x")).status, want,
			  "SYMLINK of %s", what);
	is_status(v3_mknod(c, &dir, name, NF3FIFO, NOTHING, 0, 0).status, want,
			  "MKNOD of %s", what);
	is_status(v3_link(c, &file, &dir, name).status, want, "LINK of %s", what);
	is_status(v3_remove(c, &dir, S("names-target")).status, NFS3_OK,
			  "the file is still there");
}

static void
renames_are(struct blob name, uint32_t want, const char *what)
{
	struct result result;

	make_file(c, &dir, "names-target", 0644);
	result = v3_rename(c, &dir, name, &dir, S("other"));
	is_status(result.status, want, "RENAME from %s", what);
	ok(result.wcc.after.follows && result.to_wcc.after.follows,
	   "with attributes of both directories");
	is_status(v3_rename(c, &dir, S("names-target"), &dir, name).status, want,
			  "RENAME to %s", what);
	is_status(v3_remove(c, &dir, S("names-target")).status, NFS3_OK,
			  "the file is still there");
}

static void
test_impossible(void)
{
	static const struct
	{
		const char *data;
		size_t		size;
		const char *what;
	}			names[] = {
		{"", 0, "an empty name"},
		{"a/b", 3, "a name with a slash"},
		{"/", 1, "a slash"},
		{"a\0", 2, "a name that ends in NUL"},
		{"a\0b", 3, "a name with a NUL in it"},
		{"\0", 1, "a NUL"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		struct blob name = B(names[i].data, names[i].size);
		const char *what = names[i].what;

		creations_are(name, NFS3ERR_INVAL, what);
		renames_are(name, NFS3ERR_INVAL, what);
		is_status(v3_lookup(c, &dir, name).status, NFS3ERR_INVAL,
				  "LOOKUP of %s", what);
		is_status(v3_remove(c, &dir, name).status, NFS3ERR_INVAL,
				  "REMOVE of %s", what);
		is_status(v3_rmdir(c, &dir, name).status, NFS3ERR_INVAL,
				  "RMDIR of %s", what);
	}
}

static void
test_long(void)
{
	static const size_t sizes[] = {256, 257, 1000, 4096, 70000};
	static char name[70000];

	memset(name, 'n', sizeof(name));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		struct blob long_name = B(name, sizes[i]);
		char		what[64];

		snprintf(what, sizeof(what), "a name of %d bytes", (int) sizes[i]);
		creations_are(long_name, NFS3ERR_NAMETOOLONG, what);
		renames_are(long_name, NFS3ERR_NAMETOOLONG, what);
		is_status(v3_lookup(c, &dir, long_name).status, NFS3ERR_NAMETOOLONG,
				  "LOOKUP of %s", what);
		is_status(v3_remove(c, &dir, long_name).status, NFS3ERR_NAMETOOLONG,
				  "REMOVE of %s", what);
		is_status(v3_rmdir(c, &dir, long_name).status, NFS3ERR_NAMETOOLONG,
				  "RMDIR of %s", what);
	}
}

/* A name that is one: everything can be done with it. */
static void
is_a_name(struct blob name, const char *what)
{
	struct result made = v3_create(c, &dir, name, GUARDED, MODE(0644));
	struct result result;
	bool		listed = false;

	is_status(made.status, NFS3_OK, "CREATE of %s", what);
	result = v3_lookup(c, &dir, name);
	ok(result.status == NFS3_OK && same_handle(&result.handle, &made.handle),
	   "LOOKUP finds it");
	result = v3_readdir(c, &dir, 0, NULL, 65536);
	for (int i = 0; i < result.entry_count; i++)
		listed = listed ||
			(result.entries[i].name.size == name.size &&
			 memcmp(result.entries[i].name.data, name.data, name.size) == 0);
	ok(listed, "READDIR lists it");
	is_status(v3_rename(c, &dir, name, &dir, S("renamed")).status, NFS3_OK,
			  "RENAME from it");
	is_status(v3_rename(c, &dir, S("renamed"), &dir, name).status, NFS3_OK,
			  "and to it");
	is_status(v3_remove(c, &dir, name).status, NFS3_OK, "REMOVE");
	is_status(v3_lookup(c, &dir, name).status, NFS3ERR_NOENT, "and gone");
}

static void
test_unusual(void)
{
	char		name[255];

	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = (char) (i + 1 == '/' ? '_' : i + 1);
	is_a_name(B(name, 255), "255 bytes of every value there is");
	memset(name, 0xff, sizeof(name));
	is_a_name(B(name, 255), "255 times 0xff");
	is_a_name(S("\xff"), "0xff alone");
	is_a_name(S("\xc3\x28 \xed\xa0\x80"), "what is not UTF-8");
	is_a_name(S("\xc3\xa9"), "e acute, composed");
	is_a_name(S("e\xcc\x81"), "e acute, decomposed");
	is_a_name(S("..."), "three dots");
	is_a_name(S(".."".x"), "two dots and more");
	is_a_name(S(" "), "a space");
	is_a_name(S("new\nline"), "a name with a newline");
	is_a_name(S("\\"), "a backslash");
	is_a_name(S("%_'\"$1;--"), "a name that means something in SQL");
	is_a_name(S("a"), "a name of one byte");
}

/* Case and form matter. */
static void
test_distinct(void)
{
	static const char *const names[] = {"name", "NAME", "Name", "name ",
		"name.", "\xc3\xa9", "e\xcc\x81"
	};
	int			count = (int) (sizeof(names) / sizeof(names[0]));
	int			distinct = 0;

	for (int i = 0; i < count; i++)
		distinct += v3_create(c, &dir, S(names[i]), GUARDED,
							  NOTHING).status == NFS3_OK;
	is(distinct, count, "names that differ in case, form or a space");
	for (int i = 0; i < count; i++)
		v3_remove(c, &dir, S(names[i]));
}

static void
test_dots(void)
{
	struct handle sub = make_dir(c, &dir, "dots", 0755);
	struct handle root = root_of(c, "/export");
	struct result result;

	result = v3_lookup(c, &sub, S("."));
	ok(result.status == NFS3_OK && same_handle(&result.handle, &sub),
	   "LOOKUP . is the directory itself");
	ok(result.attr.follows && result.dir.follows, "with attributes");
	result = v3_lookup(c, &sub, S(".."));
	ok(result.status == NFS3_OK && same_handle(&result.handle, &dir),
	   "LOOKUP .. is the parent");
	result = v3_lookup(c, &root, S(".."));
	ok(result.status == NFS3_OK && same_handle(&result.handle, &root),
	   "LOOKUP .. of the root is the root");

	creations_are(S("."), NFS3ERR_EXIST, "'.'");
	creations_are(S(".."), NFS3ERR_EXIST, "'..'");
	is_status(v3_remove(c, &sub, S(".")).status, NFS3ERR_INVAL, "REMOVE .");
	is_status(v3_remove(c, &sub, S("..")).status, NFS3ERR_INVAL, "REMOVE ..");
	is_status(v3_rmdir(c, &sub, S(".")).status, NFS3ERR_INVAL, "RMDIR .");
	result = v3_rmdir(c, &sub, S(".."));
	ok(result.status == NFS3ERR_EXIST || result.status == NFS3ERR_NOTEMPTY,
	   "RMDIR ..: EXIST or NOTEMPTY");
	renames_are(S("."), NFS3ERR_INVAL, "'.'");
	renames_are(S(".."), NFS3ERR_INVAL, "'..'");
	is_status(v3_rmdir(c, &dir, S("dots")).status, NFS3_OK,
			  "the directory is still there");
}

/* Not a directory, in every procedure that wants one. */
static void
test_not_a_directory(void)
{
	struct handle file = make_file(c, &dir, "no-dir", 0644);
	struct result result;

	result = v3_lookup(c, &file, S("x"));
	is_status(result.status, NFS3ERR_NOTDIR, "LOOKUP in a file");
	ok(result.dir.follows && result.dir.type == NF3REG,
	   "with the file's attributes");
	is_status(v3_lookup(c, &file, S(".")).status, NFS3ERR_NOTDIR,
			  "LOOKUP . in a file");
	is_status(v3_create(c, &file, S("x"), GUARDED, NOTHING).status,
			  NFS3ERR_NOTDIR, "CREATE in a file");
	is_status(v3_mkdir(c, &file, S("x"), NOTHING).status, NFS3ERR_NOTDIR,
			  "MKDIR in a file");
	is_status(v3_symlink(c, &file, S("x"), NOTHING, S("y")).status,
			  NFS3ERR_NOTDIR, "SYMLINK in a file");
	is_status(v3_mknod(c, &file, S("x"), NF3FIFO, NOTHING, 0, 0).status,
			  NFS3ERR_NOTDIR, "MKNOD in a file");
	is_status(v3_remove(c, &file, S("x")).status, NFS3ERR_NOTDIR,
			  "REMOVE in a file");
	is_status(v3_rmdir(c, &file, S("x")).status, NFS3ERR_NOTDIR,
			  "RMDIR in a file");
	is_status(v3_rename(c, &file, S("x"), &dir, S("y")).status,
			  NFS3ERR_NOTDIR, "RENAME from a file");
	is_status(v3_rename(c, &dir, S("no-dir"), &file, S("y")).status,
			  NFS3ERR_NOTDIR, "RENAME into a file");
	is_status(v3_link(c, &file, &file, S("x")).status, NFS3ERR_NOTDIR,
			  "LINK in a file");
	is_status(v3_readdir(c, &file, 0, NULL, 4096).status, NFS3ERR_NOTDIR,
			  "READDIR of a file");
	is_status(v3_readdirplus(c, &file, 0, NULL, 4096, 4096).status,
			  NFS3ERR_NOTDIR, "READDIRPLUS of a file");
}

static void
test_missing(void)
{
	struct result result;

	result = v3_lookup(c, &dir, S("missing"));
	is_status(result.status, NFS3ERR_NOENT, "LOOKUP");
	ok(result.dir.follows, "with attributes of the directory");
	result = v3_remove(c, &dir, S("missing"));
	is_status(result.status, NFS3ERR_NOENT, "REMOVE");
	ok(result.wcc.after.follows, "with attributes of the directory");
	result = v3_rmdir(c, &dir, S("missing"));
	is_status(result.status, NFS3ERR_NOENT, "RMDIR");
	ok(result.wcc.after.follows, "with attributes of the directory");
	result = v3_rename(c, &dir, S("missing"), &dir, S("other"));
	is_status(result.status, NFS3ERR_NOENT, "RENAME");
	ok(result.wcc.after.follows && result.to_wcc.after.follows,
	   "with attributes of both directories");
}

int
main(void)
{
	c = connect_to(0);
	dir = make_playground(c);
	test_impossible();
	test_long();
	test_unusual();
	test_distinct();
	test_dots();
	test_not_a_directory();
	test_missing();
	disconnect(c);
	return done_testing();
}
