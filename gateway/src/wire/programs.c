/* SPDX-License-Identifier: PostgreSQL */
/*
 * programs.c
 *	  The RPC programs that the gateway serves: see programs.h.
 */
#include "wire/programs.h"

const struct procedure null_procedure = {.name = "NULL"};

#define ROW(name) &name,
const struct program *const programs[] = {
	PROGRAMS(ROW)
	NULL
};
#undef ROW

static bool without_nfs4;
static bool several_stores;

void
programs_configure(bool nfs4, int metadata_stores)
{
	without_nfs4 = !nfs4;
	several_stores = metadata_stores > 1;
}

bool
program_is_served(const struct program *program, enum door door)
{
	return program->portmapper == door_is_portmapper(door) &&
		(program->udp || !door_is_udp(door)) &&
		!(program->one_store && several_stores) &&
		!(program == &nfs4_program && without_nfs4);
}

const struct program *
program_find(const struct program *const *list, enum door door,
			 uint32_t number, uint32_t version, uint32_t *low, uint32_t *high)
{
	*low = *high = 0;
	for (; *list != NULL; list++)
	{
		if ((*list)->number != number || !program_is_served(*list, door))
			continue;
		if ((*list)->version == version)
			return *list;
		if (*high == 0 || (*list)->version < *low)
			*low = (*list)->version;
		if ((*list)->version > *high)
			*high = (*list)->version;
	}
	return NULL;
}

int
programs_procedure_count(void)
{
	int			count = 0;

	for (int i = 0; programs[i] != NULL; i++)
		count += (int) programs[i]->procedure_count;
	return count;
}

int
programs_procedure_index(const struct program *program, uint32_t procedure)
{
	int			index = (int) procedure;

	for (int i = 0; programs[i] != program; i++)
		index += (int) programs[i]->procedure_count;
	return index;
}

const struct procedure *
programs_procedure(int index, const struct program **program)
{
	int			i = 0;

	while (index >= (int) programs[i]->procedure_count)
		index -= (int) programs[i++]->procedure_count;
	*program = programs[i];
	return programs[i]->procedures[index];
}
