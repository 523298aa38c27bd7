/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs4_readdir.c
 *	  NFSv4.1: READDIR, and the pseudo root above the shares (RFC 8881, 7,
 *	  18.23).
 */
#include "lib_nfs4.h"

#include <stdio.h>
#include <string.h>

#define FILES 300
#define LARGE 65448

static struct v4 *w;			/* at the first gateway */
static struct v4 *also;			/* the same session, at the second */
static struct handle dir;

static const int no_attributes[] = {-1};
static const int some_attributes[] = {FATTR4_TYPE, FATTR4_RDATTR_ERROR,
	FATTR4_FILEHANDLE, FATTR4_FILEID, FATTR4_MOUNTED_ON_FILEID, -1};

static const struct result4 *
readdir(struct v4 *by, const struct handle *where, uint64_t cookie,
		const void *verifier, uint32_t dircount, uint32_t maxcount,
		const int *bits)
{
	static const struct result4 nothing;

	AT(by, where, op_readdir(by, cookie, verifier, dircount, maxcount, bits));
	return by->result_count > 0 ? last_result(by) : &nothing;
}

static bool
has_name(const struct dirent4 *e, const char *name)
{
	return e->name.size == strlen(name) &&
		memcmp(e->name.data, name, e->name.size) == 0;
}

/* Reads all pages, through both gateways by turns; counts what came. */
static int
read_all(const struct handle *where, uint32_t dircount, uint32_t maxcount,
		 const int *bits, bool *seen)
{
	uint64_t	cookie = 0;
	unsigned char verifier[8] = {0};
	int			count = 0;

	for (int page = 0;; page++)
	{
		struct v4  *by = page % 2 == 0 ? w : also;
		const struct result4 *r = readdir(by, where, cookie, verifier,
										  dircount, maxcount, bits);

		if (by->status != NFS4_OK)
			bail_out("READDIR: %u", by->status);
		if (r->size > maxcount + 8u)
			bail_out("a page of %d bytes of %u", (int) r->size, maxcount);
		if (r->entry_count == 0 && !r->eof)
			bail_out("a page without entries that is not the last");
		for (int i = 0; i < r->entry_count; i++)
		{
			const struct dirent4 *e = &r->entries[i];
			char		name[32] = "";
			int			number;

			if (e->cookie <= 2 || has_name(e, ".") || has_name(e, ".."))
				bail_out("an entry that is the client's");
			memcpy(name, e->name.data, e->name.size < 31 ? e->name.size : 31);
			if (sscanf(name, "file %d", &number) == 1 && seen != NULL)
			{
				if (seen[number])
					bail_out("%s twice", name);
				seen[number] = true;
			}
			cookie = e->cookie;
			count++;
		}
		memcpy(verifier, r->verifier, 8);
		if (r->eof)
			return count;
	}
}

static void
test_pages(const struct handle *many)
{
	static const uint32_t sizes[][2] = {{LARGE, LARGE}, {0, LARGE},
		{4096, LARGE}, {LARGE, 1024}, {512, 4096}, {1, 600}, {0, 600}};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		bool		seen[FILES] = {false};
		int			missing = 0;

		is(read_all(many, sizes[i][0], sizes[i][1],
					i % 2 == 0 ? some_attributes : no_attributes, seen), FILES,
		   "dircount %u, maxcount %u: all entries", sizes[i][0], sizes[i][1]);
		for (int k = 0; k < FILES; k++)
			missing += !seen[k];
		is(missing, 0, "each of them");
	}
	ok(readdir(w, many, 0, NULL, 100, LARGE, no_attributes)->entry_count <
	   FILES, "dircount is a limit");
}

static void
test_limits(const struct handle *many)
{
	unsigned char verifier[8];
	uint64_t	cookie;
	struct handle file = v4_make_file(w, &dir, "no directory", 0644);
	struct handle empty = v4_make_dir(w, &dir, "empty", 0755);
	const struct result4 *r;

	readdir(w, many, 0, NULL, LARGE, 20, no_attributes);
	is_status(w->status, NFS4ERR_TOOSMALL, "no room for an entry");
	readdir(w, many, 0, NULL, LARGE, 0, no_attributes);
	is_status(w->status, NFS4ERR_TOOSMALL, "no room at all");
	for (uint64_t reserved = 1; reserved <= 2; reserved++)
	{
		readdir(w, many, reserved, NULL, LARGE, LARGE, no_attributes);
		is_status(w->status, NFS4ERR_BAD_COOKIE, "cookie %d is reserved",
				  (int) reserved);
	}
	readdir(w, &file, 0, NULL, LARGE, LARGE, no_attributes);
	is_status(w->status, NFS4ERR_NOTDIR, "READDIR of a file");
	v4_begin(w);
	op_readdir(w, 0, NULL, LARGE, LARGE, no_attributes);
	is_status(v4_call(w), NFS4ERR_NOFILEHANDLE, "READDIR nowhere");
	readdir(w, many, 0, NULL, LARGE, LARGE,
			(const int[]) {FATTR4_TIME_MODIFY_SET, -1});
	is_status(w->status, NFS4ERR_INVAL, "an attribute that is only set");
	r = readdir(w, &empty, 0, NULL, LARGE, LARGE, no_attributes);
	is_status(w->status, NFS4_OK, "an empty directory");
	ok(r->entry_count == 0 && r->eof, "has nothing, and an end");

	/* what is removed or added leaves a cookie what it was */
	r = readdir(w, many, 0, NULL, LARGE, 2000, no_attributes);
	memcpy(verifier, r->verifier, 8);
	cookie = r->entries[r->entry_count - 1].cookie;
	v4_at(w, many);
	op_remove(w, r->entries[r->entry_count - 1].name);
	is_status(v4_call(w), NFS4_OK, "REMOVE of the entry with the cookie");
	readdir(also, many, cookie, verifier, LARGE, LARGE, no_attributes);
	is_status(also->status, NFS4_OK, "READDIR goes on behind it");
}

static void
test_attributes(void)
{
	struct handle sub = v4_make_dir(w, &dir, "attributes", 0755);
	struct handle file = v4_make_file(w, &sub, "file", 0640);
	const struct result4 *r;
	const struct attr4 *a;

	r = readdir(w, &sub, 0, NULL, LARGE, LARGE,
				(const int[]) {FATTR4_TYPE, FATTR4_SIZE, FATTR4_RDATTR_ERROR,
				FATTR4_FILEHANDLE, FATTR4_FILEID, FATTR4_MODE, FATTR4_OWNER,
				FATTR4_MOUNTED_ON_FILEID, -1});
	is_status(w->status, NFS4_OK, "READDIR with attributes");
	is(r->entry_count, 1, "one entry");
	a = &r->entries[0].attr;
	ok(has_attr(a, FATTR4_TYPE) && a->value[FATTR4_TYPE] == NF4REG, "type");
	ok(has_attr(a, FATTR4_MODE) && a->value[FATTR4_MODE] == 0640, "mode");
	ok(has_attr(a, FATTR4_RDATTR_ERROR) &&
	   a->value[FATTR4_RDATTR_ERROR] == NFS4_OK, "no error");
	ok(has_attr(a, FATTR4_FILEHANDLE) &&
	   a->text[FATTR4_FILEHANDLE].size == file.size &&
	   memcmp(a->text[FATTR4_FILEHANDLE].data, file.data, file.size) == 0,
	   "the handle is OPEN's");
	is((int64_t) a->value[FATTR4_FILEID],
	   (int64_t) a->value[FATTR4_MOUNTED_ON_FILEID],
	   "nothing is mounted there");
}

static int
find(const struct result4 *r, const char *name)
{
	for (int i = 0; i < r->entry_count; i++)
	{
		if (has_name(&r->entries[i], name))
			return i;
	}
	return -1;
}

/*
 * The directories above the shares.
 */
static void
test_pseudo_root(void)
{
	static const int bits[] = {FATTR4_TYPE, FATTR4_FSID, FATTR4_FILEID,
		FATTR4_MODE, FATTR4_NUMLINKS, FATTR4_CHANGE, FATTR4_XATTR_SUPPORT,
		FATTR4_MOUNTED_ON_FILEID, FATTR4_LEASE_TIME, -1};
	struct fattr mode = fattr_of(MODE(0755));
	struct handle root = v4_root(w, "/");
	struct handle again;
	struct attr4 a = v4_attrs(w, &root, bits);
	struct attr4 b;
	uint64_t	cookies[2];

	is((int64_t) a.value[FATTR4_TYPE], NF4DIR, "the root is a directory");
	ok(a.value[FATTR4_FILEID] != 0, "with a fileid");
	ok(!has_attr(&a, FATTR4_XATTR_SUPPORT) ||
	   a.value[FATTR4_XATTR_SUPPORT] != 0,
	   "that does not say there are no extended attributes");
	again = v4_root(also, "/");
	ok(same_handle(&root, &again), "the same at both gateways");
	b = v4_attrs(also, &root, bits);
	ok(a.value[FATTR4_CHANGE] == b.value[FATTR4_CHANGE] &&
	   a.value[FATTR4_FILEID] == b.value[FATTR4_FILEID] &&
	   a.value[FATTR4_FSID] == b.value[FATTR4_FSID], "so are its attributes");

	sql("SELECT dittofs.create_share('/b/c/d', squash => 'none'),"
		" dittofs.create_share('/b/e', squash => 'none')");
	{
		const struct result4 *r = readdir(w, &root, 0, NULL, LARGE, LARGE,
										  some_attributes);
		int			share = find(r, "export");
		int			above = find(r, "b");

		is_status(w->status, NFS4_OK, "READDIR of the root");
		ok(share >= 0 && above >= 0, "has the share and the way to others");
		if (share < 0 || above < 0)
			return;
		ok(r->entries[share].attr.value[FATTR4_FILEID] != 0 &&
		   r->entries[above].attr.value[FATTR4_FILEID] != 0, "with fileids");
		cookies[0] = r->entries[share].cookie;
		cookies[1] = r->entries[above].cookie;
		is(read_all(&root, LARGE, 300, no_attributes, NULL), r->entry_count,
		   "in small pages, too");
	}
	sql("SELECT dittofs.create_share('/a', squash => 'none')");
	{
		const struct result4 *r = readdir(also, &root, 0, NULL, LARGE, LARGE,
										  some_attributes);
		int			share = find(r, "export");
		int			above = find(r, "b");

		ok(find(r, "a") >= 0, "a share that was made is there");
		ok(share >= 0 && r->entries[share].cookie == cookies[0] &&
		   above >= 0 && r->entries[above].cookie == cookies[1],
		   "and moves no cookie");
	}
	again = v4_root(w, "/b/c");
	is(read_all(&again, LARGE, LARGE, no_attributes, NULL), 1,
	   "a directory on the way has one entry");
	v4_at(w, &again);
	op_lookupp(w);
	op_lookupp(w);
	op_getfh(w);
	is_status(v4_call(w), NFS4_OK, "LOOKUPP up to the root");
	ok(same_handle(&root, &last_result(w)->handle), "comes to the root");
	is_status(AT(w, &root, op_lookupp(w)), NFS4ERR_NOENT,
			  "LOOKUPP of the root");
	again = v4_root(w, "/b/c/d");
	v4_at(w, &again);
	op_lookupp(w);
	op_lookup(w, S("d"));
	op_getfh(w);
	is_status(v4_call(w), NFS4_OK, "LOOKUPP from a share's root, and back");
	ok(same_handle(&again, &last_result(w)->handle), "is the share's root");
	a = v4_attrs(w, &again, bits);
	b = v4_attrs(w, &root, bits);
	ok(a.value[FATTR4_FSID] != b.value[FATTR4_FSID] ||
	   a.second[FATTR4_FSID] != b.second[FATTR4_FSID],
	   "a share is another file system than the root");
	ok(a.value[FATTR4_FILEID] != 0 && a.value[FATTR4_MOUNTED_ON_FILEID] != 0,
	   "its root has a fileid, and one of what it is mounted on");

	is_status(AT(w, &root, op_lookup(w, S("nothing"))), NFS4ERR_NOENT,
			  "LOOKUP of nothing in the root");
	is_status(AT(w, &root, op_create(w, NF4DIR, S("new"), S(""), &mode)),
			  NFS4ERR_ROFS, "CREATE in the root");
	AT(w, &root, op_remove(w, S("export")));
	ok(w->status == NFS4ERR_ROFS || w->status == NFS4ERR_ACCESS,
	   "REMOVE of a share");
	is_status(AT(w, &root, op_setattr(w, anonymous_stateid, &mode)),
			  NFS4ERR_ROFS, "SETATTR of the root");
	is_status(AT(w, &root, op_open(w, &(struct open4) {
		.access = OPEN4_SHARE_ACCESS_READ, .owner = S("o"),
		.name = S("export")})), NFS4ERR_ISDIR, "OPEN of a share");
	is_status(AT(w, &root, op_access(w, 63)), NFS4_OK, "ACCESS of the root");
	is(last_result(w)->access & (ACCESS4_READ | ACCESS4_LOOKUP |
								 ACCESS4_MODIFY | ACCESS4_EXTEND |
								 ACCESS4_DELETE),
	   ACCESS4_READ | ACCESS4_LOOKUP, "it may be read, not changed");
	again = v4_root(w, "/export");
	v4_at(w, &again);
	op_savefh(w);
	op_putfh(w, &root);
	op_rename(w, S("a"), S("b"));
	w->status = v4_call(w);
	ok(w->status == NFS4ERR_XDEV || w->status == NFS4ERR_ROFS,
	   "RENAME between a share and the root");
	sql("SELECT dittofs.drop_share('/b/c/d'), dittofs.drop_share('/b/e'),"
		" dittofs.drop_share('/a')");
}

/* A share is shown to whom it is for. */
static void
test_hidden(void)
{
	struct handle root = v4_root(w, "/");

	sql("SELECT dittofs.create_share('/hidden', allowed_clients =>"
		" '{10.9.8.0/24}')");
	ok(find(readdir(w, &root, 0, NULL, LARGE, LARGE, no_attributes),
			"hidden") < 0, "a share for others is not shown");
	AT(w, &root, op_lookup(w, S("hidden")));
	ok(w->status == NFS4ERR_NOENT || w->status == NFS4ERR_ACCESS,
	   "and not found");
	sql("SELECT dittofs.drop_share('/hidden')");
}

int
main(void)
{
	struct handle many;

	v4_required();
	w = v4_client(0, "reader");
	also = v4_also(w, gateway_count() - 1);
	dir = v4_playground(w);
	many = v4_make_dir(w, &dir, "many", 0755);
	for (int i = 0; i < FILES; i++)
	{
		char		name[32];

		snprintf(name, sizeof(name), "file %d", i);
		v4_make_file(w, &many, name, 0644);
	}
	test_pages(&many);
	test_limits(&many);
	test_attributes();
	test_pseudo_root();
	test_hidden();
	return done_testing();
}
