/* shard/known_actions.c: see known_actions.h. */
#include "shard/known_actions.h"
#include "shard/parts.h"

#include "base/check.h"
#include "base/error.h"
#include "base/nearest.h"

#include <stdlib.h>
#include <string.h>

bool known_actions_has(const struct known_actions *k, struct slice name)
{
	for (size_t i = 0; i < k->count; i++)
		if (slice_equal(k->names[i], name))
			return true;
	return false;
}

void known_actions_add(struct known_actions *k, struct slice name)
{
	if (known_actions_has(k, name))
		return;
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
	bool known = known_actions_has(&e->known_actions, name);
	pthread_mutex_unlock(&e->lock);
	return known ? ERR_OK : no_such_action(s->machine.pack, ERR_INVALID, name, &s->arena);
}
