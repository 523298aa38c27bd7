/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * stack.c
 *	  A stack of bytes in a bounded piece of memory; what has no room there is
 *	  in a temporary file.
 *
 * The lower part of the stack is in the file, in chunks, the upper part in
 * memory.  A full memory gives away its lower half; an empty one takes a chunk
 * back.  So each byte is written and read once for each time that the top
 * goes up and down by half of the memory.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "miscadmin.h"
#include "storage/buffile.h"

#include "base/stack.h"

#define CHUNK_BLOCKS	4
#define CHUNK			((Size) CHUNK_BLOCKS * BLCKSZ)

struct Stack
{
	char	   *data;
	Size		used;
	Size		room;
	Size		max;
	BufFile    *file;			/* NULL: nothing was ever too much */
	int64		chunks;			/* in it */
};

Stack *
stack_create(void)
{
	Stack	   *stack = palloc0(sizeof(Stack));
	Size		chunks = (Size) work_mem * 1024 / CHUNK;

	/* whole chunks, and enough that half of them is one */
	stack->max = Min(Max(chunks, 4), 1024) * CHUNK;
	stack->room = CHUNK;
	stack->data = palloc(stack->room);
	return stack;
}

static void
spill(Stack *stack)
{
	int64		chunks = stack->used / 2 / CHUNK;
	Size		size = chunks * CHUNK;

	if (stack->file == NULL)
		stack->file = BufFileCreateTemp(false);
	if (BufFileSeekBlock(stack->file, stack->chunks * CHUNK_BLOCKS) != 0)
		elog(ERROR, "could not seek in a temporary file");
	BufFileWrite(stack->file, stack->data, size);
	stack->chunks += chunks;
	stack->used -= size;
	memmove(stack->data, stack->data + size, stack->used);
}

static void
make_room(Stack *stack, Size size)
{
	if (stack->used + size > stack->max)
		spill(stack);
	while (stack->used + size > stack->room)
	{
		stack->room *= 2;
		stack->data = repalloc(stack->data, stack->room);
	}
}

void
stack_push(Stack *stack, const void *data, Size size)
{
	/* what is larger than a chunk would not fit below a half */
	Assert(size <= CHUNK);
	make_room(stack, size);
	memcpy(stack->data + stack->used, data, size);
	stack->used += size;
}

void
stack_pop(Stack *stack, void *data, Size size)
{
	if (stack->used < size)
	{
		Assert(stack->chunks > 0);
		make_room(stack, CHUNK);
		memmove(stack->data + CHUNK, stack->data, stack->used);
		stack->chunks--;
		if (BufFileSeekBlock(stack->file, stack->chunks * CHUNK_BLOCKS) != 0 ||
			BufFileRead(stack->file, stack->data, CHUNK) != CHUNK)
			elog(ERROR, "could not read from a temporary file");
		stack->used += CHUNK;
	}
	stack->used -= size;
	memcpy(data, stack->data + stack->used, size);
}

bool
stack_empty(const Stack *stack)
{
	return stack->used == 0 && stack->chunks == 0;
}

void
stack_free(Stack *stack)
{
	if (stack->file != NULL)
		BufFileClose(stack->file);
	pfree(stack->data);
	pfree(stack);
}
