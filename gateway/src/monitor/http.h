/* SPDX-License-Identifier: PostgreSQL */
/*
 * http.h
 *	  The port for probes, Prometheus and people.  Nothing there takes input:
 *	  only GET and HEAD are answered.
 */
#ifndef DITTOFS_HTTP_H
#define DITTOFS_HTTP_H

#include <stdbool.h>

#include "config/config.h"

/* Fatal if it cannot listen.  Before the gateway says that it is up. */
extern void http_start(const struct config *config);
extern void http_stop(void);

/* /readyz says no from now on. */
extern void http_drain(void);

/* Every two seconds, by main: a point of the page's charts. */
#define STATUS_PERIOD 2
extern void status_sample(void);

/* What the page shows, as JSON text from malloc. */
extern char *status_text(const struct config *config, bool draining);

#endif							/* DITTOFS_HTTP_H */
