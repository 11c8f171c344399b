/* nudgectl/event_message.c: see event_message.h. */
#include "event_message.h"

#include "base/check.h"

#include <stdlib.h>

static char *copied(struct slice s)
{
	return s.len ? must_strndup(s.data, s.len) : (char *)protobuf_c_empty_string;
}

static Nudge__V1__Attribute *attribute_message(const struct event_attr *a, int64_t time_ms)
{
	Nudge__V1__Attribute *out = must_malloc(sizeof(*out));
	nudge__v1__attribute__init(out);
	out->name = copied(a->name);
	out->time_ms = time_ms;
	switch (a->value.kind) {
	case VALUE_BOOL:
		out->value_case = NUDGE__V1__ATTRIBUTE__VALUE_FLAG;
		out->flag = a->value.boolean;
		break;
	case VALUE_NUMBER:
		out->value_case = NUDGE__V1__ATTRIBUTE__VALUE_NUMBER;
		out->number = a->value.number;
		break;
	case VALUE_UNKNOWN:
		out->value_case = NUDGE__V1__ATTRIBUTE__VALUE_REMOVED;
		out->removed = true;
		break;
	default:
		out->value_case = NUDGE__V1__ATTRIBUTE__VALUE_TEXT;
		out->text = copied(a->value.string);
	}
	return out;
}

Nudge__V1__Event *event_message(const struct event *e)
{
	Nudge__V1__Event *out = must_malloc(sizeof(*out));
	nudge__v1__event__init(out);
	out->id = copied(e->id);
	out->source = copied(e->source);
	out->customer = copied(e->customer);
	out->alias = copied(e->alias);
	out->member = copied(e->member);
	out->agent = copied(e->agent);
	out->contact = copied(e->contact);
	out->type = copied(e->type);
	out->channel = copied(e->channel);
	out->time_ms = e->time_ms;
	if (e->attr_count)
		out->attributes = must_calloc(e->attr_count, sizeof(Nudge__V1__Attribute *));
	for (size_t i = 0; i < e->attr_count; i++)
		out->attributes[out->n_attributes++] = attribute_message(&e->attrs[i], e->attr_times ? e->attr_times[i] : 0);
	return out;
}
