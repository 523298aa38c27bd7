/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs4_attributes.c
 *	  NFSv4.1: GETATTR, SETATTR, VERIFY, NVERIFY (RFC 8881, 5, 18.7, 18.15,
 *	  18.30, 18.31).
 */
#include "lib_nfs4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME UINT64_C(1500000000123456789)

static struct v4 *w;			/* at the first gateway */
static struct v4 *also;			/* the same session, at the second */
static struct handle dir;

/* RFC 8881, 5.6: what every server has */
static const int required[] = {FATTR4_SUPPORTED_ATTRS, FATTR4_TYPE,
	FATTR4_FH_EXPIRE_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_LINK_SUPPORT,
	FATTR4_SYMLINK_SUPPORT, FATTR4_NAMED_ATTR, FATTR4_FSID,
	FATTR4_UNIQUE_HANDLES, FATTR4_LEASE_TIME, FATTR4_RDATTR_ERROR,
	FATTR4_FILEHANDLE, FATTR4_SUPPATTR_EXCLCREAT, -1};

/* What clients ask for as well */
static const int wanted[] = {FATTR4_FILEID, FATTR4_MODE, FATTR4_NUMLINKS,
	FATTR4_OWNER, FATTR4_OWNER_GROUP, FATTR4_RAWDEV, FATTR4_SPACE_USED,
	FATTR4_TIME_ACCESS, FATTR4_TIME_METADATA, FATTR4_TIME_MODIFY,
	FATTR4_MOUNTED_ON_FILEID, FATTR4_MAXFILESIZE, FATTR4_MAXREAD,
	FATTR4_MAXWRITE, FATTR4_MAXLINK, FATTR4_MAXNAME, FATTR4_TIME_DELTA,
	FATTR4_FILES_FREE, FATTR4_FILES_TOTAL, FATTR4_SPACE_FREE,
	FATTR4_SPACE_TOTAL, FATTR4_SPACE_AVAIL, FATTR4_CASE_INSENSITIVE,
	FATTR4_CASE_PRESERVING, FATTR4_ACLSUPPORT, FATTR4_CANSETTIME,
	FATTR4_CHOWN_RESTRICTED, FATTR4_HOMOGENEOUS, FATTR4_NO_TRUNC, -1};

/* What is only set */
static const int write_only[] = {FATTR4_TIME_ACCESS_SET,
	FATTR4_TIME_MODIFY_SET, FATTR4_MODE_UMASK};

static uint32_t
getattr_one(const struct handle *object, int bit)
{
	return AT(w, object, op_getattr(w, (const int[]) {bit, -1}));
}

static uint32_t
setattr(const struct handle *object, const struct fattr *f)
{
	return AT(w, object, op_setattr(w, anonymous_stateid, f));
}

static bool
is_write_only(int bit)
{
	for (size_t i = 0; i < sizeof(write_only) / sizeof(write_only[0]); i++)
	{
		if (write_only[i] == bit)
			return true;
	}
	return false;
}

static void
test_supported(const struct handle *file)
{
	struct attr4 a = v4_attrs(w, file, required);
	struct attr4 b;

	for (const int *bit = required; *bit >= 0; bit++)
		ok(in_mask(a.supported, *bit) && has_attr(&a, *bit),
		   "required attribute %d is there", *bit);
	b = v4_attrs(also, file, wanted);
	for (const int *bit = wanted; *bit >= 0; bit++)
		ok(in_mask(a.supported, *bit) && has_attr(&b, *bit),
		   "attribute %d is there, too", *bit);
	for (int bit = 0; bit < ATTR_BITS; bit++)
	{
		uint32_t	status;

		/* what our own reading does not know is not asked for */
		if (bit == FATTR4_ACL || bit == FATTR4_FS_LOCATIONS)
			continue;
		if (is_write_only(bit))
		{
			if (!in_mask(a.supported, bit))
				continue;
			is_status(getattr_one(file, bit), NFS4ERR_INVAL,
					  "GETATTR of attribute %d, which is only set", bit);
			continue;
		}
		status = getattr_one(file, bit);
		if (status != NFS4_OK)
			is_status(status, NFS4_OK, "GETATTR of attribute %d", bit);
		else if (has_attr(&last_result(w)->attr, bit) !=
				 in_mask(a.supported, bit))
			ok(false, "attribute %d is given and supported alike", bit);
	}
	for (int bit = 0; bit < ATTR_BITS; bit++)
	{
		if (in_mask(a.exclusive, bit) && !in_mask(a.supported, bit))
			ok(false, "attribute %d of suppattr_exclcreat is none", bit);
	}
	ok(!in_mask(a.exclusive, FATTR4_SIZE) || in_mask(a.supported, FATTR4_SIZE),
	   "suppattr_exclcreat is of what is supported");
}

static void
test_masks(const struct handle *file)
{
	struct fattr many = {.words = 8};

	for (int i = 0; i < 8; i++)
		many.mask[i] = i < 3 ? 0 : UINT32_MAX;
	many.mask[0] = 1 << FATTR4_TYPE | UINT32_C(1) << FATTR4_SIZE;
	v4_at(w, file);
	op(w, OP_GETATTR);
	put(w->c, 8);
	for (int i = 0; i < 8; i++)
		put(w->c, many.mask[i]);
	is_status(v4_call(w), NFS4_OK, "GETATTR of what nobody knows");
	ok(last_result(w)->attr.mask[0] == many.mask[0] &&
	   last_result(w)->attr.mask[1] == 0 && last_result(w)->attr.mask[2] == 0,
	   "gives what there is");
	v4_at(w, file);
	op(w, OP_GETATTR);
	put(w->c, 0);
	is_status(v4_call(w), NFS4_OK, "GETATTR of nothing");
	v4_at(w, file);
	op(w, OP_GETATTR);
	put(w->c, 0x7fffffff);
	v4_call(w);
	ok(w->status == NFS4ERR_BADXDR || w->outcome == REFUSED,
	   "a mask without end");
	v4_begin(w);
	op_getattrs(w, FATTR4_TYPE);
	is_status(v4_call(w), NFS4ERR_NOFILEHANDLE, "GETATTR of nowhere");
}

/* Values beside those of version 3 */
static void
test_values(const struct handle *file)
{
	static const int bits[] = {FATTR4_TYPE, FATTR4_CHANGE, FATTR4_SIZE,
		FATTR4_FSID, FATTR4_FILEHANDLE, FATTR4_FILEID, FATTR4_MODE,
		FATTR4_NUMLINKS, FATTR4_OWNER, FATTR4_OWNER_GROUP, FATTR4_SPACE_USED,
		FATTR4_TIME_ACCESS, FATTR4_TIME_METADATA, FATTR4_TIME_MODIFY,
		FATTR4_MOUNTED_ON_FILEID, -1};
	struct set set = {.what = SET_MODE | SET_UID | SET_GID | SET_ATIME |
		SET_MTIME, .mode = 0751, .uid = 4294967294, .gid = 1234567890,
		.atime = TIME, .mtime = TIME + 1};
	struct fattr f = fattr_of(&set);
	struct client *c = connect_to(gateway_count() - 1);
	struct attr four_as_three;
	struct result three;
	struct attr4 a;
	const struct result4 *r;

	is_status(AT(w, file, op_write(w, anonymous_stateid, 0, S("five!"),
								   FILE_SYNC4)), NFS4_OK, "WRITE");
	is_status(setattr(file, &f), NFS4_OK, "SETATTR of all there is");
	r = last_result(w);
	ok(r->mask[0] == f.mask[0] && r->mask[1] == f.mask[1],
	   "says that it was done");
	a = v4_attrs(also, file, bits);
	is((int64_t) a.value[FATTR4_TYPE], NF4REG, "type");
	is((int64_t) a.value[FATTR4_SIZE], 5, "size");
	is((int64_t) a.value[FATTR4_MODE], 0751, "mode");
	is((int64_t) a.value[FATTR4_NUMLINKS], 1, "links");
	ok(a.text[FATTR4_OWNER].size == 10 &&
	   memcmp(a.text[FATTR4_OWNER].data, "4294967294", 10) == 0, "owner");
	ok(a.text[FATTR4_OWNER_GROUP].size == 10 &&
	   memcmp(a.text[FATTR4_OWNER_GROUP].data, "1234567890", 10) == 0, "group");
	is((int64_t) a.value[FATTR4_TIME_ACCESS], TIME, "time of access");
	is((int64_t) a.value[FATTR4_TIME_MODIFY], TIME + 1, "of modification");
	ok(a.text[FATTR4_FILEHANDLE].size == file->size &&
	   memcmp(a.text[FATTR4_FILEHANDLE].data, file->data, file->size) == 0,
	   "filehandle");

	three = v3_getattr(c, file);
	four_as_three = three.attr;
	is_status(three.status, NFS3_OK, "GETATTR of version 3");
	is((int64_t) four_as_three.fileid, (int64_t) a.value[FATTR4_FILEID],
	   "the same fileid");
	ok(four_as_three.size == 5 && four_as_three.mode == 0751 &&
	   four_as_three.uid == set.uid && four_as_three.gid == set.gid &&
	   four_as_three.used == a.value[FATTR4_SPACE_USED] &&
	   four_as_three.atime == TIME && four_as_three.mtime == TIME + 1 &&
	   four_as_three.ctime == a.value[FATTR4_TIME_METADATA],
	   "and the rest");
	disconnect(c);
}

/* Every change of an object is one of its attribute "change". */
static void
test_change(const struct handle *file)
{
	uint64_t	change = v4_attr(w, file, FATTR4_CHANGE);
	uint64_t	before = v4_attr(w, &dir, FATTR4_CHANGE);
	struct fattr mode = fattr_of(MODE(0644));
	struct handle sub;

	for (int i = 0; i < 20; i++)
	{
		struct v4  *by = i % 2 == 0 ? w : also;
		uint64_t	now;

		AT(by, file, op_setattr(by, anonymous_stateid, &mode));
		now = v4_attr(i % 2 == 0 ? also : w, file, FATTR4_CHANGE);
		if (now == change)
			ok(false, "a change that does not show");
		change = now;
	}
	AT(w, file, op_write(w, anonymous_stateid, 0, S("x"), FILE_SYNC4));
	ok(v4_attr(w, file, FATTR4_CHANGE) != change, "WRITE changes");
	change = v4_attr(w, file, FATTR4_CHANGE);
	AT(w, file, op_read(w, anonymous_stateid, 0, 1));
	ok(v4_attr(w, file, FATTR4_CHANGE) == change, "READ does not");

	v4_at(w, &dir);
	op_create(w, NF4DIR, S("change"), S(""), &mode);
	op_getfh(w);
	is_status(v4_call(w), NFS4_OK, "CREATE");
	sub = last_result(w)->handle;
	ok(result_of(w, OP_CREATE)->change.atomic &&
	   result_of(w, OP_CREATE)->change.before == before &&
	   result_of(w, OP_CREATE)->change.after ==
	   v4_attr(also, &dir, FATTR4_CHANGE), "tells the directory's");
	before = v4_attr(w, &sub, FATTR4_CHANGE);
	v4_make_file(w, &sub, "file", 0644);
	ok(v4_attr(w, &sub, FATTR4_CHANGE) != before, "a new name changes");
	before = v4_attr(w, &sub, FATTR4_CHANGE);
	v4_at(w, &sub);
	op_remove(w, S("file"));
	is_status(v4_call(w), NFS4_OK, "REMOVE");
	ok(last_result(w)->change.before == before &&
	   last_result(w)->change.after == v4_attr(w, &sub, FATTR4_CHANGE),
	   "tells the directory's, too");
}

static struct fattr
owner_of(int bit, struct blob text)
{
	struct fattr f = {0};

	fattr_text(&f, bit, text);
	return f;
}

static void
test_wrong_values(const struct handle *file)
{
	static const char *const bad_owners[] = {"", "nobody", "root@nowhere",
		"12x", "-1", "4294967296", " 1", "1 ", "+5", "99999999999999999999"};
	struct fattr f;

	for (size_t i = 0; i < sizeof(bad_owners) / sizeof(bad_owners[0]); i++)
	{
		f = owner_of(i % 2 == 0 ? FATTR4_OWNER : FATTR4_OWNER_GROUP,
					 S(bad_owners[i]));
		setattr(file, &f);
		ok(w->status == NFS4ERR_BADOWNER || w->status == NFS4ERR_INVAL,
		   "owner \"%s\" is none", bad_owners[i]);
	}
	f = owner_of(FATTR4_OWNER, B("1\0", 2));
	setattr(file, &f);
	ok(w->status == NFS4ERR_BADOWNER || w->status == NFS4ERR_INVAL,
	   "an owner with a NUL");
	f = (struct fattr) {0};
	fattr_number(&f, FATTR4_MODE, 010000);
	is_status(setattr(file, &f), NFS4ERR_INVAL, "a mode of too many bits");
	f = (struct fattr) {0};
	fattr_bit(&f, FATTR4_TIME_MODIFY_SET);
	fattr_word(&f, SET_TO_CLIENT_TIME4);
	fattr_word(&f, 0);
	fattr_word(&f, 1);
	fattr_word(&f, 1000000000);
	is_status(setattr(file, &f), NFS4ERR_INVAL, "a second of nanoseconds");
	f = (struct fattr) {0};
	fattr_bit(&f, FATTR4_TIME_MODIFY_SET);
	fattr_word(&f, 2);
	is_status(setattr(file, &f), NFS4ERR_BADXDR, "a time by nobody");

	for (const int *bit = required; *bit >= 0; bit++)
	{
		if (*bit == FATTR4_SIZE || *bit == FATTR4_FSID ||
			*bit == FATTR4_SUPPORTED_ATTRS || *bit == FATTR4_FILEHANDLE ||
			*bit == FATTR4_SUPPATTR_EXCLCREAT)
			continue;
		f = (struct fattr) {0};
		fattr_number(&f, *bit, 1);
		is_status(setattr(file, &f), NFS4ERR_INVAL,
				  "SETATTR of attribute %d, which is not set", *bit);
	}
	f = (struct fattr) {0};
	fattr_bit(&f, 94);
	fattr_word(&f, 1);
	setattr(file, &f);
	is_status(w->status, NFS4ERR_ATTRNOTSUPP, "one that nobody knows");
	ok(last_result(w)->mask[0] == 0 && last_result(w)->mask[1] == 0 &&
	   last_result(w)->mask[2] == 0, "sets nothing");
	f = (struct fattr) {0};
	fattr_number(&f, FATTR4_MODE, 0600);
	fattr_word(&f, 0);
	is_status(setattr(file, &f), NFS4ERR_BADXDR, "values that are left over");
	f = (struct fattr) {0};
	fattr_bit(&f, FATTR4_MODE);
	is_status(setattr(file, &f), NFS4ERR_BADXDR, "values that are missing");
	f = (struct fattr) {0};
	fattr_bit(&f, FATTR4_OWNER);
	fattr_word(&f, 1000);
	fattr_word(&f, 0x31313131);
	is_status(setattr(file, &f), NFS4ERR_BADXDR, "a text beyond the values");
	f = (struct fattr) {0};
	fattr_number(&f, FATTR4_SIZE, 0);
	is_status(setattr(&dir, &f), NFS4ERR_ISDIR, "the size of a directory");
	f = (struct fattr) {0};
	fattr_number(&f, FATTR4_SIZE, UINT64_MAX);
	setattr(file, &f);
	ok(w->status == NFS4ERR_FBIG || w->status == NFS4ERR_INVAL,
	   "the greatest size");
	f = (struct fattr) {0};
	is_status(setattr(file, &f), NFS4_OK, "SETATTR of nothing");
	/* some good, one bad: nothing is done */
	f = fattr_of(MODE(0777));
	fattr_bit(&f, 94);
	fattr_word(&f, 1);
	is_status(setattr(file, &f), NFS4ERR_ATTRNOTSUPP, "one good, one bad");
	ok(v4_attr(w, file, FATTR4_MODE) != 0777, "nothing is done");
}

static uint32_t
verify(const struct handle *object, const struct fattr *f)
{
	return AT(w, object, op_verify(w, f));
}

static uint32_t
nverify(const struct handle *object, const struct fattr *f)
{
	return AT(w, object, op_nverify(w, f));
}

static void
test_verify(const struct handle *file)
{
	struct fattr f = {0};
	struct fattr g = {0};

	is_status(setattr(file, &(struct fattr) {0}), NFS4_OK, "a file");
	fattr_number(&f, FATTR4_TYPE, NF4REG);
	fattr_number(&f, FATTR4_CHANGE, v4_attr(w, file, FATTR4_CHANGE));
	is_status(verify(file, &f), NFS4_OK, "VERIFY of what is so");
	is_status(nverify(file, &f), NFS4ERR_SAME, "NVERIFY");
	fattr_number(&g, FATTR4_TYPE, NF4DIR);
	is_status(verify(file, &g), NFS4ERR_NOT_SAME, "VERIFY of what is not");
	is_status(nverify(file, &g), NFS4_OK, "NVERIFY");
	g = owner_of(FATTR4_OWNER, S("4711"));
	is_status(verify(file, &g), NFS4ERR_NOT_SAME, "another owner");
	g = (struct fattr) {0};
	fattr_bit(&g, FATTR4_TIME_MODIFY_SET);
	fattr_word(&g, 0);
	is_status(verify(file, &g), NFS4ERR_INVAL, "VERIFY of what is only set");
	is_status(nverify(file, &g), NFS4ERR_INVAL, "NVERIFY");
	g = (struct fattr) {0};
	fattr_number(&g, FATTR4_RDATTR_ERROR, 0);
	is_status(verify(file, &g), NFS4ERR_INVAL, "VERIFY of rdattr_error");
	g = (struct fattr) {0};
	fattr_bit(&g, 94);
	fattr_word(&g, 1);
	is_status(verify(file, &g), NFS4ERR_ATTRNOTSUPP, "of what nobody knows");
	is_status(nverify(file, &g), NFS4ERR_ATTRNOTSUPP, "NVERIFY");
	g = (struct fattr) {0};
	fattr_bit(&g, FATTR4_TYPE);
	is_status(verify(file, &g), NFS4ERR_BADXDR, "of a value that is missing");
	v4_begin(w);
	op_verify(w, &f);
	is_status(v4_call(w), NFS4ERR_NOFILEHANDLE, "of nowhere");
	v4_at(w, file);
	op_verify(w, &f);
	op_getattrs(w, FATTR4_SIZE);
	is_status(v4_call(w), NFS4_OK, "VERIFY goes on");
	is(w->result_count, 4, "to the next operation");
}

static void
test_times(const struct handle *file)
{
	struct fattr f = fattr_of(&(struct set) {.what = ATIME_NOW | MTIME_NOW});
	static const int times[] = {FATTR4_TIME_ACCESS, FATTR4_TIME_MODIFY,
		FATTR4_TIME_METADATA, -1};
	struct attr4 a;

	is_status(setattr(file, &f), NFS4_OK, "times of the server");
	a = v4_attrs(w, file, times);
	ok(a.value[FATTR4_TIME_ACCESS] == a.value[FATTR4_TIME_MODIFY] &&
	   a.value[FATTR4_TIME_MODIFY] == a.value[FATTR4_TIME_METADATA],
	   "are one time");
	f = fattr_of(&(struct set) {.what = SET_MTIME, .mtime = 0});
	is_status(setattr(file, &f), NFS4_OK, "the epoch");
	is((int64_t) v4_attr(w, file, FATTR4_TIME_MODIFY), 0, "it is");
}

/* Masks of OPEN and CREATE are as those of SETATTR. */
static void
test_creation(void)
{
	struct fattr f = {0};
	struct fattr mode = fattr_of(&(struct set) {.what = SET_MODE | SET_UID |
		SET_MTIME, .mode = 0711, .uid = 77, .mtime = TIME});
	static const uint32_t types[] = {NF4DIR, NF4BLK, NF4CHR, NF4LNK, NF4SOCK,
		NF4FIFO};
	struct attr4 a;
	struct handle made;

	fattr_bit(&f, 94);
	fattr_word(&f, 1);
	is_status(AT(w, &dir, op_create(w, NF4DIR, S("c"), S(""), &f)),
			  NFS4ERR_ATTRNOTSUPP, "CREATE with what nobody knows");
	f = (struct fattr) {0};
	fattr_number(&f, FATTR4_NUMLINKS, 5);
	is_status(AT(w, &dir, op_create(w, NF4DIR, S("c"), S(""), &f)),
			  NFS4ERR_INVAL, "with what is not set");
	is_status(AT(w, &dir, op_create(w, NF4REG, S("c"), S(""), &mode)),
			  NFS4ERR_BADTYPE, "CREATE of a file");
	is_status(AT(w, &dir, op_create(w, NF4NAMEDATTR, S("c"), S(""), &mode)),
			  NFS4ERR_BADTYPE, "of a named attribute");
	is_status(AT(w, &dir, op_create(w, 77, S("c"), S(""), &mode)),
			  NFS4ERR_BADTYPE, "of what there is not");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
	{
		char		name[16];

		snprintf(name, sizeof(name), "type %u", types[i]);
		v4_at(w, &dir);
		op_create(w, types[i], S(name), S("target"), &mode);
		op_getfh(w);
		is_status(v4_call(w), NFS4_OK, "CREATE of type %u", types[i]);
		if (w->status != NFS4_OK)
			continue;
		made = last_result(w)->handle;
		a = v4_attrs(w, &made, (const int[]) {FATTR4_TYPE, FATTR4_OWNER,
			FATTR4_RAWDEV, FATTR4_TIME_MODIFY, -1});
		ok(a.value[FATTR4_TYPE] == types[i] && a.text[FATTR4_OWNER].size == 2,
		   "is of this type and of its owner");
		is((int64_t) a.value[FATTR4_TIME_MODIFY], TIME, "and of its time");
		if (types[i] == NF4BLK || types[i] == NF4CHR)
			ok(a.value[FATTR4_RAWDEV] == 7 && a.second[FATTR4_RAWDEV] == 11,
			   "its device");
		AT(w, &made, op_readlink(w));
		is_status(w->status, types[i] == NF4LNK ? NFS4_OK :
				  NFS4ERR_WRONG_TYPE,
				  "READLINK");
	}
}

/* A long target is kept in another way than a short one. */
static void
test_targets(void)
{
	static char target[4095];

	memset(target, 't', sizeof(target));
	for (size_t size = 1; size <= sizeof(target); size += 1000 + size % 2)
	{
		char		name[32];
		struct handle made;
		struct blob data;

		snprintf(name, sizeof(name), "target of %d", (int) size);
		v4_at(w, &dir);
		op_create(w, NF4LNK, S(name), B(target, size), NULL);
		op_getfh(w);
		is_status(v4_call(w), NFS4_OK, "%s", name);
		made = last_result(w)->handle;
		is_status(AT(w, &made, op_readlink(w)), NFS4_OK, "READLINK");
		data = last_result(w)->data;
		ok(data.size == size && memcmp(data.data, target, size) == 0,
		   "all of it");
	}
}

int
main(void)
{
	struct handle file;

	v4_required();
	w = v4_client(0, "attributes");
	also = v4_also(w, gateway_count() - 1);
	dir = v4_playground(w);
	file = v4_make_file(w, &dir, "file", 0644);
	test_supported(&file);
	test_masks(&file);
	test_wrong_values(&file);
	test_change(&file);
	test_verify(&file);
	test_times(&file);
	test_creation();
	test_targets();
	test_values(&file);
	return done_testing();
}
