/* SPDX-License-Identifier: PostgreSQL */
/*
 * lib_nfs4_ops.c
 *	  Arguments of the operations of NFSv4.1 and 4.2.
 */
#include "lib_nfs4.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_SECOND UINT64_C(1000000000)

static void
put_stateid(struct v4 *w, struct stateid s)
{
	put(w->c, s.seqid);
	put_fixed(w->c, s.other, sizeof(s.other));
}

static void
put_name_op(struct v4 *w, uint32_t number, struct blob name)
{
	op(w, number);
	put_opaque(w->c, name);
}

static void
put_range_op(struct v4 *w, uint32_t number, struct stateid s, uint64_t offset,
			 uint64_t length)
{
	op(w, number);
	put_stateid(w, s);
	put64(w->c, offset);
	put64(w->c, length);
}

/*
 * Attributes
 */

void
fattr_bit(struct fattr *f, int bit)
{
	if (f->words <= bit / 32)
		f->words = bit / 32 + 1;
	f->mask[bit / 32] |= UINT32_C(1) << (bit % 32);
}

void
fattr_word(struct fattr *f, uint32_t word)
{
	if (f->size + 4 > sizeof(f->values))
		bail_out("too many attributes");
	for (int i = 0; i < 4; i++)
		f->values[f->size++] = (unsigned char) (word >> (24 - 8 * i));
}

static bool
is_long(int bit)
{
	switch (bit)
	{
		case FATTR4_CHANGE:
		case FATTR4_SIZE:
		case FATTR4_FILEID:
		case FATTR4_FILES_AVAIL:
		case FATTR4_FILES_FREE:
		case FATTR4_FILES_TOTAL:
		case FATTR4_MAXFILESIZE:
		case FATTR4_MAXREAD:
		case FATTR4_MAXWRITE:
		case FATTR4_SPACE_AVAIL:
		case FATTR4_SPACE_FREE:
		case FATTR4_SPACE_TOTAL:
		case FATTR4_SPACE_USED:
		case FATTR4_MOUNTED_ON_FILEID:
			return true;
		default:
			return false;
	}
}

void
fattr_number(struct fattr *f, int bit, uint64_t value)
{
	fattr_bit(f, bit);
	if (is_long(bit))
		fattr_word(f, (uint32_t) (value >> 32));
	fattr_word(f, (uint32_t) value);
}

void
fattr_text(struct fattr *f, int bit, struct blob text)
{
	size_t		padded = (text.size + 3) & ~(size_t) 3;

	fattr_bit(f, bit);
	fattr_word(f, text.size);
	if (f->size + padded > sizeof(f->values))
		bail_out("an attribute that is too long");
	memset(f->values + f->size, 0, padded);
	if (text.size > 0)
		memcpy(f->values + f->size, text.data, text.size);
	f->size += padded;
}

void
fattr_time(struct fattr *f, int bit, uint64_t nanoseconds)
{
	uint64_t	seconds = nanoseconds / NS_PER_SECOND;

	fattr_bit(f, bit);
	if (bit == FATTR4_TIME_ACCESS_SET || bit == FATTR4_TIME_MODIFY_SET)
		fattr_word(f, SET_TO_CLIENT_TIME4);
	fattr_word(f, (uint32_t) (seconds >> 32));
	fattr_word(f, (uint32_t) seconds);
	fattr_word(f, (uint32_t) (nanoseconds % NS_PER_SECOND));
}

static void
fattr_time_set(struct fattr *f, int bit, bool client, bool server,
			   uint64_t value)
{
	if (client)
		fattr_time(f, bit, value);
	else if (server)
	{
		fattr_bit(f, bit);
		fattr_word(f, SET_TO_SERVER_TIME4);
	}
}

static void
fattr_owner(struct fattr *f, int bit, uint32_t id)
{
	char		text[16];

	snprintf(text, sizeof(text), "%u", id);
	fattr_text(f, bit, S(text));
}

struct fattr
fattr_of(const struct set *set)
{
	struct fattr f = {0};

	if (set->what & SET_SIZE)
		fattr_number(&f, FATTR4_SIZE, set->size);
	if (set->what & SET_MODE)
		fattr_number(&f, FATTR4_MODE, set->mode);
	if (set->what & SET_UID)
		fattr_owner(&f, FATTR4_OWNER, set->uid);
	if (set->what & SET_GID)
		fattr_owner(&f, FATTR4_OWNER_GROUP, set->gid);
	fattr_time_set(&f, FATTR4_TIME_ACCESS_SET, set->what & SET_ATIME,
				   set->what & ATIME_NOW, set->atime);
	fattr_time_set(&f, FATTR4_TIME_MODIFY_SET, set->what & SET_MTIME,
				   set->what & MTIME_NOW, set->mtime);
	return f;
}

void
put_fattr(struct v4 *w, const struct fattr *f)
{
	static const struct fattr none = {0};

	if (f == NULL)
		f = &none;
	put(w->c, (uint32_t) f->words);
	for (int i = 0; i < f->words; i++)
		put(w->c, f->mask[i]);
	put_opaque(w->c, B(f->values, f->size));
}

void
put_mask(struct v4 *w, const int *bits)
{
	struct fattr f = {0};

	while (*bits >= 0)
		fattr_bit(&f, *bits++);
	put(w->c, (uint32_t) f.words);
	for (int i = 0; i < f.words; i++)
		put(w->c, f.mask[i]);
}

void
op_getattr(struct v4 *w, const int *bits)
{
	op(w, OP_GETATTR);
	put_mask(w, bits);
}

void
op_setattr(struct v4 *w, struct stateid s, const struct fattr *f)
{
	op(w, OP_SETATTR);
	put_stateid(w, s);
	put_fattr(w, f);
}

void
op_verify(struct v4 *w, const struct fattr *f)
{
	op(w, OP_VERIFY);
	put_fattr(w, f);
}

void
op_nverify(struct v4 *w, const struct fattr *f)
{
	op(w, OP_NVERIFY);
	put_fattr(w, f);
}

/*
 * Clients and sessions
 */

void
op_sequence(struct v4 *w, uint32_t sequence, uint32_t slot, uint32_t highest,
			bool cache)
{
	op(w, OP_SEQUENCE);
	put_fixed(w->c, w->s->id, 16);
	put(w->c, sequence);
	put(w->c, slot);
	put(w->c, highest);
	put(w->c, cache);
}

void
op_exchange_id(struct v4 *w, const struct exchange_id *e)
{
	op(w, OP_EXCHANGE_ID);
	put_fixed(w->c, e->verifier, 8);
	put_opaque(w->c, e->owner);
	put(w->c, e->flags);
	put(w->c, e->protect);
	if (e->protect == 1)
	{
		put(w->c, 0);
		put(w->c, 0);
	}
	else if (e->protect == 2)
	{
		put(w->c, 0);			/* operations, twice */
		put(w->c, 0);
		put(w->c, 0);			/* hash algorithms */
		put(w->c, 0);			/* encryption algorithms */
		put(w->c, 0);			/* window */
		put(w->c, 0);			/* handles */
	}
	put(w->c, 1);
	put_opaque(w->c, S("test.example"));
	put_opaque(w->c, S("scripted client"));
	put64(w->c, 1700000000);
	put(w->c, 0);
}

static void
put_channel(struct v4 *w, const struct channel *ch)
{
	put(w->c, ch->headerpad);
	put(w->c, ch->request);
	put(w->c, ch->response);
	put(w->c, ch->cached);
	put(w->c, ch->operations);
	put(w->c, ch->requests);
	put(w->c, 0);				/* RDMA */
}

void
op_create_session(struct v4 *w, const struct create_session *e)
{
	op(w, OP_CREATE_SESSION);
	put64(w->c, e->client_id);
	put(w->c, e->sequence);
	put(w->c, e->flags);
	put_channel(w, &e->fore);
	put_channel(w, &e->back);
	put(w->c, 0x40000000);		/* program of callbacks */
	put(w->c, 2);				/* how they are signed */
	put(w->c, AUTH_NONE);
	put(w->c, AUTH_UNIX);
	put(w->c, 0);
	put_opaque(w->c, S("test-client"));
	put(w->c, 0);
	put(w->c, 0);
	put(w->c, 0);
}

void
op_destroy_session(struct v4 *w, const unsigned char *id)
{
	op(w, OP_DESTROY_SESSION);
	put_fixed(w->c, id, 16);
}

void
op_destroy_clientid(struct v4 *w, uint64_t client_id)
{
	op(w, OP_DESTROY_CLIENTID);
	put64(w->c, client_id);
}

void
op_bind_conn(struct v4 *w, const unsigned char *id, uint32_t dir)
{
	op(w, OP_BIND_CONN_TO_SESSION);
	put_fixed(w->c, id, 16);
	put(w->c, dir);
	put(w->c, false);
}

void
op_reclaim_complete(struct v4 *w, bool one_fs)
{
	op(w, OP_RECLAIM_COMPLETE);
	put(w->c, one_fs);
}

/*
 * Filehandles and names
 */

void
op_putfh(struct v4 *w, const struct handle *handle)
{
	op(w, OP_PUTFH);
	put_handle(w->c, handle);
}

void
op_putrootfh(struct v4 *w)
{
	op(w, OP_PUTROOTFH);
}

void
op_getfh(struct v4 *w)
{
	op(w, OP_GETFH);
}

void
op_savefh(struct v4 *w)
{
	op(w, OP_SAVEFH);
}

void
op_restorefh(struct v4 *w)
{
	op(w, OP_RESTOREFH);
}

void
op_lookup(struct v4 *w, struct blob name)
{
	put_name_op(w, OP_LOOKUP, name);
}

void
op_lookupp(struct v4 *w)
{
	op(w, OP_LOOKUPP);
}

void
op_secinfo(struct v4 *w, struct blob name)
{
	put_name_op(w, OP_SECINFO, name);
}

void
op_secinfo_no_name(struct v4 *w, uint32_t style)
{
	op(w, OP_SECINFO_NO_NAME);
	put(w->c, style);
}

void
op_access(struct v4 *w, uint32_t access)
{
	op(w, OP_ACCESS);
	put(w->c, access);
}

void
op_readdir(struct v4 *w, uint64_t cookie, const void *verifier,
		   uint32_t dircount, uint32_t maxcount, const int *bits)
{
	op(w, OP_READDIR);
	put64(w->c, cookie);
	put_fixed(w->c, verifier ? verifier : "\0\0\0\0\0\0\0", 8);
	put(w->c, dircount);
	put(w->c, maxcount);
	put_mask(w, bits);
}

void
op_create(struct v4 *w, uint32_t type, struct blob name, struct blob data,
		  const struct fattr *f)
{
	op(w, OP_CREATE);
	put(w->c, type);
	if (type == NF4LNK)
		put_opaque(w->c, data);
	else if (type == NF4BLK || type == NF4CHR)
	{
		put(w->c, 7);
		put(w->c, 11);
	}
	put_opaque(w->c, name);
	put_fattr(w, f);
}

void
op_remove(struct v4 *w, struct blob name)
{
	put_name_op(w, OP_REMOVE, name);
}

void
op_rename(struct v4 *w, struct blob from, struct blob to)
{
	put_name_op(w, OP_RENAME, from);
	put_opaque(w->c, to);
}

void
op_link(struct v4 *w, struct blob name)
{
	put_name_op(w, OP_LINK, name);
}

void
op_readlink(struct v4 *w)
{
	op(w, OP_READLINK);
}

/*
 * Opens and locks
 */

static void
put_owner(struct v4 *w, uint64_t client_id, struct blob owner)
{
	put64(w->c, client_id != 0 ? client_id : w->s->client_id);
	put_opaque(w->c, owner);
}

static void
put_openhow(struct v4 *w, const struct open4 *o)
{
	put(w->c, o->create);
	if (!o->create)
		return;
	put(w->c, o->how);
	if (o->how == EXCLUSIVE4 || o->how == EXCLUSIVE4_1)
		put_fixed(w->c, o->verifier, 8);
	if (o->how != EXCLUSIVE4)
		put_fattr(w, o->attrs);
}

static void
put_claim(struct v4 *w, const struct open4 *o)
{
	put(w->c, o->claim);
	switch (o->claim)
	{
		case CLAIM_NULL:
		case CLAIM_DELEGATE_PREV:
			put_opaque(w->c, o->name);
			break;
		case CLAIM_PREVIOUS:
			put(w->c, OPEN_DELEGATE_NONE);
			break;
		case CLAIM_DELEGATE_CUR:
			put_stateid(w, o->stateid);
			put_opaque(w->c, o->name);
			break;
		case CLAIM_DELEG_CUR_FH:
			put_stateid(w, o->stateid);
			break;
		default:
			break;
	}
}

void
op_open(struct v4 *w, const struct open4 *o)
{
	op(w, OP_OPEN);
	put(w->c, 0);				/* seqid: of version 4.0 */
	put(w->c, o->access);
	put(w->c, o->deny);
	put_owner(w, o->client_id, o->owner);
	put_openhow(w, o);
	put_claim(w, o);
}

void
op_close(struct v4 *w, struct stateid s)
{
	op(w, OP_CLOSE);
	put(w->c, 0);
	put_stateid(w, s);
}

void
op_open_downgrade(struct v4 *w, struct stateid s, uint32_t access,
				  uint32_t deny)
{
	op(w, OP_OPEN_DOWNGRADE);
	put_stateid(w, s);
	put(w->c, 0);
	put(w->c, access);
	put(w->c, deny);
}

void
op_lock(struct v4 *w, const struct lock4 *l)
{
	op(w, OP_LOCK);
	put(w->c, l->type);
	put(w->c, l->reclaim);
	put64(w->c, l->offset);
	put64(w->c, l->length);
	put(w->c, l->first);
	if (l->first)
	{
		put(w->c, 0);
		put_stateid(w, l->stateid);
		put(w->c, 0);
		put_owner(w, l->client_id, l->owner);
	}
	else
	{
		put_stateid(w, l->stateid);
		put(w->c, 0);
	}
}

void
op_lockt(struct v4 *w, const struct lock4 *l)
{
	op(w, OP_LOCKT);
	put(w->c, l->type);
	put64(w->c, l->offset);
	put64(w->c, l->length);
	put_owner(w, l->client_id, l->owner);
}

void
op_locku(struct v4 *w, const struct lock4 *l)
{
	op(w, OP_LOCKU);
	put(w->c, l->type);
	put(w->c, 0);
	put_stateid(w, l->stateid);
	put64(w->c, l->offset);
	put64(w->c, l->length);
}

void
op_free_stateid(struct v4 *w, struct stateid s)
{
	op(w, OP_FREE_STATEID);
	put_stateid(w, s);
}

void
op_test_stateid(struct v4 *w, const struct stateid *s, int count)
{
	op(w, OP_TEST_STATEID);
	put(w->c, (uint32_t) count);
	for (int i = 0; i < count; i++)
		put_stateid(w, s[i]);
}

/*
 * Data
 */

void
op_read(struct v4 *w, struct stateid s, uint64_t offset, uint32_t count)
{
	op(w, OP_READ);
	put_stateid(w, s);
	put64(w->c, offset);
	put(w->c, count);
}

void
op_write(struct v4 *w, struct stateid s, uint64_t offset, struct blob data,
		 uint32_t stable)
{
	op(w, OP_WRITE);
	put_stateid(w, s);
	put64(w->c, offset);
	put(w->c, stable);
	put_opaque(w->c, data);
}

void
op_commit(struct v4 *w, uint64_t offset, uint32_t count)
{
	op(w, OP_COMMIT);
	put64(w->c, offset);
	put(w->c, count);
}

void
op_allocate(struct v4 *w, struct stateid s, uint64_t offset, uint64_t length)
{
	put_range_op(w, OP_ALLOCATE, s, offset, length);
}

void
op_deallocate(struct v4 *w, struct stateid s, uint64_t offset,
			  uint64_t length)
{
	put_range_op(w, OP_DEALLOCATE, s, offset, length);
}

void
op_seek(struct v4 *w, struct stateid s, uint64_t offset, uint32_t what)
{
	op(w, OP_SEEK);
	put_stateid(w, s);
	put64(w->c, offset);
	put(w->c, what);
}

void
op_copy(struct v4 *w, struct stateid from, struct stateid to,
		uint64_t from_offset, uint64_t to_offset, uint64_t count)
{
	op(w, OP_COPY);
	put_stateid(w, from);
	put_stateid(w, to);
	put64(w->c, from_offset);
	put64(w->c, to_offset);
	put64(w->c, count);
	put(w->c, true);			/* consecutive, synchronous */
	put(w->c, true);
	put(w->c, 0);				/* source servers */
}

void
op_clone(struct v4 *w, struct stateid from, struct stateid to,
		 uint64_t from_offset, uint64_t to_offset, uint64_t count)
{
	op(w, OP_CLONE);
	put_stateid(w, from);
	put_stateid(w, to);
	put64(w->c, from_offset);
	put64(w->c, to_offset);
	put64(w->c, count);
}

void
op_read_plus(struct v4 *w, struct stateid s, uint64_t offset, uint32_t count)
{
	op(w, OP_READ_PLUS);
	put_stateid(w, s);
	put64(w->c, offset);
	put(w->c, count);
}

void
op_getxattr(struct v4 *w, struct blob name)
{
	put_name_op(w, OP_GETXATTR, name);
}

void
op_setxattr(struct v4 *w, uint32_t how, struct blob name, struct blob value)
{
	op(w, OP_SETXATTR);
	put(w->c, how);
	put_opaque(w->c, name);
	put_opaque(w->c, value);
}

void
op_listxattrs(struct v4 *w, uint64_t cookie, uint32_t maxcount)
{
	op(w, OP_LISTXATTRS);
	put64(w->c, cookie);
	put(w->c, maxcount);
}

void
op_removexattr(struct v4 *w, struct blob name)
{
	put_name_op(w, OP_REMOVEXATTR, name);
}
