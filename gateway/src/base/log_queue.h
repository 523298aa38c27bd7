/* SPDX-License-Identifier: PostgreSQL */
/*
 * log_queue.h
 *	  Queues lines for standard error, which may have no reader.
 *
 * A write(2) to a pipe whose reader has stopped, to a file on a disk that
 * hangs, or to a busy journal may take for ever.  So a thread of its own
 * writes, and all others put their lines into a bounded queue.  A line that has
 * no room is lost, and counted; the next line that is written says how many
 * were.
 *
 * Before log_queue_start(), and in commands that end by themselves, a line is
 * written by the thread that has it.
 */
#ifndef DITTOFS_LOG_QUEUE_H
#define DITTOFS_LOG_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of lines that wait; as many again are being written. */
#define LOG_QUEUE_SIZE (256 * 1024)

/*
 * Once, with the signals blocked.  tell_lost: makes the line that says how many
 * were lost, by log_queue_put().
 */
extern void log_queue_start(void (*tell_lost) (uint64_t lost));

/* A line with its line break.  last: of a program that ends, it finds room. */
extern void log_queue_put(const char *line, size_t size, bool last);

/*
 * Waits until everything is written, but no longer than this.  For a program
 * that is about to end.
 */
extern bool log_queue_flush(int milliseconds);

/* Lines lost so far. */
extern uint64_t log_queue_lost(void);

#endif							/* DITTOFS_LOG_QUEUE_H */
