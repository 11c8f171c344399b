/* tests/unit/story_events.h: the events that `nudgectl simulate --story` prints, read back one by one. */
#ifndef TESTS_STORY_EVENTS_H
#define TESTS_STORY_EVENTS_H

#include "base/check.h"
#include "state/event.h"
#include "base/hash.h"
#include "base/limits.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

struct story {
	FILE *pipe;
	json_t *line; /* what the event lends from */
	struct event_attr attrs[LIMIT_ATTRIBUTES];
};

static inline bool story_open(struct story *s)
{
	const char *tool = getenv("NUDGECTL");
	char command[4096];
	*s = (struct story){ 0 };
	if (!tool)
		return false;
	snprintf(command, sizeof(command), "'%s' simulate --story 2>/dev/null", tool);
	s->pipe = popen(command, "r");
	return s->pipe != NULL;
}

static inline int story_close(struct story *s)
{
	json_decref(s->line);
	return pclose(s->pipe);
}

static inline struct slice story_text(const json_t *line, const char *name)
{
	const json_t *j = json_object_get(line, name);
	return json_is_string(j) ? (struct slice){ json_string_value(j), json_string_length(j) }
				 : (struct slice){ NULL, 0 };
}

static inline struct value story_value(const json_t *j)
{
	if (json_is_string(j))
		return value_string((struct slice){ json_string_value(j), json_string_length(j) });
	return json_is_boolean(j) ? value_bool(json_is_true(j)) : value_number(json_number_value(j));
}

/* False at the end. The event is good until the next call. */
static inline bool story_next(struct story *s, struct event *e)
{
	char text[8192];
	const char *name;
	json_t *value;
	if (!fgets(text, sizeof(text), s->pipe))
		return false;
	json_decref(s->line);
	s->line = json_loads(text, 0, NULL);
	CHECK(s->line);
	*e = (struct event){
		.id = story_text(s->line, "id"),
		.source = story_text(s->line, "source"),
		.customer = story_text(s->line, "customer"),
		.member = story_text(s->line, "member"),
		.agent = story_text(s->line, "agent"),
		.contact = story_text(s->line, "contact"),
		.type = story_text(s->line, "type"),
		.channel = story_text(s->line, "channel"),
		.attrs = s->attrs,
		.time_ms = json_integer_value(json_object_get(s->line, "time_ms")),
	};
	json_object_foreach(json_object_get(s->line, "attributes"), name, value) s->attrs[e->attr_count++] =
		(struct event_attr){ slice_of(name), story_value(value) };
	e->id_hash = hash64(e->id, 1);
	e->content_hash = hash64(e->id, 2);
	return true;
}

#endif
