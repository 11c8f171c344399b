/* state/event.c: looking into an event. Attributes are few (64 at most) and looked up by a handful of rules, so a walk
 * beats any index. */
#include "state/event.h"

const struct event_attr *event_attr(const struct event *e, struct slice name)
{
	for (size_t i = 0; i < e->attr_count; i++) {
		if (slice_equal(e->attrs[i].name, name))
			return &e->attrs[i];
	}
	return NULL;
}
