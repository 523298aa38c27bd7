/*
 * content_config.c
 *	  The settings of one content store: see content_config.h.
 */
#include "content_config.h"
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum key_type
{
	KEY_TEXT,
	KEY_TYPE,
	KEY_SWITCH,
	KEY_NUMBER,
	KEY_TIME					/* seconds, or with ms */
};

struct store_key
{
	const char *name;
	enum key_type type;
	size_t		offset;
	int64_t		low;
	int64_t		high;
};

#define FIELD(name) offsetof(struct content_store_config, name)
#define HOUR ((int64_t) 3600 * 1000)

static const struct store_key keys[] = {
	{"access_key", KEY_TEXT, FIELD(access_key), 0, 0},
	{"base_path", KEY_TEXT, FIELD(base_path), 0, 0},
	{"bucket", KEY_TEXT, FIELD(bucket), 0, 0},
	{"ca_file", KEY_TEXT, FIELD(ca_file), 0, 0},
	{"connect_timeout", KEY_TIME, FIELD(connect_timeout), 10, HOUR},
	{"endpoint", KEY_TEXT, FIELD(endpoint), 0, 0},
	{"name", KEY_TEXT, FIELD(name), 0, 0},
	{"parallel", KEY_NUMBER, FIELD(parallel), 1, 256},
	{"path_style", KEY_SWITCH, FIELD(path_style), 0, 0},
	{"prefix", KEY_TEXT, FIELD(prefix), 0, 0},
	{"region", KEY_TEXT, FIELD(region), 0, 0},
	{"request_timeout", KEY_TIME, FIELD(request_timeout), 10, HOUR},
	{"secret_key", KEY_TEXT, FIELD(secret_key), 0, 0},
	{"session_token", KEY_TEXT, FIELD(session_token), 0, 0},
	{"type", KEY_TYPE, FIELD(type), 0, 0},
};

#define KEY_COUNT ((int) (sizeof(keys) / sizeof(keys[0])))

static char complaint[512];

static const char *complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static const char *
complain(const char *format, ...)
{
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(complaint, sizeof(complaint), format, arguments);
	va_end(arguments);
	return complaint;
}

static void
set_text(char **field, const char *value)
{
	free(*field);
	*field = strdup(value);
	if (*field == NULL)
		fatal("out of memory");
}

static const struct store_key *
find_key(const char *name)
{
	for (int i = 0; i < KEY_COUNT; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static bool
is_secret(const struct store_key *key)
{
	return key->offset == FIELD(access_key) ||
		key->offset == FIELD(secret_key) ||
		key->offset == FIELD(session_token);
}

static const char *
set_number(const struct store_key *key, int64_t *field, const char *value)
{
	bool		time = key->type == KEY_TIME;
	int64_t		factor = time ? 1000 : 1;
	char	   *end;
	long long	number;

	errno = 0;
	number = strtoll(value, &end, 10);
	if (time && strcmp(end, "ms") == 0)
		factor = 1;
	else if (end == value || (*end != '\0' && !(time && strcmp(end, "s") == 0)))
		return complain("content store: %s: \"%s\" is not a %s", key->name,
						value, time ? "time (as 500ms, 20s)" : "number");
	if (errno != 0 || __builtin_mul_overflow(number, factor, field) ||
		*field < key->low || *field > key->high)
		return complain("content store: %s: \"%s\" is out of range: %lld to "
						"%lld%s", key->name, value, (long long) key->low,
						(long long) key->high, time ? " ms" : "");
	return NULL;
}

const char *
content_store_set(struct content_store_config *store, const char *name,
				  const char *value)
{
	const struct store_key *key = find_key(name);
	void	   *field;

	if (key == NULL)
		return complain("content store: there is no setting \"%s\"", name);
	field = (char *) store + key->offset;
	switch (key->type)
	{
		case KEY_TEXT:
			set_text(field, value);
			return NULL;
		case KEY_TYPE:
			if (strcmp(value, "filesystem") == 0)
				store->type = CONTENT_STORE_FILESYSTEM;
			else if (strcmp(value, "s3") == 0)
				store->type = CONTENT_STORE_S3;
			else
				return complain("content store: type: \"%s\" is neither "
								"filesystem nor s3", value);
			return NULL;
		case KEY_SWITCH:
			store->path_style = strcmp(value, "on") == 0 ||
				strcmp(value, "true") == 0;
			if (!store->path_style && strcmp(value, "off") != 0 &&
				strcmp(value, "false") != 0)
				return complain("content store: %s: \"%s\" is neither on nor "
								"off", name, value);
			store->path_style_set = true;
			return NULL;
		case KEY_NUMBER:
		case KEY_TIME:
			return set_number(key, field, value);
	}
	return NULL;
}

const char *
content_store_parse(struct content_store_config *store, const char *text)
{
	char	   *copy = strdup(text);
	char	   *rest = copy;
	char	   *item;
	const char *problem = NULL;

	if (copy == NULL)
		fatal("out of memory");
	while (problem == NULL && (item = strsep(&rest, ",")) != NULL)
	{
		char	   *value = strchr(item, '=');
		const struct store_key *key;

		if (value == NULL)
		{
			problem = complain("content store: \"%s\" is not KEY=VALUE", item);
			break;
		}
		*value++ = '\0';
		key = find_key(item);
		if (key != NULL && is_secret(key))
			problem = complain("content store: %s comes from the environment "
							   "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
							   "AWS_SESSION_TOKEN), not from the command line",
							   item);
		else
			problem = content_store_set(store, item, value);
	}
	free(copy);
	return problem;
}

/* The first of these variables that has a value, unless one is given. */
static void
from_environment(char **field, const char *const *variables)
{
	for (; *field == NULL && *variables != NULL; variables++)
	{
		const char *value = getenv(*variables);

		if (value != NULL && *value != '\0')
			set_text(field, value);
	}
}

#define FROM(field, ...) \
	from_environment(&store->field, (const char *const[]) {__VA_ARGS__, NULL})

static const char *
complete_s3(struct content_store_config *store)
{
	bool		given = store->access_key != NULL;
	size_t		size;

	/* A key of one place and a token of another would not fit. */
	FROM(access_key, "AWS_ACCESS_KEY_ID");
	FROM(secret_key, "AWS_SECRET_ACCESS_KEY");
	if (!given)
		FROM(session_token, "AWS_SESSION_TOKEN");
	FROM(region, "AWS_REGION", "AWS_DEFAULT_REGION");
	FROM(endpoint, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
	FROM(ca_file, "AWS_CA_BUNDLE");
	if (store->region == NULL)
		set_text(&store->region, "us-east-1");
	if (store->prefix == NULL)
		set_text(&store->prefix, "");

	if (store->bucket == NULL || *store->bucket == '\0')
		return complain("content store %s: no bucket", store->name);
	if (store->access_key == NULL || store->secret_key == NULL)
		return complain("content store %s: no credentials (AWS_ACCESS_KEY_ID, "
						"AWS_SECRET_ACCESS_KEY)", store->name);

	/* AWS wants the bucket in the host name, everybody else in the path. */
	if (!store->path_style_set)
		store->path_style = store->endpoint != NULL;
	if (store->endpoint == NULL)
	{
		if (asprintf(&store->endpoint, "https://s3.%s.amazonaws.com",
					 store->region) < 0)
			fatal("out of memory");
	}
	if (strncmp(store->endpoint, "http://", 7) != 0 &&
		strncmp(store->endpoint, "https://", 8) != 0)
		return complain("content store %s: endpoint: \"%s\" begins neither with "
						"https:// nor with http://", store->name,
						store->endpoint);
	size = strlen(store->endpoint);
	while (size > 0 && store->endpoint[size - 1] == '/')
		store->endpoint[--size] = '\0';

	/* Signatures are made of what is sent: nothing that needs escaping. */
	if (store->prefix[strspn(store->prefix, "abcdefghijklmnopqrstuvwxyz"
							 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")] != '\0')
		return complain("content store %s: prefix: \"%s\" has characters other "
						"than letters, digits and -_./", store->name,
						store->prefix);
	size = strlen(store->prefix);
	if (size > 0 && store->prefix[size - 1] != '/')
	{
		char	   *prefix;

		if (asprintf(&prefix, "%s/", store->prefix) < 0)
			fatal("out of memory");
		free(store->prefix);
		store->prefix = prefix;
	}
	return NULL;
}

const char *
content_store_complete(struct content_store_config *store)
{
	if (store->name == NULL || *store->name == '\0')
		return complain("content store: no name");
	if (store->connect_timeout == 0)
		store->connect_timeout = 3000;
	if (store->request_timeout == 0)
		store->request_timeout = 10000;
	if (store->parallel == 0)
		store->parallel = store->type == CONTENT_STORE_S3 ? 16 : 8;
	switch (store->type)
	{
		case CONTENT_STORE_NONE:
			return complain("content store %s: no type (filesystem or s3)",
							store->name);
		case CONTENT_STORE_FILESYSTEM:
			if (store->base_path == NULL || store->base_path[0] != '/')
				return complain("content store %s: base_path must be an "
								"absolute path", store->name);
			return NULL;
		case CONTENT_STORE_S3:
			return complete_s3(store);
	}
	return NULL;
}

void
content_store_free(struct content_store_config *store)
{
	if (store->secret_key != NULL)
		explicit_bzero(store->secret_key, strlen(store->secret_key));
	for (int i = 0; i < KEY_COUNT; i++)
		if (keys[i].type == KEY_TEXT)
			free(*(char **) ((char *) store + keys[i].offset));
	memset(store, 0, sizeof(*store));
}
