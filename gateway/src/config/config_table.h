/* SPDX-License-Identifier: PostgreSQL */
/*
 * config_table.h
 *	  The table of settings, for the files config*.c.
 *
 * A setting's path is its place in the configuration file.  A * in it stands
 * for the name of a store or the place of a share in the list: such a setting
 * belongs to an element, and there are as many values as elements.
 */
#ifndef DITTOFS_CONFIG_TABLE_H
#define DITTOFS_CONFIG_TABLE_H

#include "config/config.h"

enum option_type
{
	OPTION_NUMBER,
	OPTION_SIZE,				/* bytes; K, M, G, KiB ... */
	OPTION_TIME,				/* ms, s (the default), m, h */
	OPTION_SWITCH,				/* on, off */
	OPTION_LIST,				/* text with commas; given again, it adds */
	OPTION_TEXT,
	OPTION_SECRET,				/* text that is not to be seen */
	OPTION_SECRET_FILE,			/* ... and the file that holds it */
	OPTION_STORES,				/* content stores, separated by spaces; not in
								 * the file, which has content.stores */
	OPTION_WORD,				/* text, one of choices, or empty */
	OPTION_CHOICE				/* number of one of choices */
};

enum option_scope
{
	SCOPE_PROCESS,
	SCOPE_METADATA_STORE,
	SCOPE_CONTENT_STORE,
	SCOPE_SHARE,
	SCOPES
};

struct option
{
	const char *path;
	const char *name;			/* of the command line, or NULL */
	enum option_type type;
	enum option_scope scope;
	size_t		offset;			/* in struct config, or in the element */
	const char *initial;
	int64_t		low;
	int64_t		high;
	const char *choices;		/* of words: "a|b|c" */
	const char *sample;			/* NULL: the sample has it as a comment */
	bool		reload;
	const char *help;
};

extern const struct option options[];
extern const int option_count;

/* What the types are called in the manuals. */
extern const char *option_type_name(const struct option *option);

/* By the name of the command line (size bytes of it), by path. */
extern const struct option *option_by_name(const char *name, size_t size);
extern const struct option *option_by_path(const char *path);

/* Does the path have keys below it? */
extern bool option_is_section(const char *path);

/* Whose elements lie at this path ("shares.*"), or SCOPE_PROCESS. */
extern enum option_scope option_element_scope(const char *path);

/*
 * The key below section that is most like key, or, if none is, the path of a
 * key with that very name elsewhere; NULL if nothing is like it.  buffer
 * holds what is returned.
 */
#define OPTION_PATH_MAX 256
extern const char *option_nearest(const char *section, const char *key,
								  char *buffer);

/* How many single letters must change; a transposition counts as one. */
extern int	option_distance(const char *a, const char *b);

/*
 * The path with the element's name (or number, of shares) in the place of *.
 */
extern const char *option_shown(const struct config *config,
								const struct option *option, int index,
								char *buffer);

/*
 * Elements.  A new one has the defaults.
 */
extern int	config_count(const struct config *config, enum option_scope scope);
extern void *config_element(const struct config *config,
							enum option_scope scope, int index);
extern int	config_add(struct config *config, enum option_scope scope,
					   const char *name, int line);

/*
 * The file has something at this path that cannot be read: it may have been
 * meant for the settings and for the elements that lie there or below.
 */
extern void config_note_unknown(struct config *config, const char *path,
								int index, int line);
extern bool config_is_complete(const struct config *config,
							   enum option_scope scope);

/*
 * Values.  source names the place for the complaint: "--port", a variable,
 * "file:12: adapters.nfs.port".  False: it is not set, and is complained of.
 */
extern bool config_set(struct config *config, const struct option *option,
					   int index, const char *source, const char *text);
extern void config_default(struct config *config,
						   const struct option *option, int index);

/* Sets the field of an element; NULL, or what is wrong, in static storage. */
extern const char *option_set(const struct option *option, void *element,
							  const char *text);

extern bool option_is_text(const struct option *option);

/* The value as text, in static storage when it is a number. */
extern const char *config_show(const struct config *config,
							   const struct option *option, int index);

/*
 * Origins.  line: of the file; 0: environment; -1: command line.  A value that
 * is wrong has one too: the setting has another value than was meant, so what
 * must hold of it and others is not looked at.
 */
extern void config_note_origin(struct config *config,
							   const struct option *option, int index,
							   int line);
extern void config_note_wrong(struct config *config,
							  const struct option *option, int index,
							  int line);
extern void config_note_element(struct config *config, enum option_scope scope,
								int index, int line);
extern bool config_is_wrong(const struct config *config, const char *path,
							int index);
extern bool config_is_given(const struct config *config, const char *path,
							int index);

/* The line of the file that gave it; 0 or less: not the file. */
extern int	config_line(const struct config *config, const char *path,
						int index);

/*
 * "file:12: adapters.nfs.port", "--port" or the variable.  What is not given
 * has the line at which its element begins.
 */
extern const char *config_where(const struct config *config, const char *path,
								int index, char *buffer);
#define CONFIG_WHERE_MAX 512

/* The environment variable of an element's setting; index < 0: of any. */
extern void option_variable(const struct config *config,
							const struct option *option, int index,
							char *buffer);

/*
 * The parts of config_read.  They go on after what is wrong, so that all of it
 * is found; false of the file: what is in it is not known.
 */
extern bool config_read_file(struct config *config, const char *file);
extern void config_read_environment(struct config *config);
extern void config_read_secret_files(struct config *config);

/*
 * The text with every ${VAR} replaced; NULL if one is not set, which is
 * complained of.
 */
extern char *config_expand(struct config *config, const char *text,
						   const char *source);

extern void config_replace_text(char **field, const char *text);

#endif							/* DITTOFS_CONFIG_TABLE_H */
