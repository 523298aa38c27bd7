/* SPDX-License-Identifier: PostgreSQL */
/*
 * generate.h
 *	  Random calls by seed.
 *
 * The same seed and the same sights give the same calls.
 */
#ifndef GENERATE_H
#define GENERATE_H

#include "model.h"

/* Numbers that depend on nothing but the seed. */
struct chance
{
	uint64_t	state;
};

extern void chance_seed(struct chance *chance, uint64_t seed);
/* 0 to below - 1 */
extern uint32_t chance_below(struct chance *chance, uint32_t below);
extern bool chance_percent(struct chance *chance, uint32_t percent);

/* The objects that there are to choose from, as far as one knows. */
struct labels
{
	uint32_t   *labels;
	uint32_t	count;
	uint32_t	room;
};

extern void labels_add(struct labels *labels, uint32_t label);

struct sights
{
	struct labels directories;
	struct labels files;		/* regular */
	struct labels others;
	struct labels gone;
};

struct generator
{
	struct chance chance;
	struct sights sights;
	const struct model *model;	/* to look up names that exist, or NULL */
	int			names;			/* how many ordinary names to use */
	uint32_t	objects;		/* more than so many are not aimed at */
	uint32_t	data_max;		/* longest WRITE */
	uint32_t	block_size;		/* some WRITEs are of whole blocks; 0: none */
	uint32_t	procedures;		/* bits of those to draw from, 0: all */
	bool		posix;			/* only what system calls can say */
	bool		wide;			/* directories with hundreds of entries too */
};

/* Refreshes the sights from the generator's model. */
extern void generate_look(struct generator *g);
extern void generate(struct generator *g, uint32_t number, struct call *call);

/* Histories as text: a line for each call. */
extern void call_print(const struct call *call, char *line, size_t size);
extern bool call_parse(const char *line, struct call *call);
extern const char *procedure_name(int procedure);
extern const char *status_word(uint32_t status);

#endif							/* GENERATE_H */
