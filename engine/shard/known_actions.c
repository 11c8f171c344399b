/* shard/known_actions.c: see known_actions.h. */
#include "shard/known_actions.h"
#include "shard/parts.h"

#include "base/check.h"
#include "base/error.h"
#include "base/nearest.h"

#include <stdlib.h>
#include <string.h>

/* Where it is; count: it is not. */
static size_t place_of(const struct known_actions *k, struct slice name)
{
	size_t i = 0;
	while (i < k->count && !slice_equal(k->names[i], name))
		i++;
	return i;
}

bool known_actions_has(const struct known_actions *k, struct slice name)
{
	return place_of(k, name) < k->count;
}

void known_actions_add(struct known_actions *k, struct slice name)
{
	size_t at = place_of(k, name);
	if (at < k->count) { /* it is the newest again: what the active pack has is never the first to be forgotten */
		struct slice own = k->names[at];
		memmove(k->names + at, k->names + at + 1, (k->count - at - 1) * sizeof(k->names[0]));
		k->names[k->count - 1] = own;
		return;
	}
	if (k->count == LIMIT_KNOWN_ACTIONS) {
		free((char *)k->names[0].data);
		memmove(k->names, k->names + 1, --k->count * sizeof(k->names[0]));
	}
	if (k->count == k->cap) {
		k->cap = k->cap ? k->cap * 2 : 64;
		k->names = must_realloc(k->names, k->cap * sizeof(k->names[0]));
	}
	k->names[k->count++] = (struct slice){ must_strndup(name.data, name.len), name.len };
}

void known_actions_encode(const struct known_actions *k, struct bytes *out)
{
	for (size_t i = 0; i < k->count; i++)
		bytes_put_string(out, k->names[i]);
}

bool known_actions_decode(struct known_actions *k, struct slice value)
{
	struct reader r = reader_of(value);
	while (reader_left(&r) && !r.bad) {
		struct slice name = reader_string(&r);
		if (!r.bad)
			known_actions_add(k, name);
	}
	return !r.bad;
}

void known_actions_finish(struct known_actions *k)
{
	for (size_t i = 0; i < k->count; i++)
		free((char *)k->names[i].data);
	free(k->names);
	*k = (struct known_actions){ 0 };
}

void known_actions_of(struct known_actions *k, const struct pack *p)
{
	for (unsigned i = 0; i < p->action_count; i++)
		known_actions_add(k, str_slice(p->actions[i].name));
}

/* A pack that does not load any more is none of this start's concern: its actions are forgotten. */
static void ask_kept_pack(struct engine *e, struct slice value)
{
	struct bundle bundle = { 0 };
	struct strpool *pool = strpool_create();
	struct pack *pack;
	if (bundle_decode(&bundle, value) == ERR_OK && pack_load(&pack, &bundle, pool) == ERR_OK) {
		known_actions_of(&e->known_actions, pack);
		pack_destroy(pack);
	}
	bundle_finish(&bundle);
	strpool_destroy(pool);
}

static int ask_bundle(void *arg, struct slice key, struct slice value)
{
	struct slice prefix = SLICE("bundle:");
	if (key.len <= prefix.len || memcmp(key.data, prefix.data, prefix.len) != 0)
		return 1;
	ask_kept_pack(arg, value);
	return 0;
}

int known_actions_load(struct engine *e)
{
	struct bytes value = { 0 };
	int result = store_get(e->store, STORE_META, SLICE("actions"), &value);
	if (result == ERR_MISSING) {
		result = store_scan(e->store, STORE_META, SLICE("bundle:"), ask_bundle, e);
		result = result < 0 ? result : ERR_OK;
	} else if (result == ERR_OK && !known_actions_decode(&e->known_actions, bytes_slice(&value))) {
		result = error_set(ERR_CORRUPT, NULL, "the store's list of actions does not decode");
	}
	bytes_finish(&value);
	return result;
}

int no_such_action(const struct pack *p, int code, struct slice name, struct arena *arena)
{
	const char **names = arena_calloc(arena, p->action_count + 1, sizeof(names[0]));
	const char *asked = arena_printf(arena, "%.*s", SLICE_ARG(name)).data;
	for (unsigned i = 0; i < p->action_count; i++)
		names[i] = p->actions[i].name->data;
	const char *nearest = nearest_name(asked, names);
	return error_set(code, "action", "the active pack, %.*s, has no action \"%s\"%s%s%s%s", SLICE_ARG(str_slice(p->name)), asked,
			 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "",
			 p->action_count ? "" : ", nor any other: activate one that has");
}

int check_action(struct shard *s, struct slice name)
{
	struct engine *e = s->engine;
	const struct str *interned = strpool_find(s->machine.pool, name);
	if (interned && pack_action(s->machine.pack, interned) >= 0)
		return ERR_OK;
	pthread_mutex_lock(&e->lock);
	bool known = known_actions_has(&e->known_actions, name), full = e->known_actions.count == LIMIT_KNOWN_ACTIONS;
	pthread_mutex_unlock(&e->lock);
	if (known)
		return ERR_OK;
	no_such_action(s->machine.pack, ERR_INVALID, name, &s->arena);
	return full ? error_prefix("it is none of the %u actions that packs had here last (limit_known_actions)", LIMIT_KNOWN_ACTIONS)
		    : ERR_INVALID;
}
