/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * share_list.c
 *	  Lists shares, with their options and what is in them.
 *
 * The columns are found by their names: those of options are the rows of
 * dittofs_share_options.h, in whatever order list_shares() declares them.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "utils/builtins.h"

#include "types/handles.h"
#include "tables/share_options.h"
#include "base/srf.h"
#include "tables/usage.h"

PG_FUNCTION_INFO_V1(dittofs_list_shares);

/* More than there are. */
#define COLUMNS_MAX		100

/* The columns that are no options. */
typedef enum Column
{
	COLUMN_OPTION,
	COLUMN_NAME,
	COLUMN_CONTENT,
	COLUMN_CONTENT_STORE,
	COLUMN_BYTES,
	COLUMN_INODES,
	COLUMN_ROOT
} Column;

static const char *const column_names[] = {
	[COLUMN_NAME] = "name",
	[COLUMN_CONTENT] = "content",
	[COLUMN_CONTENT_STORE] = "content_store",
	[COLUMN_BYTES] = "bytes",
	[COLUMN_INODES] = "inodes",
	[COLUMN_ROOT] = "root",
};

typedef struct Listing
{
	Srf			srf;
	Column		columns[COLUMNS_MAX];
	const ShareOption *options[COLUMNS_MAX];
} Listing;

static void
find_columns(Listing *list)
{
	if (list->srf.desc->natts > COLUMNS_MAX)
		elog(ERROR, "list_shares() has more than %d columns", COLUMNS_MAX);
	for (int i = 0; i < list->srf.desc->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(list->srf.desc, i)->attname);

		list->options[i] = share_option_find(name);
		list->columns[i] = COLUMN_OPTION;
		for (int c = COLUMN_NAME; c < lengthof(column_names); c++)
		{
			if (strcmp(name, column_names[c]) == 0)
				list->columns[i] = (Column) c;
		}
		if (list->options[i] == NULL && list->columns[i] == COLUMN_OPTION)
			elog(ERROR, "list_shares() has an unknown column %s", name);
	}
}

static void
list_share(const Share *share, void *arg)
{
	Listing    *list = (Listing *) arg;
	Datum		values[COLUMNS_MAX];
	bool		nulls[COLUMNS_MAX] = {false};
	int64		bytes;
	int64		inodes;

	usage_get(share->share_id, &bytes, &inodes);
	for (int i = 0; i < list->srf.desc->natts; i++)
	{
		switch (list->columns[i])
		{
			case COLUMN_OPTION:
				values[i] =
					share_option_show(list->options[i], share, &nulls[i]);
				break;
			case COLUMN_NAME:
				values[i] = CStringGetTextDatum(share->name);
				break;
			case COLUMN_CONTENT:
				values[i] =
					PointerGetDatum(word_text(CONTENT_WORDS, share->content));
				break;
			case COLUMN_CONTENT_STORE:
				nulls[i] = share->store == NULL;
				values[i] =
					nulls[i] ? (Datum) 0 : CStringGetTextDatum(share->store);
				break;
			case COLUMN_BYTES:
				values[i] = Int64GetDatum(bytes);
				break;
			case COLUMN_INODES:
				values[i] = Int64GetDatum(inodes);
				break;
			case COLUMN_ROOT:
				values[i] =
					PointerGetDatum(handle_form(&share->uuid, &share->root_id));
				break;
		}
	}
	srf_row(&list->srf, values, nulls);
}

Datum
dittofs_list_shares(PG_FUNCTION_ARGS)
{
	Listing		list;

	srf_begin(fcinfo, &list.srf);
	find_columns(&list);
	share_foreach(list_share, &list);
	return (Datum) 0;
}
