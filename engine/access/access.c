/* access/access.c: see access.h. */
#include "access/access.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LOG_EVERY_NS 1000000000u

struct access {
	pthread_mutex_t lock;
	struct tokens tokens;
	char *path;
	struct stat seen;    /* of the file in force */
	struct stat refused; /* of the one that was said to be bad */
	bool stale;
	_Atomic uint64_t generation, denied;
	uint64_t logged_ns, unlogged; /* behind the lock */
};

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mode == b->st_mode &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

int access_create(struct access **out, const char *path)
{
	struct access *a = must_calloc(1, sizeof(*a));
	int result = tokens_read(&a->tokens, path, &a->seen);
	if (result != ERR_OK) {
		free(a);
		return result;
	}
	pthread_mutex_init(&a->lock, NULL);
	a->path = must_strdup(path);
	atomic_init(&a->generation, 1);
	*out = a;
	return ERR_OK;
}

void access_destroy(struct access *a)
{
	if (!a)
		return;
	tokens_finish(&a->tokens);
	pthread_mutex_destroy(&a->lock);
	free(a->path);
	free(a);
}

static void take(struct access *a, struct tokens *now, const struct stat *seen)
{
	pthread_mutex_lock(&a->lock);
	struct tokens old = a->tokens;
	a->tokens = *now;
	a->seen = *seen;
	a->stale = false;
	atomic_fetch_add(&a->generation, 1);
	pthread_mutex_unlock(&a->lock);
	log_info("tokens: %zu in force, read from %s", now->count, a->path);
	tokens_finish(&old);
}

/* Called by one thread only, as access_refresh is. */
void access_refresh(struct access *a, bool always)
{
	struct stat st = { 0 };
	struct tokens now;
	bool there = stat(a->path, &st) == 0;
	if (!always && there && !a->stale && same_file(&st, &a->seen))
		return;
	if (!always && a->stale && same_file(&st, &a->refused))
		return;
	struct stat seen;
	if (tokens_read(&now, a->path, &seen) == ERR_OK) {
		take(a, &now, &seen);
		return;
	}
	log_error("tokens: the file is refused, the old one stays in force: %s", error_last()->text);
	pthread_mutex_lock(&a->lock);
	a->stale = true;
	a->refused = st;
	pthread_mutex_unlock(&a->lock);
}

/* One line a second at most: who asks in vain asks again. Keeps the last error. */
static int deny(struct access *a)
{
	struct error e = *error_last();
	uint64_t now_ns = clock_mono_ns();
	atomic_fetch_add(&a->denied, 1);
	pthread_mutex_lock(&a->lock);
	bool say = !a->logged_ns || now_ns - a->logged_ns >= LOG_EVERY_NS;
	uint64_t others = a->unlogged;
	a->unlogged = say ? 0 : others + 1;
	if (say)
		a->logged_ns = now_ns;
	pthread_mutex_unlock(&a->lock);
	if (say && others)
		log_warn("denied: %s (and %llu more)", e.text, (unsigned long long)others);
	else if (say)
		log_warn("denied: %s", e.text);
	return error_set(e.code, e.field, "%s", e.text);
}

int access_refuse(struct access *a)
{
	return deny(a);
}

/* What the file says of this hash now. */
static void look_up(struct access *a, struct access_grant *g)
{
	pthread_mutex_lock(&a->lock);
	const struct token *t = tokens_find(&a->tokens, g->hash);
	g->generation = atomic_load(&a->generation);
	g->roles = t ? t->roles | 1u << ROLE_NONE : 0;
	g->revoked = !t;
	if (t)
		memcpy(g->name, t->name, sizeof(g->name));
	pthread_mutex_unlock(&a->lock);
}

int access_admit(struct access *a, struct access_grant *g, struct slice token, const char *field)
{
	*g = (struct access_grant){ .generation = 0 };
	if (!token.len) {
		error_set(ERR_DENIED, field, "no token was shown in %s: this daemon wants one (nudgectl token new makes it; clients "
			  "read it from $NUDGE_TOKEN)", field);
		return deny(a);
	}
	token_hash(token, g->hash);
	look_up(a, g);
	if (!g->revoked)
		return ERR_OK;
	error_set(ERR_DENIED, field, "the token in %s is not known, or was revoked", field);
	return deny(a);
}

bool access_allows(struct access *a, struct access_grant *g, enum access_role role)
{
	if (g->generation && g->generation != atomic_load_explicit(&a->generation, memory_order_acquire))
		look_up(a, g);
	return g->roles >> role & 1;
}

int access_check(struct access *a, struct access_grant *g, enum access_role role, const char *what)
{
	char roles[ROLES_TEXT_BYTES];
	if (access_allows(a, g, role))
		return ERR_OK;
	roles_text(g->roles, roles);
	if (g->revoked)
		error_set(ERR_DENIED, "token", "%s: the token %s was revoked", what, g->name);
	else
		error_set(ERR_DENIED, "token", "%s takes the role %s, and the token %s has %s", what, role_name(role), g->name,
			  roles);
	return deny(a);
}

void access_stats(struct access *a, struct access_stats *out)
{
	pthread_mutex_lock(&a->lock);
	*out = (struct access_stats){ atomic_load(&a->denied), (unsigned)a->tokens.count, a->stale };
	pthread_mutex_unlock(&a->lock);
}
