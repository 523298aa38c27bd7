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

#endif							/* DITTOFS_GUC_H */
