/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_identity.c
 *	  The marker of a store: see content_identity.h.
 *
 * All of this runs in a thread that may block (a store's own, or a command's):
 * looking at a marker is a call of the store like any other.
 */
#include "content/content_identity.h"
#include "base/event.h"
#include "base/log.h"
#include "db/row.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Microseconds.  In a bucket each look is a request. */
#define LOOK_PERIOD 1000000
#define LOOK_PERIOD_IDLE (30 * 1000000)

/* A store that cannot be looked at for so long is said to be away. */
#define FAILING_SAID 3000000

/* How often the database is told of a ticket, until it has heard. */
#define TELL_PERIOD 2000000

/* What the database said so long ago may be out of date: it is asked anew. */
#define TERMS_AGE (30 * 1000000)

#define UUID_TEXT 37

struct marker
{
	char		store[UUID_TEXT];
	char		owner[UUID_TEXT];
	char		ticket[UUID_TEXT];
};

/* What a look has found. */
struct finding_of_marker
{
	enum content_outcome outcome;	/* CONTENT_OK: it is ours */
	bool		passing;		/* it will be right in a moment, or is new */
	bool		failed;			/* there is no telling what is there */
	char		text[512];
	char		remedy[768];
};

void
content_identity_init(struct content_identity *identity,
					  const struct content_store_config *config, bool serves)
{
	memset(identity, 0, sizeof(*identity));
	pthread_mutex_init(&identity->first_use, NULL);
	pthread_mutex_init(&identity->mutex, NULL);
	identity->config = config;
	identity->serves = serves;
}

/*
 * What the database says.
 */

static bool
take_uuid(struct row *row, uint8_t *to)
{
	const unsigned char *uuid = row_fixed(row, MARKER_UUID_SIZE);

	if (uuid != NULL)
		memcpy(to, uuid, MARKER_UUID_SIZE);
	return uuid != NULL;
}

bool
content_terms_take(struct content_terms *terms, struct row *row)
{
	static const struct
	{
		const char *name;
		enum terms_state state;
	}			states[] = {
		{"unknown", TERMS_UNKNOWN}, {"new", TERMS_NEW}, {"own", TERMS_OWN},
		{"adopting", TERMS_ADOPTING}, {"copy", TERMS_COPY}};
	const unsigned char *name;
	uint32_t	size;
	bool		whole;

	memset(terms, 0, sizeof(*terms));
	whole = take_uuid(row, terms->store);
	whole = take_uuid(row, terms->owner) && whole;
	whole = take_uuid(row, terms->ticket) && whole;
	whole = take_uuid(row, terms->next_ticket) && whole;
	name = row_bytes(row, &size);
	terms->read_only = row_bool(row);
	terms->turn = row_bool(row);
	for (size_t i = 0; name != NULL && i < sizeof(states) / sizeof(states[0]);
		 i++)
		if (size == strlen(states[i].name) &&
			memcmp(name, states[i].name, size) == 0)
			terms->state = states[i].state;
	if (!whole && terms->state != TERMS_NONE)
		terms->state = TERMS_UNKNOWN;
	return row->ok && terms->state != TERMS_NONE;
}

void
content_identity_learn(struct content_identity *identity,
					   const struct content_terms *terms)
{
	pthread_mutex_lock(&identity->mutex);
	if (memcmp(&identity->terms, terms, sizeof(*terms)) != 0)
		identity->looked = 0;
	identity->terms = *terms;
	identity->learned = clock_now();
	pthread_mutex_unlock(&identity->mutex);
}

bool
content_identity_known(struct content_identity *identity)
{
	bool		known;

	pthread_mutex_lock(&identity->mutex);
	known = identity->learned != 0;
	pthread_mutex_unlock(&identity->mutex);
	return known;
}

enum identity_state
content_identity_state(struct content_identity *identity)
{
	enum identity_state state;

	pthread_mutex_lock(&identity->mutex);
	state = identity->state;
	pthread_mutex_unlock(&identity->mutex);
	return state;
}

void
content_identity_doubt(struct content_identity *identity)
{
	pthread_mutex_lock(&identity->mutex);
	identity->looked = 0;
	pthread_mutex_unlock(&identity->mutex);
}

/* With the mutex held: the marker has had the ticket that comes next. */
static bool
has_next_ticket(const struct content_identity *identity)
{
	return identity->written &&
		memcmp(identity->ticket, identity->terms.next_ticket,
			   MARKER_UUID_SIZE) == 0;
}

bool
content_identity_news(struct content_identity *identity, uint8_t *ticket)
{
	int64_t		now = clock_now();
	bool		news;

	pthread_mutex_lock(&identity->mutex);
	news = has_next_ticket(identity) && now - identity->told > TELL_PERIOD;
	memcpy(ticket, identity->ticket, MARKER_UUID_SIZE);
	if (news)
		identity->told = now;
	pthread_mutex_unlock(&identity->mutex);
	return news;
}

/*
 * The text of a marker.
 */

static void
format_uuid(const uint8_t *uuid, char *to)
{
	for (int i = 0; i < MARKER_UUID_SIZE; i++)
		to += sprintf(to, "%s%02x",
					  i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
					  uuid[i]);
}

static void
format_marker(const struct content_terms *terms, char *text)
{
	char		store[UUID_TEXT];
	char		owner[UUID_TEXT];
	char		ticket[UUID_TEXT];

	format_uuid(terms->store, store);
	format_uuid(terms->owner, owner);
	format_uuid(terms->next_ticket, ticket);
	snprintf(text, MARKER_MAX,
			 "# A content store of dittofs. This file says which database it "
			 "belongs to:\n# do not copy or remove it (docs/content.md).\n"
			 "store %s\nowner %s\nticket %s\n", store, owner, ticket);
}

/* The word behind "key " at the beginning of a line. */
static bool
take_word(const char *text, const char *key, char *to)
{
	size_t		size = strlen(key);
	const char *at = text;

	while (at != NULL && (strncmp(at, key, size) != 0 || at[size] != ' '))
	{
		at = strchr(at, '\n');
		at = at != NULL ? at + 1 : NULL;
	}
	if (at == NULL || strcspn(at + size + 1, "\n") != UUID_TEXT - 1 ||
		at[size + UUID_TEXT] != '\n')
		return false;
	memcpy(to, at + size + 1, UUID_TEXT - 1);
	to[UUID_TEXT - 1] = '\0';
	return true;
}

static bool
parse_marker(const char *text, struct marker *marker)
{
	return take_word(text, "store", marker->store) &&
		take_word(text, "owner", marker->owner) &&
		take_word(text, "ticket", marker->ticket);
}

static bool
same(const uint8_t *uuid, const char *text)
{
	char		own[UUID_TEXT];

	format_uuid(uuid, own);
	return strcmp(own, text) == 0;
}

/*
 * Judging.
 */

static const char *
place(const struct content_store_config *config)
{
	return content_backend(config)->place(config);
}

#define ADOPT \
	"SELECT dittofs.adopt_content_store('%s') makes it this database's alone"
#define ATTACH \
	"SELECT dittofs.attach_content_store('%s') has it read here and never " \
	"changed"

static enum content_outcome
no_marker(const struct content_store_config *config,
		  struct finding_of_marker *found)
{
	snprintf(found->text, sizeof(found->text),
			 "there is no %s in %s, so that is not the store that was used "
			 "until now", MARKER_NAME, place(config));
	snprintf(found->remedy, sizeof(found->remedy),
			 "%s; if it is there all the same, " ADOPT,
			 content_backend(config)->find_it, config->name);
	return CONTENT_UNAVAILABLE;
}

static enum content_outcome
anothers(const struct content_store_config *config, const char *why,
		 struct finding_of_marker *found)
{
	snprintf(found->text, sizeof(found->text), "%s: by %s it belongs to "
			 "another database (%s)", place(config), MARKER_NAME, why);
	snprintf(found->remedy, sizeof(found->remedy), "give each database a "
			 "directory, bucket or prefix of its own. If no other uses this "
			 "one any more, " ADOPT "; " ATTACH, config->name, config->name);
	return CONTENT_UNAVAILABLE;
}

static enum content_outcome
judge(const struct content_store_config *config,
	  const struct content_terms *terms, const struct marker *marker,
	  bool stale, bool serves, struct finding_of_marker *found)
{
	if (terms->state == TERMS_UNKNOWN)
		return anothers(config, "this one has no row in "
						"dittofs.content_store_marks", found);
	if (!same(terms->store, marker->store))
		return anothers(config, "its store is another one", found);
	if (terms->read_only)
		return CONTENT_OK;
	if (terms->state == TERMS_COPY)
		return anothers(config, "this one is a copy, restored or cloned",
						found);
	if (!same(terms->owner, marker->owner))
		return anothers(config, "it was adopted there, or this one is a copy",
						found);
	if (same(terms->ticket, marker->ticket) ||
		same(terms->next_ticket, marker->ticket))
		return CONTENT_OK;
	if (stale && !serves)
		return CONTENT_OK;		/* it was right when the command began */
	if (stale)
	{
		found->passing = true;
		snprintf(found->text, sizeof(found->text), "its marker has changed, "
				 "and the database is to be asked about it");
		return CONTENT_UNAVAILABLE;
	}
	return anothers(config, "it has gone on where this one has not: this is a "
					"copy, or an older state from a backup", found);
}

/*
 * Looking.
 */

/*
 * Writes a marker with the next ticket; a new store's only where there is none.
 * Reading it again shows whether another gateway was faster.
 */
static enum content_outcome
write_marker(struct content_session *session, const struct content_terms *terms,
			 struct content_effort *effort)
{
	struct content_identity *identity = session->identity;
	char		text[MARKER_MAX];
	enum content_outcome outcome;

	format_marker(terms, text);
	outcome = session->backend->put_marker(session, text,
										   terms->state == TERMS_NEW, effort);
	if (outcome == CONTENT_OK)
	{
		log_with(terms->state == TERMS_OWN ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
				 log_members(NULL, "{s:o}", "content_store",
							 log_text(identity->config->name)),
				 "content store %s: %s has the marker of this database now",
				 identity->config->name, place(identity->config));
	}
	return outcome;
}

/* The marker is ours, and has the next ticket: the database is to be told. */
static void
note_ticket(struct content_identity *identity,
			const struct content_terms *terms, const struct marker *marker)
{
	if (!same(terms->next_ticket, marker->ticket) || terms->read_only)
		return;
	pthread_mutex_lock(&identity->mutex);
	identity->written = true;
	memcpy(identity->ticket, terms->next_ticket, MARKER_UUID_SIZE);
	pthread_mutex_unlock(&identity->mutex);
}

static enum content_outcome
read_marker(struct content_session *session, struct marker *marker,
			struct finding_of_marker *found, struct content_effort *effort)
{
	const struct content_store_config *config = session->config;
	char		text[MARKER_MAX] = "";
	enum content_outcome outcome = session->backend->get_marker(session, text,
																effort);

	if (outcome == CONTENT_OK && !parse_marker(text, marker))
	{
		(void) anothers(config, "it cannot be understood", found);
		return CONTENT_UNAVAILABLE;
	}
	if (outcome != CONTENT_OK && outcome != CONTENT_MISSING)
	{
		found->failed = true;
		snprintf(found->text, sizeof(found->text), "%s", effort->message);
		snprintf(found->remedy, sizeof(found->remedy), "%s",
				 effort->remedy != NULL ? effort->remedy :
				 content_backend(config)->reach_it);
		return CONTENT_UNAVAILABLE;
	}
	return outcome;
}

static void
find(struct content_session *session, const struct content_terms *terms,
	 bool stale, bool may_write, enum identity_purpose purpose,
	 struct finding_of_marker *found, struct content_effort *effort)
{
	const struct content_store_config *config = session->config;
	struct marker marker;
	bool		written = false;

	for (;;)
	{
		enum content_outcome outcome;

		memset(found, 0, sizeof(*found));
		outcome = read_marker(session, &marker, found, effort);

		if (outcome == CONTENT_MISSING)
		{
			bool		first = terms->state == TERMS_NEW && !terms->read_only;

			if (first && purpose != IDENTITY_PUT)
			{
				/* There is nothing in it yet. */
				found->passing = true;
				found->outcome = purpose == IDENTITY_WATCH ? CONTENT_OK :
					CONTENT_UNAVAILABLE;
				snprintf(found->text, sizeof(found->text), "%s has not been "
						 "used yet", place(config));
				return;
			}
			if (!first && terms->state != TERMS_ADOPTING)
			{
				found->outcome = no_marker(config, found);
				return;
			}
		}
		else if (outcome == CONTENT_OK)
		{
			outcome = judge(config, terms, &marker, stale,
							session->identity->serves, found);
			if (outcome == CONTENT_OK && purpose == IDENTITY_WATCH &&
				terms->turn && may_write && !written &&
				terms->state == TERMS_OWN && !terms->read_only &&
				!same(terms->next_ticket, marker.ticket))
			{
				/*
				 * If that fails, the marker that is there goes on being right.
				 */
				written = true;
				if (write_marker(session, terms, effort) == CONTENT_OK)
					continue;
			}
			if (outcome == CONTENT_OK)
				note_ticket(session->identity, terms, &marker);
			found->outcome = outcome;
			if (outcome == CONTENT_OK || terms->state != TERMS_ADOPTING)
				return;
		}
		else if (terms->state != TERMS_ADOPTING || found->remedy[0] == '\0')
		{
			found->outcome = outcome;
			return;
		}
		if (!may_write || written)
		{
			found->passing = terms->state == TERMS_ADOPTING;
			if (found->passing)
				snprintf(found->text, sizeof(found->text), "it is to be "
						 "adopted, and no gateway has written its marker yet");
			found->outcome = CONTENT_UNAVAILABLE;
			return;
		}
		written = true;
		if (write_marker(session, terms, effort) != CONTENT_OK)
		{
			found->failed = true;
			snprintf(found->text, sizeof(found->text), "%s", effort->message);
			snprintf(found->remedy, sizeof(found->remedy), "let the gateway "
					 "write %s there", MARKER_NAME);
			found->outcome = CONTENT_UNAVAILABLE;
			return;
		}
	}
}

/*
 * What has been found becomes the store's state: here or away.  One loud line
 * when it goes, and one when it is back.
 */
static void
tell(struct content_identity *identity, const struct finding_of_marker *found)
{
	const char *name = identity->config->name;
	bool		away = found->outcome != CONTENT_OK;
	bool		say;

	if (found->passing && away)
		return;
	pthread_mutex_lock(&identity->mutex);
	if (!away)
		identity->doubted = 0;
	else if (identity->doubted == 0)
		identity->doubted = clock_now();

	/* Another gateway may have changed it: the database knows. */
	if (away && !found->failed && identity->serves &&
		identity->learned <= identity->doubted)
	{
		pthread_mutex_unlock(&identity->mutex);
		return;
	}
	if (!found->failed)
		identity->failing = 0;
	else if (identity->failing == 0)
		identity->failing = clock_now();
	if (found->failed && clock_now() - identity->failing < FAILING_SAID)
	{
		pthread_mutex_unlock(&identity->mutex);
		return;
	}
	identity->state = away ? IDENTITY_AWAY : IDENTITY_HERE;

	/* What is wrong with access to a service, its requests say. */
	say = identity->said != away &&
		!(found->failed && content_backend(identity->config)->remote);
	if (say)
		identity->said = away;
	pthread_mutex_unlock(&identity->mutex);
	if (!say || !identity->serves)
		return;
	if (away)
		log_with(LOG_LEVEL_ERROR,
				 log_members(NULL, "{s:o, s:o, s:o}", "content_store",
							 log_text(name), "error", log_text(found->text),
							 "remedy", log_text(found->remedy)),
				 "content store %s is away, and nothing in it is read or "
				 "changed: %s (remedy: %s)", name, found->text, found->remedy);
	else
		log_with(LOG_LEVEL_INFO, log_members(NULL, "{s:o}", "content_store",
											 log_text(name)),
				 "content store %s is back", name);
}

static int64_t
period(const struct content_identity *identity, enum identity_purpose purpose)
{
	if (!content_backend(identity->config)->remote)
		return 0;
	return purpose == IDENTITY_WATCH ? LOOK_PERIOD_IDLE : LOOK_PERIOD;
}

/* A file that is read does not wait for a marker that was right just now. */
static bool
is_fresh(const struct content_identity *identity, enum identity_purpose purpose,
		 int64_t now)
{
	if (identity->looked == 0)
		return false;
	if (purpose == IDENTITY_WATCH && identity->terms.turn &&
		!has_next_ticket(identity))
		return false;
	if (purpose == IDENTITY_READ)
		return now - identity->looked < LOOK_PERIOD_IDLE;
	return now - identity->looked < period(identity, purpose);
}

static enum content_outcome
look(struct content_session *session, enum identity_purpose purpose, bool again,
	 struct content_effort *effort)
{
	struct content_identity *identity = session->identity;
	struct content_terms terms;
	struct finding_of_marker found;
	int64_t		now = clock_now();
	bool		stale;
	bool		fresh;

	pthread_mutex_lock(&identity->mutex);
	terms = identity->terms;
	/* It has had its marker, which the database may not have heard of yet. */
	if (terms.state == TERMS_NEW && has_next_ticket(identity))
		terms.state = TERMS_OWN;
	stale = now - identity->learned > TERMS_AGE;
	fresh = !again && is_fresh(identity, purpose, now);
	pthread_mutex_unlock(&identity->mutex);
	if (terms.read_only &&
		(purpose == IDENTITY_CHANGE || purpose == IDENTITY_PUT))
	{
		effort->away = true;
		snprintf(effort->message, sizeof(effort->message), "it is attached to "
				 "be read only (dittofs.attach_content_store)");
		return CONTENT_UNAVAILABLE;
	}
	if (fresh)
		return CONTENT_OK;
	if (terms.state == TERMS_NONE)
	{
		snprintf(effort->message, sizeof(effort->message), "the database has "
				 "not told whose it is");
		return CONTENT_UNAVAILABLE;
	}
	find(session, &terms, stale, identity->serves, purpose, &found, effort);
	tell(identity, &found);
	if (found.outcome == CONTENT_OK)
	{
		pthread_mutex_lock(&identity->mutex);
		if (!found.passing)
			identity->looked = now;
		pthread_mutex_unlock(&identity->mutex);
		return CONTENT_OK;
	}
	pthread_mutex_lock(&identity->mutex);
	identity->looked = 0;
	pthread_mutex_unlock(&identity->mutex);
	effort->away = !found.failed;
	snprintf(effort->message, sizeof(effort->message), "%.380s", found.text);
	return CONTENT_UNAVAILABLE;
}

/*
 * A new store gets its marker once: the threads of a large WRITE would all
 * write it, and a store is not asked for more than it must be.
 */
enum content_outcome
content_identity_look(struct content_session *session,
					  enum identity_purpose purpose, bool again,
					  struct content_effort *effort)
{
	struct content_identity *identity = session->identity;
	enum content_outcome outcome;
	bool		first;

	if (identity == NULL)
		return CONTENT_OK;
	pthread_mutex_lock(&identity->mutex);
	first = purpose == IDENTITY_PUT && identity->looked == 0 &&
		identity->terms.state == TERMS_NEW;
	pthread_mutex_unlock(&identity->mutex);
	if (first && !clock_lock(&identity->first_use, effort->deadline))
	{
		snprintf(effort->message, sizeof(effort->message), "its marker is "
				 "being written, and that takes long");
		return CONTENT_UNAVAILABLE;
	}
	outcome = look(session, purpose, again, effort);
	if (first)
		pthread_mutex_unlock(&identity->first_use);
	return outcome;
}

/*
 * For commands.
 */

struct timed_call
{
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool		done;
	bool		abandoned;
	void		(*function) (void *);
	void	   *argument;
};

static atomic_bool given_up;

static void *
call_thread(void *argument)
{
	struct timed_call *call = argument;
	bool		abandoned;

	call->function(call->argument);
	pthread_mutex_lock(&call->mutex);
	call->done = true;
	abandoned = call->abandoned;
	pthread_cond_signal(&call->changed);
	pthread_mutex_unlock(&call->mutex);
	if (abandoned)
		free(call);
	return NULL;
}

bool
content_within(int64_t milliseconds, void (*function) (void *), void *argument)
{
	struct timed_call *call = calloc(1, sizeof(*call));
	int64_t		until = clock_now() + milliseconds * 1000;
	pthread_t	thread;
	bool		done;
	int			problem;

	if (call == NULL)
		fatal("out of memory");
	pthread_mutex_init(&call->mutex, NULL);
	pthread_cond_init(&call->changed, NULL);
	call->function = function;
	call->argument = argument;
	problem = pthread_create(&thread, NULL, call_thread, call);
	if (problem != 0)
		fatal("a thread cannot be started: %s", strerror(problem));
	pthread_detach(thread);
	pthread_mutex_lock(&call->mutex);
	while (!call->done && clock_wait(&call->changed, &call->mutex, until))
		;
	done = call->done;
	call->abandoned = !done;
	pthread_mutex_unlock(&call->mutex);
	if (done)
		free(call);
	else
		atomic_store(&given_up, true);
	return done;
}

bool
content_was_given_up(void)
{
	return atomic_load(&given_up);
}

struct examination
{
	struct content_identity identity;
	int64_t		deadline;
	struct identity_report report;
};

static void
examine(void *argument)
{
	struct examination *x = argument;
	struct identity_report *report = &x->report;
	struct content_effort effort = {.deadline = x->deadline};
	struct content_session *session = content_session_begin(x->identity.config,
															&x->identity);
	struct finding_of_marker found;

	find(session, &x->identity.terms, false, false, IDENTITY_WATCH, &found,
		 &effort);
	content_session_end(session);
	report->good = found.outcome == CONTENT_OK;
	report->unused = report->good && found.passing;
	snprintf(report->text, sizeof(report->text), "%s", found.text);
	snprintf(report->remedy, sizeof(report->remedy), "%s", found.remedy);
	if (report->text[0] == '\0')
		snprintf(report->text, sizeof(report->text), "%s is this database's%s",
				 place(x->identity.config), x->identity.terms.read_only ?
				 " to read" : "");
}

void
content_identity_report(const struct content_store_config *config,
						const struct content_terms *terms,
						struct identity_report *report)
{
	struct examination *x = calloc(1, sizeof(*x));

	if (x == NULL)
		fatal("out of memory");
	content_backend_init();
	content_identity_init(&x->identity, config, false);
	content_identity_learn(&x->identity, terms);
	x->deadline = clock_now() + config->request_timeout * 1000;
	if (content_within(config->request_timeout + 1000, examine, x))
	{
		*report = x->report;
		free(x);
		return;
	}
	memset(report, 0, sizeof(*report));
	snprintf(report->text, sizeof(report->text), "%s does not answer within "
			 "%lld s", place(config), (long long) config->request_timeout / 1000);
	snprintf(report->remedy, sizeof(report->remedy), "see whether what is "
			 "mounted there hangs, and whether its server runs");
}
