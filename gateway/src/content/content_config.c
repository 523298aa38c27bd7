/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_config.c
 *	  The settings of one content store: see content_config.h.
 */
#include "content/content_backend.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
content_complain(const char *format, ...)
{
	static char	complaint[CONTENT_COMPLAINT_MAX];
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(complaint, sizeof(complaint), format, arguments);
	va_end(arguments);
	return complaint;
}

void
content_set_text(char **field, const char *value)
{
	free(*field);
	*field = strdup(value);
	if (*field == NULL)
		fatal("out of memory");
}

bool
content_tell(struct content_told *told, const char *key, const char *problem)
{
	if (problem == NULL)
		return true;
	if (*told->first == '\0')
		snprintf(told->first, sizeof(told->first), "%s", problem);
	if (told->tell != NULL)
		told->tell(told->argument, key, problem);
	return false;
}

const char *
content_store_complete(struct content_store_config *store,
					   content_store_tell *tell, void *argument)
{
	static struct content_told told;
	const struct content_backend *backend;

	told = (struct content_told){.tell = tell, .argument = argument};
	if (store->name == NULL || *store->name == '\0')
	{
		(void) content_tell(&told, "name",
							content_complain("content store: no name"));
		return told.first;
	}
	if (store->connect_timeout == 0)
		store->connect_timeout = 3000;
	if (store->request_timeout == 0)
		store->request_timeout = 10000;
	backend = content_backend(store);
	if (backend == NULL)
		(void) content_tell(
			&told, "type",
			content_complain("content store %s: no type (" CONTENT_STORE_WORDS
							 ")",
							 store->name));
	else
	{
		if (store->parallel == 0)
			store->parallel = backend->parallel;
		backend->complete(store, &told);
	}
	return *told.first != '\0' ? told.first : NULL;
}

/* Every text of the struct. */
#define FIELD(name) offsetof(struct content_store_config, name)
static const size_t texts[] = {
	FIELD(access_key),
	FIELD(access_key_file),
	FIELD(base_path),
	FIELD(bucket),
	FIELD(ca_file),
	FIELD(config_file),
	FIELD(container_token),
	FIELD(container_token_file),
	FIELD(container_uri),
	FIELD(credentials),
	FIELD(credentials_file),
	FIELD(endpoint),
	FIELD(imds_endpoint),
	FIELD(name),
	FIELD(path_style),
	FIELD(prefix),
	FIELD(profile),
	FIELD(proxy),
	FIELD(region),
	FIELD(role_arn),
	FIELD(role_session_name),
	FIELD(secret_key),
	FIELD(secret_key_file),
	FIELD(session_token),
	FIELD(session_token_file),
	FIELD(sts_endpoint),
	FIELD(web_identity_token_file),
};

#define TEXT_COUNT (sizeof(texts) / sizeof(texts[0]))

void
content_store_copy(struct content_store_config *to,
				   const struct content_store_config *from)
{
	*to = *from;
	for (size_t i = 0; i < TEXT_COUNT; i++)
	{
		char	  **field = (char **) (void *) ((char *) to + texts[i]);
		char	   *text = __atomic_load_n(
			(char *const *) (const void *) ((const char *) from + texts[i]),
			__ATOMIC_ACQUIRE);

		*field = NULL;
		if (text != NULL)
			content_set_text(field, text);
	}
}

void
content_store_free(struct content_store_config *store)
{
	if (store->secret_key != NULL)
		explicit_bzero(store->secret_key, strlen(store->secret_key));
	for (size_t i = 0; i < TEXT_COUNT; i++)
		free(*(char **) (void *) ((char *) store + texts[i]));
	memset(store, 0, sizeof(*store));
}
