/* SPDX-License-Identifier: PostgreSQL */
/*
 * call.c
 *	  The life of a call: see call.h.
 */
#include "db/call.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/*
 * What may follow what.  The pool takes a call off its list before it puts it
 * on another; only a batch takes its calls straight from their queue.
 */
const bool	call_may_follow[CALL_STATES][CALL_STATES] = {
	[CALL_IDLE] = {[CALL_WAITING] = true, [CALL_QUEUED] = true,
				   [CALL_DELAYED] = true},
	[CALL_WAITING] = {[CALL_IDLE] = true},
	[CALL_QUEUED] = {[CALL_IDLE] = true, [CALL_RUNNING] = true},
	[CALL_RUNNING] = {[CALL_IDLE] = true},
	[CALL_DELAYED] = {[CALL_IDLE] = true},
};

uint64_t
call_key(const void *handle, size_t size)
{
	uint64_t	hash = XXH3_64bits(handle, size);

	return hash != 0 ? hash : 1;
}
