/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4_bytes.c
 *	  Bytes of NFSv4: see nfs4_bytes.h.
 */
#include "wire/nfs4_bytes.h"

#include <arpa/inet.h>
#include <string.h>

static uint32_t
padding_of(size_t size)
{
	return (uint32_t) (-size & 3);
}

static struct bytes
take_sized(struct bytes_reader *in, uint32_t size)
{
	const unsigned char *at = take_bytes(in, size);

	if (at == NULL)
		size = 0;
	return (struct bytes) {at != NULL ? (const char *) at : "", size};
}

struct bytes
take_opaque(struct bytes_reader *in)
{
	return take_sized(in, take_uint32(in));
}

struct bytes
take_xdr_opaque(struct bytes_reader *in, uint32_t max)
{
	uint32_t	size = take_uint32(in);
	struct bytes value;

	if (size > max)
		in->ok = false;
	value = take_sized(in, size);
	take_bytes(in, padding_of(size));
	return value;
}

struct bitmap
take_bitmap(struct bytes_reader *in)
{
	struct bitmap bitmap = {.beyond = false};

	for (int i = 0; i < NFS4_BITMAP_WORDS; i++)
		bitmap.words[i] = take_uint32(in);
	return bitmap;
}

struct bitmap
take_xdr_bitmap(struct bytes_reader *in)
{
	struct bitmap bitmap = {.beyond = false};
	uint32_t	count = take_uint32(in);

	for (uint32_t i = 0; i < count && in->ok; i++)
	{
		uint32_t	word = take_uint32(in);

		if (i < NFS4_BITMAP_WORDS)
			bitmap.words[i] = word;
		else if (word != 0)
			bitmap.beyond = true;
	}
	return bitmap;
}

void
writer_begin(struct writer *out, struct region *region, size_t size)
{
	out->region = region;
	out->start = out->at = region_alloc(region, size);
	out->end = out->start + size;
}

/* At least this much room; what was written may move. */
void
writer_grow(struct writer *out, size_t size)
{
	size_t		used = writer_size(out);
	size_t		room = 2 * (size_t) (out->end - out->start) + size;
	uint8_t    *start = region_alloc(out->region, room);

	memcpy(start, out->start, used);
	out->start = start;
	out->at = start + used;
	out->end = start + room;
}

static uint8_t *
make_room(struct writer *out, size_t size)
{
	uint8_t    *at;

	if ((size_t) (out->end - out->at) < size)
		writer_grow(out, size);
	at = out->at;
	out->at += size;
	return at;
}

void
add_bytes(struct writer *out, const void *data, size_t size)
{
	if (size > 0)
		memcpy(make_room(out, size), data, size);
}

void
add_room(struct writer *out, size_t size)
{
	(void) make_room(out, size);
}

void
add_uint32(struct writer *out, uint32_t value)
{
	value = htonl(value);
	memcpy(make_room(out, sizeof(value)), &value, sizeof(value));
}

void
add_uint64(struct writer *out, uint64_t value)
{
	add_uint32(out, (uint32_t) (value >> 32));
	add_uint32(out, (uint32_t) value);
}

void
add_opaque(struct writer *out, struct bytes value)
{
	add_uint32(out, value.size);
	add_bytes(out, value.data, value.size);
}

void
add_xdr_padding(struct writer *out, size_t size)
{
	static const char zeros[3];

	add_bytes(out, zeros, padding_of(size));
}

void
add_xdr_opaque(struct writer *out, struct bytes value)
{
	add_opaque(out, value);
	add_xdr_padding(out, value.size);
}

void
add_bitmap(struct writer *out, const struct bitmap *bitmap)
{
	for (int i = 0; i < NFS4_BITMAP_WORDS; i++)
		add_uint32(out, bitmap->words[i]);
}

/* Without words of zeros at its end. */
void
add_xdr_bitmap(struct writer *out, const struct bitmap *bitmap)
{
	uint32_t	count = NFS4_BITMAP_WORDS;

	while (count > 0 && bitmap->words[count - 1] == 0)
		count--;
	add_uint32(out, count);
	for (uint32_t i = 0; i < count; i++)
		add_uint32(out, bitmap->words[i]);
}

void
set_uint32(struct writer *out, size_t place, uint32_t value)
{
	value = htonl(value);
	memcpy(out->start + place, &value, sizeof(value));
}

void
set_uint64(struct writer *out, size_t place, uint64_t value)
{
	set_uint32(out, place, (uint32_t) (value >> 32));
	set_uint32(out, place + 4, (uint32_t) value);
}

void
copy_bytes(struct writer *out, struct bytes_reader *in, uint32_t size)
{
	const unsigned char *from = take_bytes(in, size);

	if (from != NULL)
		add_bytes(out, from, size);
}
