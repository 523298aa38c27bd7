/* SPDX-License-Identifier: PostgreSQL */
/*
 * call_object.c
 *	  Which object a call is about: see call_object.h.
 */
#include "db/call_object.h"
#include "db/database.h"
#include "base/log.h"

#include <stdio.h>

/* A path of MOUNT, which may be as long as its record. */
#define PATH_SHOWN_MAX 128
#define PATH_SHOWN(path) \
	((path)->size < PATH_SHOWN_MAX ? (int) (path)->size : PATH_SHOWN_MAX)

void
call_object_text(const struct call *call, char *to, size_t size)
{
	const struct bytes *path = &call->path;
	struct content_file_name of;

	to[0] = '\0';
	if (content_file_name(&database_of(call)->shares, call->handle, &of))
		snprintf(to, size, " (share %s, file %s)", of.share, of.file);
	else if (path->size > 0)
		snprintf(to, size, " (path %.*s)", PATH_SHOWN(path), path->data);
}

json_t *
call_object_members(const struct call *call, json_t *members)
{
	const struct bytes *path = &call->path;
	struct content_file_name of;
	char		shown[PATH_SHOWN_MAX + 1];

	if (content_file_name(&database_of(call)->shares, call->handle, &of))
		return log_members(members, "{s:o, s:s}", "share", log_text(of.share),
						   "file", of.file);
	if (path->size == 0)
		return members;
	snprintf(shown, sizeof(shown), "%.*s", PATH_SHOWN(path), path->data);
	return log_members(members, "{s:o}", "path", log_text(shown));
}
