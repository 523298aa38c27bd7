/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * names.c
 *	  Names, modes and times in the form people read and write.
 *
 * A name is any bytes, and a text value is not.  The text form keeps what a
 * text can keep and escapes the rest, in a way that leads back to the same
 * bytes: what ls() shows can be given to rm().
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "types/attrs.h"
#include "admin/names.h"

PG_FUNCTION_INFO_V1(dittofs_kind_name);
PG_FUNCTION_INFO_V1(dittofs_mode_to_text);
PG_FUNCTION_INFO_V1(dittofs_name_to_text);
PG_FUNCTION_INFO_V1(dittofs_name_from_text);
PG_FUNCTION_INFO_V1(dittofs_time_to_timestamp);

char *
name_to_text(const char *data, int len)
{
	bool		valid = pg_verifymbstr(data, len, true);
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < len; i++)
	{
		unsigned char c = data[i];

		if (c == '\\')
			appendStringInfoString(&out, "\\\\");
		else if (!valid && (c == '\0' || IS_HIGHBIT_SET(c)))
			appendStringInfo(&out, "\\%03o", c);
		else
			appendStringInfoChar(&out, c);
	}
	return out.data;
}

static bool
is_octal(const char *p, const char *end)
{
	return end - p >= 3 && p[0] >= '0' && p[0] <= '3' &&
		p[1] >= '0' && p[1] <= '7' && p[2] >= '0' && p[2] <= '7';
}

bytea *
name_from_text(const text *name)
{
	const char *p = VARDATA_ANY(name);
	const char *end = p + VARSIZE_ANY_EXHDR(name);
	bytea	   *result = palloc(VARHDRSZ + (end - p));
	char	   *out = VARDATA(result);

	while (p < end)
	{
		if (*p != '\\')
			*out++ = *p++;
		else if (end - p >= 2 && p[1] == '\\')
		{
			*out++ = '\\';
			p += 2;
		}
		else if (is_octal(p + 1, end))
		{
			*out++ = (p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0');
			p += 4;
		}
		else
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid escape sequence in \"%s\"",
							text_to_cstring(name)),
					 errhint("Write \\\\ for a backslash and \\ooo, three octal digits, for any byte.")));
	}
	SET_VARSIZE(result, out - (char *) result);
	return result;
}

char *
mode_to_text(int mode)
{
	return psprintf("%04o", mode);
}

int
mode_from_text(const text *mode)
{
	char	   *octal = text_to_cstring(mode);
	int			result = 0;
	char	   *p;

	for (p = octal; *p >= '0' && *p <= '7' && result <= MODE_ALL; p++)
		result = result * 8 + (*p - '0');
	if (p == octal || *p != '\0' || result > MODE_ALL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid mode: \"%s\"", octal),
				 errhint("A mode is octal, like 0644, and at most 7777.")));
	return result;
}

/* Every time of ours (years 1677 to 2262) is one that a timestamp can hold. */
TimestampTz
fs_time_to_timestamp(FsTime time)
{
	int64		usecs = time / 1000;

	/* round down, also before 1970 */
	if (time % 1000 < 0)
		usecs--;
	return usecs - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
}

Datum
dittofs_kind_name(PG_FUNCTION_ARGS)
{
	const char *name = kind_name(PG_GETARG_INT32(0));

	if (name == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(name));
}

Datum
dittofs_mode_to_text(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(mode_to_text(PG_GETARG_INT32(0))));
}

Datum
dittofs_name_to_text(PG_FUNCTION_ARGS)
{
	bytea	   *name = PG_GETARG_BYTEA_PP(0);

	PG_RETURN_TEXT_P(cstring_to_text(name_to_text(VARDATA_ANY(name),
												  VARSIZE_ANY_EXHDR(name))));
}

Datum
dittofs_name_from_text(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(name_from_text(PG_GETARG_TEXT_PP(0)));
}

Datum
dittofs_time_to_timestamp(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(fs_time_to_timestamp(PG_GETARG_INT64(0)));
}
