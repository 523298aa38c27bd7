/* SPDX-License-Identifier: PostgreSQL */
/*
 * xml.h
 *	  The XML that services answer with, read by expat.
 */
#ifndef DITTOFS_XML_H
#define DITTOFS_XML_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Called at the end of each element: its name, the name of the element around
 * it ("" for the root), and its own text, without that of elements inside it.
 */
typedef void (*xml_element) (void *argument, const char *parent,
							 const char *name, const char *text);

/*
 * True if text is one whole document whose root is one of the elements in
 * roots (ended by NULL).  Only then has the function seen all of it, and only
 * then may what it has seen be believed: half a document may be anything.
 */
extern bool xml_read(const char *text, size_t size, const char *const *roots,
					 xml_element function, void *argument);

#endif							/* DITTOFS_XML_H */
