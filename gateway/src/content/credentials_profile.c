/* SPDX-License-Identifier: PostgreSQL */
/*
 * credentials_profile.c
 *	  AWS's shared files: sections of KEY = VALUE lines.
 *
 * The credentials file has sections [NAME], the configuration file [profile
 * NAME], and [default]; what both have counts from the first.  Lines that begin
 * with a blank belong to a setting above that we do not need.
 *
 * Read by hand, since it is line by line, and inih, the library for it, cuts
 * lines at 200 bytes: session tokens are longer.
 */
#include "content/credentials.h"
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
trim(char *text)
{
	size_t		size;

	text += strspn(text, " \t\r\n");
	size = strlen(text);
	while (size > 0 && isspace((unsigned char) text[size - 1]))
		text[--size] = '\0';
	return text;
}

static void
set_once(char **field, const char *value)
{
	if (*field != NULL)
		return;
	*field = strdup(value);
	if (*field == NULL)
		fatal("out of memory");
}

static void
take_value(struct credentials_profile *profile, const char *key,
		   const char *value)
{
	static const char *const others[] = {"credential_process", "sso_session",
	"sso_account_id", "source_profile", "credential_source"};

	if (strcmp(key, "aws_access_key_id") == 0)
		set_once(&profile->access_key, value);
	else if (strcmp(key, "aws_secret_access_key") == 0)
		set_once(&profile->secret_key, value);
	else if (strcmp(key, "aws_session_token") == 0)
		set_once(&profile->session_token, value);
	else if (strcmp(key, "role_arn") == 0)
		set_once(&profile->role_arn, value);
	else if (strcmp(key, "web_identity_token_file") == 0)
		set_once(&profile->web_identity_token_file, value);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(key, others[i]) == 0)
			set_once(&profile->other, key);
}

/* Is this the header of the section, "[name]" or "[profile name]"? */
static bool
is_section(char *line, const char *name)
{
	char	   *end = strchr(line, ']');
	char	   *text;

	if (end == NULL)
		return false;
	*end = '\0';
	text = trim(line + 1);
	if (strncmp(text, "profile", 7) == 0 && isspace((unsigned char) text[7]))
		text = trim(text + 7);
	return strcmp(text, name) == 0;
}

/* False: there is no such file, or no such section. */
static bool
read_section(struct credentials_profile *profile, const char *file,
			 const char *name)
{
	FILE	   *stream = fopen(file, "re");
	char	   *line = NULL;
	size_t		room = 0;
	bool		inside = false;
	bool		found = false;

	if (stream == NULL)
		return false;
	while (getline(&line, &room, stream) >= 0)
	{
		char	   *value = strchr(line, '=');

		if (line[0] == '[')
		{
			inside = is_section(line, name);
			found |= inside;
		}
		else if (inside && value != NULL &&
				 strchr("#; \t", line[0]) == NULL)
		{
			*value++ = '\0';
			take_value(profile, trim(line), trim(value));
		}
	}
	if (line != NULL)
		explicit_bzero(line, room);
	free(line);
	fclose(stream);
	return found;
}

bool
credentials_profile_read(struct credentials_profile *profile,
						 const struct content_store_config *config,
						 char *problem, size_t size)
{
	struct credentials_profile keys = {0};
	const char *files[2] = {config->credentials_file, config->config_file};
	bool		found = false;

	/*
	 * The three parts of a set from one file: what one file has of it is not
	 * completed from the other.
	 */
	memset(profile, 0, sizeof(*profile));
	for (int i = 0; i < 2; i++)
	{
		if (files[i] == NULL)
			continue;
		memset(&keys, 0, sizeof(keys));
		found |= read_section(&keys, files[i], config->profile);
		if (profile->access_key == NULL && profile->secret_key == NULL)
		{
			profile->access_key = keys.access_key;
			profile->secret_key = keys.secret_key;
			profile->session_token = keys.session_token;
			keys.access_key = keys.secret_key = keys.session_token = NULL;
		}
		if (keys.role_arn != NULL)
			set_once(&profile->role_arn, keys.role_arn);
		if (keys.web_identity_token_file != NULL)
			set_once(&profile->web_identity_token_file,
					 keys.web_identity_token_file);
		if (keys.other != NULL)
			set_once(&profile->other, keys.other);
		credentials_profile_free(&keys);
	}
	if (!found)
		snprintf(problem, size, "no profile \"%s\" in %s%s%s", config->profile,
				 files[0] != NULL ? files[0] : "",
				 files[0] != NULL && files[1] != NULL ? " or " : "",
				 files[1] != NULL ? files[1] : "");
	return found;
}

void
credentials_profile_free(struct credentials_profile *profile)
{
	if (profile->secret_key != NULL)
		explicit_bzero(profile->secret_key, strlen(profile->secret_key));
	free(profile->access_key);
	free(profile->secret_key);
	free(profile->session_token);
	free(profile->role_arn);
	free(profile->web_identity_token_file);
	free(profile->other);
	memset(profile, 0, sizeof(*profile));
}
