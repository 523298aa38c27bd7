/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * stack.h
 *	  A stack of bytes in a bounded piece of memory; the rest is in a temporary
 *	  file.
 *
 * For walks through trees of any width and depth.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_STACK_H
#define DITTOFS_STACK_H

#include "base/dittofs.h"

typedef struct Stack Stack;

/* Lives in the current memory context, and takes work_mem of it at most. */
extern Stack *stack_create(void);
extern void stack_push(Stack *stack, const void *data, Size size);
/* The last size bytes, in the order they were pushed; they must be there. */
extern void stack_pop(Stack *stack, void *data, Size size);
extern bool stack_empty(const Stack *stack);
extern void stack_free(Stack *stack);

#endif							/* DITTOFS_STACK_H */
