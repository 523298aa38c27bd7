/* SPDX-License-Identifier: PostgreSQL */
/*
 * lib_nfs4_results.c
 *	  Results of the operations of NFSv4.1 and 4.2, read strictly.
 */
#include "lib_nfs4.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND UINT64_C(1000000000)

/*
 * i a word, I a word of 0 or 1, l two words, o bytes, t a time, b a bitmap, p
 * two numbers of two words, d two of one word, n a count and as many words.
 * What is not here nobody asks for, and a server that sends it is wrong.
 */
static const char forms[ATTR_BITS] = {
	[FATTR4_SUPPORTED_ATTRS] = 'b',
	[FATTR4_TYPE] = 'i',
	[FATTR4_FH_EXPIRE_TYPE] = 'i',
	[FATTR4_CHANGE] = 'l',
	[FATTR4_SIZE] = 'l',
	[FATTR4_LINK_SUPPORT] = 'I',
	[FATTR4_SYMLINK_SUPPORT] = 'I',
	[FATTR4_NAMED_ATTR] = 'I',
	[FATTR4_FSID] = 'p',
	[FATTR4_UNIQUE_HANDLES] = 'I',
	[FATTR4_LEASE_TIME] = 'i',
	[FATTR4_RDATTR_ERROR] = 'i',
	[FATTR4_ACLSUPPORT] = 'i',
	[FATTR4_CANSETTIME] = 'I',
	[FATTR4_CASE_INSENSITIVE] = 'I',
	[FATTR4_CASE_PRESERVING] = 'I',
	[FATTR4_CHOWN_RESTRICTED] = 'I',
	[FATTR4_FILEHANDLE] = 'o',
	[FATTR4_FILEID] = 'l',
	[FATTR4_FILES_AVAIL] = 'l',
	[FATTR4_FILES_FREE] = 'l',
	[FATTR4_FILES_TOTAL] = 'l',
	[FATTR4_HOMOGENEOUS] = 'I',
	[FATTR4_MAXFILESIZE] = 'l',
	[FATTR4_MAXLINK] = 'i',
	[FATTR4_MAXNAME] = 'i',
	[FATTR4_MAXREAD] = 'l',
	[FATTR4_MAXWRITE] = 'l',
	[FATTR4_MODE] = 'i',
	[FATTR4_NO_TRUNC] = 'I',
	[FATTR4_NUMLINKS] = 'i',
	[FATTR4_OWNER] = 'o',
	[FATTR4_OWNER_GROUP] = 'o',
	[FATTR4_QUOTA_AVAIL_HARD] = 'l',
	[FATTR4_QUOTA_AVAIL_SOFT] = 'l',
	[FATTR4_QUOTA_USED] = 'l',
	[FATTR4_RAWDEV] = 'd',
	[FATTR4_SPACE_AVAIL] = 'l',
	[FATTR4_SPACE_FREE] = 'l',
	[FATTR4_SPACE_TOTAL] = 'l',
	[FATTR4_SPACE_USED] = 'l',
	[FATTR4_TIME_ACCESS] = 't',
	[FATTR4_TIME_CREATE] = 't',
	[FATTR4_TIME_DELTA] = 't',
	[FATTR4_TIME_METADATA] = 't',
	[FATTR4_TIME_MODIFY] = 't',
	[FATTR4_MOUNTED_ON_FILEID] = 'l',
	[FATTR4_FS_LAYOUT_TYPES] = 'n',
	[FATTR4_LAYOUT_BLKSIZE] = 'i',
	[FATTR4_SUPPATTR_EXCLCREAT] = 'b',
	[FATTR4_CLONE_BLKSIZE] = 'i',
	[FATTR4_CHANGE_ATTR_TYPE] = 'i',
	[FATTR4_XATTR_SUPPORT] = 'I',
};

static void
take_fixed(struct reply *r, unsigned char *data, size_t size)
{
	for (size_t i = 0; i < size; i += 4)
	{
		uint32_t	word = take(r);

		data[i] = (unsigned char) (word >> 24);
		data[i + 1] = (unsigned char) (word >> 16);
		data[i + 2] = (unsigned char) (word >> 8);
		data[i + 3] = (unsigned char) word;
	}
}

static struct stateid
take_stateid(struct reply *r)
{
	struct stateid s = {.seqid = take(r)};

	take_fixed(r, s.other, sizeof(s.other));
	return s;
}

static struct change
take_change(struct reply *r)
{
	struct change change = {.atomic = take_bool(r)};

	change.before = take64(r);
	change.after = take64(r);
	return change;
}

static void
take_mask(struct reply *r, uint32_t *mask)
{
	uint32_t	words = take(r);

	memset(mask, 0, ATTR_WORDS * sizeof(mask[0]));
	for (uint32_t i = 0; i < words; i++)
	{
		uint32_t	word = take(r);

		if (i < ATTR_WORDS)
			mask[i] = word;
		else if (word != 0)
			bail_out("attributes that nobody knows: 0x%x in word %u", word, i);
	}
}

static uint64_t
take_time(struct reply *r)
{
	uint64_t	seconds = take64(r);
	uint32_t	nanoseconds = take(r);

	if (nanoseconds >= NS_PER_SECOND)
		bail_out("a time of %u nanoseconds", nanoseconds);
	return seconds * NS_PER_SECOND + nanoseconds;
}

static void
take_value(struct reply *r, struct attr4 *a, int bit)
{
	uint32_t   *mask = bit == FATTR4_SUPPORTED_ATTRS ? a->supported :
		a->exclusive;

	switch (forms[bit])
	{
		case 'i':
			a->value[bit] = take(r);
			break;
		case 'I':
			a->value[bit] = take_bool(r);
			break;
		case 'l':
			a->value[bit] = take64(r);
			break;
		case 'o':
			a->text[bit] = take_opaque(r);
			break;
		case 't':
			a->value[bit] = take_time(r);
			break;
		case 'b':
			take_mask(r, mask);
			break;
		case 'p':
			a->value[bit] = take64(r);
			a->second[bit] = take64(r);
			break;
		case 'd':
			a->value[bit] = take(r);
			a->second[bit] = take(r);
			break;
		case 'n':
			a->value[bit] = take(r);
			for (uint64_t i = 0; i < a->value[bit]; i++)
				(void) take(r);
			break;
		default:
			bail_out("attribute %d, which nobody asked for", bit);
	}
}

static struct attr4
take_fattr4(struct reply *r)
{
	struct attr4 a = {0};
	struct blob values;
	struct reply inner;

	take_mask(r, a.mask);
	values = take_opaque(r);
	inner = (struct reply) {.at = values.data};
	inner.end = inner.at + values.size;
	for (int bit = 0; bit < ATTR_BITS; bit++)
	{
		if (has_attr(&a, bit))
			take_value(&inner, &a, bit);
	}
	take_end(&inner);
	return a;
}

static struct handle
take_handle(struct reply *r)
{
	struct blob value = take_opaque(r);
	struct handle handle = {.size = value.size};

	if (value.size == 0 || value.size > NFS4_FHSIZE)
		bail_out("a handle of %u bytes", value.size);
	memcpy(handle.data, value.data, value.size);
	return handle;
}

static void
take_denied(struct reply *r, struct result4 *result)
{
	result->offset = take64(r);
	result->length = take64(r);
	result->type = take(r);
	result->client_id = take64(r);
	result->owner = take_opaque(r);
}

static void
take_open(struct reply *r, struct result4 *result)
{
	result->stateid = take_stateid(r);
	result->change = take_change(r);
	result->rflags = take(r);
	take_mask(r, result->mask);
	result->delegation = take(r);
	if (result->delegation == OPEN_DELEGATE_NONE_EXT)
	{
		result->why = take(r);
		if (result->why == 1 || result->why == 2)
			(void) take_bool(r);
	}
	else if (result->delegation != OPEN_DELEGATE_NONE)
		bail_out("a delegation of type %u", result->delegation);
}

static void
take_readdir(struct reply *r, struct result4 *result)
{
	int			room = 0;

	take_fixed(r, result->verifier, 8);
	while (take_bool(r))
	{
		struct dirent4 *entry;

		if (result->entry_count == room)
		{
			room = room * 2 + 64;
			result->entries = realloc(result->entries, (size_t) room *
									  sizeof(result->entries[0]));
		}
		entry = &result->entries[result->entry_count++];
		entry->cookie = take64(r);
		entry->name = take_opaque(r);
		entry->attr = take_fattr4(r);
	}
	result->eof = take_bool(r);
}

static void
take_list(struct reply *r, struct result4 *result)
{
	uint32_t	count = take(r);

	if (count > (size_t) (r->end - r->at) / 4)
		bail_out("a list of %u numbers", count);
	result->list = calloc(count + 1, sizeof(result->list[0]));
	result->list_count = (int) count;
	for (uint32_t i = 0; i < count; i++)
		result->list[i] = take(r);
}

static void
take_names(struct reply *r, struct result4 *result)
{
	uint32_t	count;

	result->cookie = take64(r);
	count = take(r);
	if (count > (size_t) (r->end - r->at) / 4)
		bail_out("a list of %u names", count);
	result->names = calloc(count + 1, sizeof(result->names[0]));
	result->list_count = (int) count;
	for (uint32_t i = 0; i < count; i++)
		result->names[i] = take_opaque(r);
	result->eof = take_bool(r);
}

/* The first piece with data is data, the first hole offset and length. */
static void
take_read_plus(struct reply *r, struct result4 *result)
{
	uint32_t	count;
	bool		hole = false;

	result->eof = take_bool(r);
	count = take(r);
	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t	type = take(r);
		uint64_t	offset = take64(r);

		if (type == 0)
		{
			struct blob data = take_opaque(r);

			if (result->data.data == NULL)
				result->data = data;
		}
		else if (type == 1)
		{
			uint64_t	length = take64(r);

			if (!hole)
			{
				result->offset = offset;
				result->length = length;
			}
			hole = true;
		}
		else
			bail_out("a piece of type %u", type);
	}
	result->list_count = (int) count;
}

static void
take_exchange_id(struct reply *r, struct result4 *result)
{
	uint32_t	unused[ATTR_WORDS];
	uint32_t	count;

	result->client_id = take64(r);
	result->sequence = take(r);
	result->flags = take(r);
	result->protect = take(r);
	if (result->protect == 1)
	{
		take_mask(r, unused);
		take_mask(r, unused);
	}
	else if (result->protect != 0)
		bail_out("state protection %u", result->protect);
	result->server_minor = take64(r);
	result->server_major = take_opaque(r);
	result->scope = take_opaque(r);
	count = take(r);
	if (count > 1)
		bail_out("%u implementations", count);
	if (count == 1)
	{
		(void) take_opaque(r);
		(void) take_opaque(r);
		(void) take_time(r);
	}
}

static struct channel
take_channel(struct reply *r)
{
	struct channel ch = {.headerpad = take(r)};

	ch.request = take(r);
	ch.response = take(r);
	ch.cached = take(r);
	ch.operations = take(r);
	ch.requests = take(r);
	if (take(r) != 0)
		bail_out("a channel with RDMA");
	return ch;
}

static void
take_create_session(struct reply *r, struct result4 *result)
{
	take_fixed(r, result->session, 16);
	result->sequence = take(r);
	result->flags = take(r);
	result->fore = take_channel(r);
	result->back = take_channel(r);
}

static void
take_sequence(struct reply *r, struct result4 *result)
{
	take_fixed(r, result->session, 16);
	result->sequence = take(r);
	result->slot = take(r);
	result->highest = take(r);
	result->target = take(r);
	result->flags = take(r);
}

static void
take_copy(struct reply *r, struct result4 *result)
{
	if (take(r) != 0)
		bail_out("a COPY that goes on behind our back");
	result->length = take64(r);
	result->committed = take(r);
	take_fixed(r, result->verifier, 8);
	(void) take_bool(r);
	(void) take_bool(r);
}

static void
take_written(struct reply *r, struct result4 *result)
{
	result->count = take(r);
	result->committed = take(r);
	take_fixed(r, result->verifier, 8);
}

/* What comes with NFS4_OK */
static void
take_ok(struct reply *r, struct result4 *result)
{
	switch (result->op)
	{
		case OP_ACCESS:
			result->supported = take(r);
			result->access = take(r);
			break;
		case OP_CLOSE:
		case OP_LOCK:
		case OP_LOCKU:
		case OP_OPEN_DOWNGRADE:
			result->stateid = take_stateid(r);
			break;
		case OP_COMMIT:
			take_fixed(r, result->verifier, 8);
			break;
		case OP_CREATE:
			result->change = take_change(r);
			take_mask(r, result->mask);
			break;
		case OP_GETATTR:
			result->attr = take_fattr4(r);
			break;
		case OP_GETFH:
			result->handle = take_handle(r);
			break;
		case OP_LINK:
		case OP_REMOVE:
		case OP_SETXATTR:
		case OP_REMOVEXATTR:
			result->change = take_change(r);
			break;
		case OP_RENAME:
			result->change = take_change(r);
			result->to_change = take_change(r);
			break;
		case OP_OPEN:
			take_open(r, result);
			break;
		case OP_READ:
			result->eof = take_bool(r);
			result->data = take_opaque(r);
			break;
		case OP_READDIR:
			take_readdir(r, result);
			break;
		case OP_READLINK:
		case OP_GETXATTR:
			result->data = take_opaque(r);
			break;
		case OP_SECINFO:
		case OP_SECINFO_NO_NAME:
		case OP_TEST_STATEID:
			take_list(r, result);
			break;
		case OP_WRITE:
			take_written(r, result);
			break;
		case OP_BIND_CONN_TO_SESSION:
			take_fixed(r, result->session, 16);
			result->flags = take(r);
			(void) take_bool(r);
			break;
		case OP_EXCHANGE_ID:
			take_exchange_id(r, result);
			break;
		case OP_CREATE_SESSION:
			take_create_session(r, result);
			break;
		case OP_SEQUENCE:
			take_sequence(r, result);
			break;
		case OP_COPY:
			take_copy(r, result);
			break;
		case OP_IO_ADVISE:
			take_mask(r, result->mask);
			break;
		case OP_READ_PLUS:
			take_read_plus(r, result);
			break;
		case OP_SEEK:
			result->eof = take_bool(r);
			result->offset = take64(r);
			break;
		case OP_LISTXATTRS:
			take_names(r, result);
			break;
		default:
			break;
	}
}

void
take_result4(struct reply *r, struct result4 *result)
{
	if (result->op == OP_SETATTR)
		take_mask(r, result->mask);
	else if (result->status == NFS4_OK)
		take_ok(r, result);
	else if (result->status == NFS4ERR_DENIED &&
			 (result->op == OP_LOCK || result->op == OP_LOCKT))
		take_denied(r, result);
	else if (result->status == NFS4ERR_OFFLOAD_NO_REQS &&
			 result->op == OP_COPY)
	{
		(void) take_bool(r);
		(void) take_bool(r);
	}
}
