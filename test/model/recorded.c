/* SPDX-License-Identifier: PostgreSQL */
/*
 * recorded.c
 *	  Histories of several clients in files.
 *
 * Such a history cannot be made again, since it depends on who came first; so
 * it is kept with its replies, and judged again from the file.  The structs are
 * written as they are: a file is for the program that wrote it.
 */
#include "recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char magic[8] = "dfsmodel";

static void
write_blob(FILE *out, struct blob value)
{
	fwrite(&value.size, sizeof(value.size), 1, out);
	if (value.size > 0)
		fwrite(value.data, value.size, 1, out);
}

static void
write_events(FILE *out, const struct events *events)
{
	fwrite(&events->count, sizeof(events->count), 1, out);
	for (uint32_t i = 0; i < events->count; i++)
	{
		const struct event *event = &events->all[i];
		const struct result *r = &event->result;

		fwrite(event, sizeof(*event), 1, out);
		write_blob(out, r->data);
		for (int j = 0; j < r->entry_count; j++)
		{
			fwrite(&r->entries[j], sizeof(struct entry), 1, out);
			write_blob(out, r->entries[j].name);
		}
	}
}

void
recorded_write(const char *file, const struct events *base,
			   const struct events *events)
{
	FILE	   *out = fopen(file, "w");

	if (out == NULL)
		bail_out("cannot write %s", file);
	fwrite(magic, sizeof(magic), 1, out);
	write_events(out, base);
	write_events(out, events);
	if (fclose(out) != 0)
		bail_out("cannot write %s", file);
}

static void
read_bytes(FILE *in, void *to, size_t size)
{
	if (size > 0 && fread(to, size, 1, in) != 1)
		bail_out("the recorded history ends too early");
}

static struct blob
read_blob(FILE *in)
{
	uint32_t	size;
	char	   *data;

	read_bytes(in, &size, sizeof(size));
	data = malloc((size_t) size + 1);
	read_bytes(in, data, size);
	return B(data, size);
}

static void
read_events(FILE *in, struct events *events)
{
	uint32_t	count;

	*events = (struct events) {0};
	read_bytes(in, &count, sizeof(count));
	for (uint32_t i = 0; i < count; i++)
	{
		struct event event;
		struct result *r = &event.result;

		read_bytes(in, &event, sizeof(event));
		r->data = read_blob(in);
		r->entries = calloc((size_t) r->entry_count + 1, sizeof(struct entry));
		for (int j = 0; j < r->entry_count; j++)
		{
			read_bytes(in, &r->entries[j], sizeof(struct entry));
			r->entries[j].name = read_blob(in);
		}
		events_add(events, &event);
	}
}

/* Labels are given in the order in which objects became known. */
static uint32_t
highest_label(const struct events *events, uint32_t so_far)
{
	for (uint32_t i = 0; i < events->count; i++)
	{
		const struct event *event = &events->all[i];

		if (event->result.handle.size != 0 && event->call.number != NO_LABEL &&
			event->call.number + 1 > so_far)
			so_far = event->call.number + 1;
	}
	return so_far;
}

static void
find_handles(const struct events *events, struct handle *handles)
{
	for (uint32_t i = 0; i < events->count; i++)
	{
		const struct event *event = &events->all[i];

		if (event->result.handle.size != 0 && event->call.number != NO_LABEL)
			handles[event->call.number] = event->result.handle;
	}
}

void
recorded_read(const char *file, struct events *base, struct events *events)
{
	FILE	   *in = fopen(file, "r");
	char		begin[sizeof(magic)];
	uint32_t	labels;
	struct handle *handles;

	if (in == NULL)
		bail_out("cannot read %s", file);
	read_bytes(in, begin, sizeof(begin));
	read_events(in, base);
	read_events(in, events);
	fclose(in);

	labels = highest_label(events, highest_label(base, 0));
	handles = calloc(labels + 1, sizeof(*handles));
	find_handles(base, handles);
	find_handles(events, handles);
	for (uint32_t i = 0; i < labels; i++)
		(void) label_learn(&handles[i]);
	free(handles);
}

bool
is_recorded(const char *file)
{
	FILE	   *in = fopen(file, "r");
	char		begin[sizeof(magic)] = "";

	if (in == NULL)
		return false;
	if (fread(begin, sizeof(begin), 1, in) != 1)
		begin[0] = '\0';
	fclose(in);
	return memcmp(begin, magic, sizeof(magic)) == 0;
}
