/* SPDX-License-Identifier: PostgreSQL */
/*
 * call_object.h
 *	  Which object a call is about, for the log.
 */
#ifndef DITTOFS_CALL_OBJECT_H
#define DITTOFS_CALL_OBJECT_H

#include <stddef.h>

#include <jansson.h>

#include "db/call.h"

/* " (share /export, file 0190...)", " (path /export)", or nothing. */
extern void call_object_text(const struct call *call, char *to, size_t size);

/* Adds "share" and "file", or "path", or nothing; returns members. */
extern json_t *call_object_members(const struct call *call, json_t *members);

#endif							/* DITTOFS_CALL_OBJECT_H */
