/* SPDX-License-Identifier: PostgreSQL */
/*
 * histogram.h
 *	  Latencies, counted to within 1.6 percent from a microsecond to an hour.
 *
 * As an HDR histogram does: 64 buckets for each power of two of nanoseconds.
 * Recording is one increment, percentiles are exact but for the width of a
 * bucket, and no sample is thrown away.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BITS 6
#define HISTOGRAM_BUCKETS ((65 - HISTOGRAM_BITS) << HISTOGRAM_BITS)

struct histogram
{
	uint64_t	count;
	uint64_t	sum;
	uint64_t	max;
	uint64_t	buckets[HISTOGRAM_BUCKETS];
};

extern void histogram_record(struct histogram *histogram, uint64_t ns);

/* The latency that the fraction (0 to 1) of all did not exceed. */
extern uint64_t histogram_quantile(const struct histogram *histogram,
								   double fraction);

#endif							/* BENCH_HISTOGRAM_H */
