/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4_signature.c
 *	  Fields by their letters, from XDR and to XDR: see nfs4_signature.h.
 *
 * Attributes are a bitmap and their values, by ascending bit.  Only the forms
 * of the values are known here; which of them a file has, and which may be set,
 * is the extension's business.
 */
#include "wire/nfs4_signature.h"

#define STATEID_LEN (4 + NFS4_OTHER_LEN)
#define CHANGE_INFO_LEN (4 + 8 + 8)
#define TIME_LEN (8 + 4)

/* settime4: the client's time, not the server's */
#define SET_TO_CLIENT_TIME4 1

#define ATTRIBUTE_BITS (32 * NFS4_BITMAP_WORDS)

#define FORM(bit, name, form) [bit] = (form),
static const char *const attribute_forms[ATTRIBUTE_BITS] = {
	NFS4_ATTRIBUTES(FORM)
};
#undef FORM

/* The size of what is alike in both forms; 0: it is not. */
static uint32_t
fixed_size(char letter)
{
	switch (letter)
	{
		case 'i':
			return 4;
		case 'l':
			return 8;
		case 's':
			return STATEID_LEN;
		case 'S':
			return NFS4_SESSION_ID_LEN;
		case 'v':
			return NFS4_VERIFIER_LEN;
		case 'c':
			return CHANGE_INFO_LEN;
		case 't':
			return TIME_LEN;
		default:
			return 0;
	}
}

static uint32_t
attributes_from_xdr(struct bytes_reader *in, struct writer *out)
{
	struct bitmap bitmap = take_xdr_bitmap(in);
	struct bytes_reader values = reader_of(take_xdr_opaque(in, UINT32_MAX));
	size_t		place;

	if (!in->ok)
		return NFS4ERR_BADXDR;
	if (bitmap.beyond)
		return NFS4ERR_ATTRNOTSUPP;
	add_bitmap(out, &bitmap);
	place = writer_size(out);
	add_uint32(out, 0);
	for (int bit = 0; bit < ATTRIBUTE_BITS; bit++)
	{
		uint32_t	status;

		if (!bitmap_has(&bitmap, bit))
			continue;
		if (attribute_forms[bit] == NULL)
			return NFS4ERR_ATTRNOTSUPP;
		status = nfs4_from_xdr(attribute_forms[bit], &values, out);
		if (status != NFS4_OK)
			return status;
	}
	if (reader_left(&values) > 0)
		return NFS4ERR_BADXDR;
	set_uint32(out, place, (uint32_t) (writer_size(out) - place - 4));
	return NFS4_OK;
}

static void
set_time_from_xdr(struct bytes_reader *in, struct writer *out)
{
	uint32_t	how = take_uint32(in);

	add_uint32(out, how);
	if (how == SET_TO_CLIENT_TIME4)
		copy_bytes(out, in, TIME_LEN);
	else if (how != 0)
		in->ok = false;
}

uint32_t
nfs4_from_xdr(const char *signature, struct bytes_reader *in,
			  struct writer *out)
{
	struct bitmap bitmap;
	uint32_t	status;

	for (; *signature != '\0' && in->ok; signature++)
		switch (*signature)
		{
			case 'o':
				add_opaque(out, take_xdr_opaque(in, UINT32_MAX));
				break;
			case 'b':
				bitmap = take_xdr_bitmap(in);
				add_bitmap(out, &bitmap);
				break;
			case 'a':
				status = attributes_from_xdr(in, out);
				if (status != NFS4_OK)
					return status;
				break;
			case 'T':
				set_time_from_xdr(in, out);
				break;
			default:
				copy_bytes(out, in, fixed_size(*signature));
				break;
		}
	return in->ok ? NFS4_OK : NFS4ERR_BADXDR;
}

static void
attributes_to_xdr(struct bytes_reader *in, struct writer *out)
{
	struct bitmap bitmap = take_bitmap(in);
	struct bytes_reader values = reader_of(take_opaque(in));
	size_t		place;

	add_xdr_bitmap(out, &bitmap);
	place = writer_size(out);
	add_uint32(out, 0);
	for (int bit = 0; bit < ATTRIBUTE_BITS; bit++)
	{
		if (!bitmap_has(&bitmap, bit))
			continue;
		if (attribute_forms[bit] == NULL)
		{
			in->ok = false;
			return;
		}
		nfs4_to_xdr(attribute_forms[bit], &values, out);
	}
	set_uint32(out, place, (uint32_t) (writer_size(out) - place - 4));
	if (!values.ok || reader_left(&values) > 0)
		in->ok = false;
}

void
nfs4_to_xdr(const char *signature, struct bytes_reader *in, struct writer *out)
{
	struct bitmap bitmap;

	for (; *signature != '\0' && in->ok; signature++)
		switch (*signature)
		{
			case 'o':
				add_xdr_opaque(out, take_opaque(in));
				break;
			case 'b':
				bitmap = take_bitmap(in);
				add_xdr_bitmap(out, &bitmap);
				break;
			case 'a':
				attributes_to_xdr(in, out);
				break;
			default:
				copy_bytes(out, in, fixed_size(*signature));
				break;
		}
}
