/* SPDX-License-Identifier: PostgreSQL */
/*
 * recorded.h
 *	  Histories of several clients in files: calls and what came of them.
 */
#ifndef RECORDED_H
#define RECORDED_H

#include "order.h"

extern void recorded_write(const char *file, const struct events *base,
						   const struct events *events);
extern void recorded_read(const char *file, struct events *base,
						  struct events *events);
extern bool is_recorded(const char *file);

/* Labels of handles, for those who fill the table (many.c). */
extern uint32_t label_learn(const struct handle *handle);
extern void labels_forget(void);

#endif							/* RECORDED_H */
