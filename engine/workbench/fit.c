/* workbench/fit.c: what a test sends, held against what the pack says comes in: event "…" { … }. A daemon takes an
 * event that does not fit as it is; in a test a name that nobody declared is a slip of the pen, and one that expects
 * nothing to happen would pass by it. What a test leaves out, and values that are like no known one, are let through:
 * senders do so too, and a test may want to know what comes of it. */
#include "workbench/fit.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/nearest.h"
#include "workbench/check_parts.h"

#include <ctype.h>

static const char *const kinds[] = {
	[SCHEMA_ANY] = "anything",
	[SCHEMA_BOOLEAN] = "true or false",
	[SCHEMA_NUMBER] = "a number",
	[SCHEMA_STRING] = "a text",
	[SCHEMA_TIME] = "a point in time in milliseconds: time \"2026-07-01\"",
};

/* "; did you mean …?" of the nearest, else `otherwise`. */
static const char *hint(struct story *s, struct slice wrong, const char *const *names, const char *otherwise)
{
	const char *nearest = nearest_name(arena_slice(&s->arena, wrong).data, names);
	return nearest ? arena_printf(&s->arena, "did you mean \"%s\"?", nearest).data : otherwise;
}

/* Packs that declare nothing expect anything. What the engine makes or knows itself need not be declared. */
static int find_type(struct story *s, struct slice type, const struct event_decl **out)
{
	const struct pack *p = s->world->m.pack;
	const char **names = arena_calloc(&s->arena, p->event_count + 16, sizeof(*names));
	unsigned n = 0;
	*out = NULL;
	for (unsigned i = 0; i < p->event_count && !*out; i++) {
		names[n++] = p->events[i].type->data;
		if (slice_equal(str_slice(p->events[i].type), type))
			*out = &p->events[i];
	}
	if (*out || !n || is_engine_type(arena_slice(&s->arena, type).data))
		return ERR_OK;
	for (size_t i = 0; engine_types[i]; i++)
		names[n++] = engine_types[i];
	return error_set(ERR_INVALID, NULL, "no event type \"%.*s\" is declared; %s", SLICE_ARG(type),
			 hint(s, type, names, "declare it with event \"…\" { … }"));
}

static int fit_channel(struct story *s, const struct event_decl *e, struct slice channel)
{
	const char **names = arena_calloc(&s->arena, e->channel_count + 1, sizeof(*names));
	for (unsigned i = 0; i < e->channel_count; i++) {
		if (slice_equal(str_slice(e->channels[i]), channel))
			return ERR_OK;
		names[i] = e->channels[i]->data;
	}
	const char *near = channel.len ? hint(s, channel, names, NULL) : NULL;
	if (!near)
		return ERR_OK;
	return error_set(ERR_INVALID, NULL, "event \"%s\" does not come on the channel \"%.*s\"; %s", e->type->data,
			 SLICE_ARG(channel), near);
}

static bool of_kind(const struct schema_attr *a, enum value_kind kind)
{
	switch (a->type) {
	case SCHEMA_BOOLEAN:
		return kind == VALUE_BOOL;
	case SCHEMA_NUMBER:
	case SCHEMA_TIME:
		return kind == VALUE_NUMBER;
	case SCHEMA_STRING:
		return kind == VALUE_STRING;
	default:
		return true;
	}
}

static const char *shown(struct story *s, struct value v)
{
	struct bytes b = { 0 };
	value_text(v, &b);
	const char *text = arena_slice(&s->arena, bytes_slice(&b)).data;
	bytes_finish(&b);
	return text;
}

static int fit_one_of(struct story *s, const struct event_decl *e, const struct schema_attr *a, struct value v)
{
	const char **names = arena_calloc(&s->arena, a->one_of_count + 1, sizeof(*names));
	for (unsigned i = 0, n = 0; i < a->one_of_count; i++) {
		if (value_equal(a->one_of[i], v))
			return ERR_OK;
		if (a->one_of[i].kind == VALUE_STRING)
			names[n++] = arena_slice(&s->arena, a->one_of[i].string).data;
	}
	const char *near = v.kind == VALUE_STRING ? hint(s, v.string, names, NULL) : NULL;
	if (!near)
		return ERR_OK;
	return error_set(ERR_INVALID, NULL, "event \"%s\": %s is never %s; %s", e->type->data, a->name->data,
			 shown(s, v), near);
}

static int fit_value(struct story *s, const struct event_decl *e, const struct schema_attr *a, struct value v)
{
	if (!of_kind(a, v.kind))
		return error_set(ERR_INVALID, NULL, "event \"%s\": %s is %s, and %s is not; correct it", e->type->data,
				 a->name->data, kinds[a->type], shown(s, v));
	if (v.kind == VALUE_NUMBER && (v.number < a->low || v.number > a->high))
		return error_set(ERR_INVALID, NULL, "event \"%s\": %s is never %s; its at_least and at_most say so",
				 e->type->data, a->name->data, shown(s, v));
	return fit_one_of(s, e, a, v);
}

static const struct schema_attr *declared_attr(const struct event_decl *e, struct slice name)
{
	for (unsigned i = 0; i < e->attr_count; i++)
		if (slice_equal(str_slice(e->attrs[i].name), name))
			return &e->attrs[i];
	return NULL;
}

static int fit_attr(struct story *s, const struct event_decl *e, const struct event_attr *given)
{
	static const char *const fields[] = { "member", "agent", "contact", "channel", "id", "source", "ago" };
	const size_t field_count = sizeof(fields) / sizeof(fields[0]);
	const struct schema_attr *a = declared_attr(e, given->name);
	if (a)
		return fit_value(s, e, a, given->value);
	const char **names = arena_calloc(&s->arena, e->attr_count + field_count + 1, sizeof(*names));
	for (unsigned i = 0; i < e->attr_count; i++)
		names[i] = e->attrs[i].name->data;
	memcpy(names + e->attr_count, fields, sizeof(fields));
	return error_set(ERR_INVALID, NULL, "event \"%s\" has no attribute \"%.*s\"; %s", e->type->data,
			 SLICE_ARG(given->name), hint(s, given->name, names, "declare it in its attributes = { … }"));
}

int fit_event(struct story *s, const struct test_event *given)
{
	const struct event_decl *e;
	int rc = find_type(s, given->type, &e);
	if (rc != ERR_OK || !e)
		return rc;
	for (size_t i = 0; i < given->attr_count && rc == ERR_OK; i++)
		rc = fit_attr(s, e, &given->attrs[i]);
	return rc != ERR_OK ? rc : fit_channel(s, e, given->channel);
}

/* Whether the name stands in a file of the pack by itself: a function may read or set it there. */
static bool in_source(const struct bundle *pack, struct slice name)
{
	for (unsigned i = 0; i < pack->count; i++) {
		const char *begin = pack->files[i].content.data, *end = begin + pack->files[i].content.len;
		for (const char *at = begin; begin && (at = memmem(at, (size_t)(end - at), name.data, name.len));
		     at++) {
			const char *after = at + name.len;
			bool before = at > begin && (isalnum((unsigned char)at[-1]) || at[-1] == '_');
			if (!before && !(after < end && (isalnum((unsigned char)*after) || *after == '_')))
				return true;
		}
	}
	return false;
}

/* One of the pack's closed list, what such begin with, or unlike any of them. An intent may be a group of actions too. */
static int fit_topic(struct story *s, const char *field, struct slice topic)
{
	const struct pack *p = s->world->m.pack;
	const char **names = arena_calloc(&s->arena, p->topic_count + 1, sizeof(*names));
	for (unsigned i = 0; i < p->topic_count; i++)
		names[i] = p->topics[i]->data;
	for (unsigned i = 0; i < p->action_count; i++)
		if (p->actions[i].group && slice_equal(str_slice(p->actions[i].group), topic))
			return ERR_OK;
	if (!topic.len || pack_has_topic(p, topic))
		return ERR_OK;
	const char *near = hint(s, topic, names, NULL);
	return near ? error_set(ERR_INVALID, NULL, "pack { topics = … } does not list the request's %s \"%.*s\"; %s", field,
				SLICE_ARG(topic), near)
		    : ERR_OK;
}

/* An attribute of a request that nothing in the pack names is one that was meant otherwise. */
int fit_ask(struct story *s, const struct bundle *pack, const struct test_ask *given)
{
	static const char *const fields[] = { "agent", "channel", "intent", "lang",  "late",
					      "limit", "member",  "mood",   "topic", NULL };
	for (size_t i = 0; i < given->attr_count; i++) {
		struct slice name = given->attrs[i].name;
		if (name.len && in_source(pack, name))
			continue;
		return error_set(ERR_INVALID, NULL, "nothing in the pack reads \"%.*s\" of a request; %s",
				 SLICE_ARG(name), hint(s, name, fields, "correct it, or leave it out"));
	}
	int result = fit_topic(s, "topic", given->topic);
	return result == ERR_OK ? fit_topic(s, "intent", given->intent) : result;
}

int fit_attr_name(struct story *s, const struct bundle *pack, struct slice name)
{
	const struct pack *p = s->world->m.pack;
	const struct event_decl *profile = NULL;
	unsigned n = 0, most = 1;
	for (unsigned i = 0; i < p->event_count; i++)
		if (slice_equal(str_slice(p->events[i].type), SLICE("profile.updated")))
			profile = &p->events[i];
	if (!profile || !name.len || in_source(pack, name))
		return ERR_OK;
	for (unsigned i = 0; i < p->rule_count; i++)
		most += p->rules[i].set_count;
	const char **names = arena_calloc(&s->arena, most + profile->attr_count, sizeof(*names));
	for (unsigned i = 0; i < profile->attr_count; i++)
		names[n++] = profile->attrs[i].name->data;
	for (unsigned i = 0; i < p->rule_count; i++)
		for (unsigned k = 0; k < p->rules[i].set_count; k++)
			names[n++] = p->rules[i].sets[k].name->data;
	return error_set(ERR_MISSING, NULL, "no event and no rule gives anybody the attribute \"%.*s\"; %s",
			 SLICE_ARG(name),
			 hint(s, name, names, "correct the name, or declare it in event \"profile.updated\""));
}
