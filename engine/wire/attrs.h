/* wire/attrs.h: the Attribute messages of an event or a request. */
#ifndef NUDGED_WIRE_ATTRS_H
#define NUDGED_WIRE_ATTRS_H

#include "base/arena.h"
#include "state/event.h"
#include "wire/fields.h"

/* Decodes and checks the list: names unique, values present, those with a meaning of their own (mood, area, …) of the
 * right kind. *out is in the arena; slices are lent from the list. *times: since when each is true, where one of them has
 * a time of its own or is said to be unknown; else NULL. Where `times` is NULL, both are refused. */
int attrs_decode(const struct field_list *list, struct arena *arena, const struct event_attr **out, size_t *count,
		 const int64_t **times);

#endif
