/* SPDX-License-Identifier: PostgreSQL */
/*
 * seeds_nfs4.c
 *	  Right arguments and right results of each operation of NFSv4, for
 *	  fuzz_nfs4 to spoil.
 *
 * The letters are those of dittofs_compound.h, and a digit is a word.  Of
 * operations that have functions of their own the fields are here.
 */
#include "fuzz.h"

#include "dittofs_compound.h"
#include "wire/nfs4_codec.h"

static const struct special
{
	uint32_t	number;
	const char *arguments;
	const char *results;
}			specials[] = {
	{NFS4_OP_CREATE, "2oa", "cb"},
	{NFS4_OP_CREATE, "5ooa", "cb"},
	{NFS4_OP_CREATE, "3iioa", "cb"},
	{NFS4_OP_LOCK, "10ll1isilo", "s"},
	{NFS4_OP_LOCK, "10ll0si", "s"},
	{NFS4_OP_LOCKT, "1lllo", ""},
	{NFS4_OP_OPEN, "iiilo10a0o", "scib0"},
	{NFS4_OP_OPEN, "iiilo13va0o", "scib31i"},
	{NFS4_OP_OPEN, "iiilo04", "scib32i"},
	{NFS4_OP_READ, "sli", "10o"},
	{NFS4_OP_READ, "sli", "114"},
	{NFS4_OP_READDIR, "lviib", "v1loa1"},
	{NFS4_OP_SECINFO, "o", "2ii"},
	{NFS4_OP_WRITE, "sl0o", "iiv"},
	{NFS4_OP_BACKCHANNEL_CTL, "i210ioii0", ""},
	{NFS4_OP_EXCHANGE_ID, "voi01oot", "lii0loo0"},
	{NFS4_OP_EXCHANGE_ID, "voi1bb0", "lii1bbloo0"},
	{NFS4_OP_CREATE_SESSION, "liiiiiiii0iiiiii1ii10", "Siiiiiiiiiiiiii"},
	{NFS4_OP_SECINFO_NO_NAME, "i", "1i"},
	{NFS4_OP_TEST_STATEID, "2ss", "2ii"},
	{NFS4_OP_COPY, "sslllii0", "0livii"},
	{NFS4_OP_READ_PLUS, "sli", "120l0o1ll"},
	{NFS4_OP_LISTXATTRS, "li", "l2oo1"},
};

#define SPECIALS ((unsigned) (sizeof(specials) / sizeof(specials[0])))

static void
put_field(struct buffer *b, char letter, bool xdr)
{
	static const char bytes[20] = "\1\2\3\4\5\6\7\10";

	switch (letter)
	{
		case 'l':
		case 'v':
			put_bytes(b, bytes, 8);
			break;
		case 'o':
			put_32(b, 3);
			put_bytes(b, "abc", xdr ? 4 : 3);
			break;
		case 's':
		case 'S':
			put_bytes(b, bytes, 16);
			break;
		case 't':
			put_bytes(b, bytes, 12);
			break;
		case 'c':
			put_bytes(b, bytes, 20);
			break;
		case 'b':
		case 'a':
			if (xdr)
				put_32(b, 1);
			put_32(b, 1 << 4);	/* size */
			if (!xdr)
				put_64(b, 0);
			if (letter == 'a')
			{
				put_32(b, 8);
				put_64(b, 77);
			}
			break;
		default:
			put_32(b, letter >= '0' && letter <= '9' ?
				   (uint32_t) (letter - '0') : 4096);
	}
}

static void
put_fields(struct buffer *b, const char *letters, bool xdr)
{
	for (; *letters != '\0'; letters++)
		put_field(b, *letters, xdr);
}

/* SEQUENCE, PUTFH and one operation more. */
static void
put_compound(struct buffer *seed, uint32_t number, const char *arguments,
			 const char *results)
{
	struct buffer in = {.size = 0};
	struct buffer out = {.size = 0};

	put_opaque(&in, "tag", 3);
	put_32(&in, 2);
	put_32(&in, 3);
	put_32(&in, NFS4_OP_SEQUENCE);
	put_fields(&in, "S1010", true);
	put_32(&in, NFS4_OP_PUTFH);
	put_opaque(&in, "\1handle-of-33-bytes--------------", 33);
	put_32(&in, number);
	put_fields(&in, arguments, true);
	put_64(&out, 3);			/* OK, and so many results */
	put_32(&out, NFS4_OP_SEQUENCE);
	put_fields(&out, "0S10iii", false);
	put_32(&out, NFS4_OP_PUTFH);
	put_32(&out, NFS4_OK);
	put_32(&out, number);
	put_32(&out, NFS4_OK);
	put_fields(&out, results, false);
	put_8(seed, (uint8_t) (in.size >> 8));
	put_8(seed, (uint8_t) in.size);
	put_bytes(seed, in.data, in.size);
	put_8(seed, (uint8_t) (out.size >> 8));
	put_8(seed, (uint8_t) out.size);
	put_bytes(seed, out.data, out.size);
	put_bytes(seed, "data", 4);
}

bool
seed_nfs4(struct buffer *seed, unsigned which)
{
	const struct nfs4_form *form;

	if (which < SPECIALS)
	{
		put_compound(seed, specials[which].number, specials[which].arguments,
					 specials[which].results);
		return true;
	}
	which -= SPECIALS;
	if (which > NFS4_OP_LAST)
		return false;
	form = nfs4_form_of(which);
	put_compound(seed, which, form->arguments, form->results);
	return true;
}
