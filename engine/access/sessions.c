/* access/sessions.c: see sessions.h. */
#include "access/sessions.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define RANDOM_BYTES 32u

struct session {
	unsigned char hash[TOKEN_HASH_BYTES]; /* of its id */
	uint64_t began_ns, used_ns;
	struct access_grant grant;
};

void sessions_init(struct sessions *s)
{
	*s = (struct sessions){ 0 };
}

void sessions_finish(struct sessions *s)
{
	free(s->items);
	*s = (struct sessions){ 0 };
}

static void spell(const unsigned char bytes[RANDOM_BYTES], char out[SESSION_TEXT_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	for (unsigned i = 0; i < RANDOM_BYTES; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * RANDOM_BYTES] = '\0';
}

static void end(struct sessions *s, struct session *one, const char *why)
{
	log_info("session: that of the token %s ended: %s", one->grant.name, why);
	*one = s->items[--s->count];
}

static const char *over(const struct session *one, uint64_t now_ns)
{
	if (now_ns >= one->began_ns + LIMIT_SESSION_MS * 1000000ull)
		return "it has lasted as long as sessions do";
	if (now_ns >= one->used_ns + LIMIT_SESSION_IDLE_MS * 1000000ull)
		return "nobody used it";
	return NULL;
}

void sessions_tick(struct sessions *s, uint64_t now_ns)
{
	for (unsigned i = s->count; i-- > 0;) {
		const char *why = over(&s->items[i], now_ns);
		if (why)
			end(s, &s->items[i], why);
	}
}

static unsigned count_of(const struct sessions *s, const char *token)
{
	unsigned n = 0;
	for (unsigned i = 0; i < s->count; i++)
		n += strcmp(s->items[i].grant.name, token) == 0;
	return n;
}

/* The idlest of the token that has the most: nobody's logging in again and again ends what others have. */
static struct session *victim(struct sessions *s)
{
	struct session *found = &s->items[0];
	unsigned most = count_of(s, found->grant.name);
	for (unsigned i = 1; i < s->count; i++) {
		struct session *one = &s->items[i];
		bool same = strcmp(one->grant.name, found->grant.name) == 0;
		unsigned n = same ? most : count_of(s, one->grant.name);
		if (n > most || (n == most && one->used_ns < found->used_ns)) {
			found = one;
			most = n;
		}
	}
	return found;
}

static struct session *room(struct sessions *s)
{
	if (s->count == LIMIT_SESSIONS)
		end(s, victim(s), "limit_sessions are in use, most of them with this token");
	if (s->count == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 16;
		s->items = must_realloc(s->items, s->cap * sizeof(s->items[0]));
	}
	return &s->items[s->count++];
}

void sessions_begin(struct sessions *s, const struct access_grant *g, uint64_t now_ns, char id[SESSION_TEXT_BYTES])
{
	unsigned char random[RANDOM_BYTES];
	clock_random_fill(random, sizeof(random));
	spell(random, id);
	OPENSSL_cleanse(random, sizeof(random));
	struct session *one = room(s);
	*one = (struct session){ .began_ns = now_ns, .used_ns = now_ns, .grant = *g };
	token_hash(slice_of(id), one->hash);
	log_info("session: one began with the token %s", g->name);
}

static struct session *find(struct sessions *s, struct slice id)
{
	unsigned char hash[TOKEN_HASH_BYTES];
	token_hash(id, hash);
	for (unsigned i = 0; i < s->count; i++)
		if (memcmp(s->items[i].hash, hash, sizeof(hash)) == 0)
			return &s->items[i];
	return NULL;
}

struct access_grant *sessions_find(struct sessions *s, struct slice id, uint64_t now_ns, uint64_t *ends_ns)
{
	struct session *one = find(s, id);
	const char *why = one ? over(one, now_ns) : "it ended, or the daemon has begun anew since";
	if (why) {
		if (one)
			end(s, one, why);
		error_set(ERR_DENIED, "Cookie", "the session is over (%s): log in again", why);
		return NULL;
	}
	one->used_ns = now_ns;
	if (ends_ns)
		*ends_ns = one->began_ns + LIMIT_SESSION_MS * 1000000ull;
	return &one->grant;
}

bool sessions_end(struct sessions *s, struct slice id)
{
	struct session *one = find(s, id);
	if (one)
		end(s, one, one->grant.revoked ? "the token was revoked" : "logged out");
	return one != NULL;
}

void session_csrf(struct slice id, char out[SESSION_TEXT_BYTES])
{
	char text[SESSION_TEXT_BYTES + 8];
	unsigned char hash[TOKEN_HASH_BYTES];
	int len = snprintf(text, sizeof(text), "csrf:%.*s", (int)(id.len < 64 ? id.len : 64), id.data);
	token_hash((struct slice){ text, (size_t)len }, hash);
	spell(hash, out);
	OPENSSL_cleanse(text, sizeof(text));
}

bool session_csrf_is(struct slice id, const char *shown)
{
	char right[SESSION_TEXT_BYTES];
	session_csrf(id, right);
	return shown && strlen(shown) == sizeof(right) - 1 && CRYPTO_memcmp(shown, right, sizeof(right) - 1) == 0;
}
