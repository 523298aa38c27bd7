/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * guc.h
 *	  The extension's settings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_GUC_H
#define DITTOFS_GUC_H

/* dittofs.gateway: this session carries a gateway's batches and nothing else */
extern bool dittofs_gateway;

/*
 * dittofs.keep_replies: answers to changes are kept for clients that ask
 * again.  Off only to measure what that costs.
 */
extern bool dittofs_keep_replies;

/* dittofs.report_replays: tell the client when a stored reply is the answer */
extern bool dittofs_report_replays;

/* When the library is loaded */
extern void guc_init(void);

#endif							/* DITTOFS_GUC_H */
