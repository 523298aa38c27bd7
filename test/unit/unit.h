/* SPDX-License-Identifier: PostgreSQL */
/*
 * unit.h
 *	  cmocka with what it needs included before it.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* cmocka has a macro of this name, procedures a member */
#undef fail

#endif							/* UNIT_H */
