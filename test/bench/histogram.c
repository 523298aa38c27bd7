/* SPDX-License-Identifier: PostgreSQL */
/*
 * histogram.c
 *	  Latencies: see histogram.h.
 */
#include "histogram.h"

#define SUB (1u << HISTOGRAM_BITS)

/*
 * Values below 64 are their own bucket.  Of a larger one, the position of the
 * highest bit and the six bits below it are.
 */
static unsigned
bucket_of(uint64_t value)
{
	unsigned	shift;

	if (value < SUB)
		return (unsigned) value;
	shift = 63 - HISTOGRAM_BITS - (unsigned) __builtin_clzll(value);
	return ((shift + 1) << HISTOGRAM_BITS) + (unsigned) (value >> shift) - SUB;
}

static uint64_t
top_of(unsigned bucket)
{
	unsigned	shift;

	if (bucket < SUB)
		return bucket;
	shift = (bucket >> HISTOGRAM_BITS) - 1;
	return ((uint64_t) (SUB + (bucket & (SUB - 1)) + 1) << shift) - 1;
}

void
histogram_record(struct histogram *histogram, uint64_t ns)
{
	histogram->count++;
	histogram->sum += ns;
	if (ns > histogram->max)
		histogram->max = ns;
	histogram->buckets[bucket_of(ns)]++;
}

uint64_t
histogram_quantile(const struct histogram *histogram, double fraction)
{
	uint64_t	wanted = (uint64_t) (fraction * (double) histogram->count);
	uint64_t	seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
	{
		seen += histogram->buckets[i];
		if (seen > wanted || (seen == wanted && seen == histogram->count))
			return top_of(i) < histogram->max ? top_of(i) : histogram->max;
	}
	return histogram->max;
}
