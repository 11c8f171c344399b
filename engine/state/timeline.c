/* state/timeline.c: a customer's recent events, oldest first; of one instant in order of arrival. A late event finds
 * its own place, or none where it is older than all that are kept and there is no room. */
#include "base/limits.h"
#include "state/inside.h"

void moment_drop(struct moment *m, struct strpool *pool)
{
	for (unsigned i = 0; i < m->field_count; i++)
		attr_drop(&m->fields[i], pool);
	free(m->fields);
	strpool_drop(pool, m->type);
	strpool_drop(pool, m->channel);
	strpool_drop(pool, m->agent);
	strpool_drop(pool, m->contact);
}

void timeline_place(struct record *r, struct strpool *pool, struct moment *m, unsigned keep)
{
	CHECK(m->member <= r->member_count);
	if (keep > LIMIT_TIMELINE)
		keep = LIMIT_TIMELINE;
	unsigned at = r->timeline_count;
	while (at > 0 && r->timeline[at - 1].time_ms > m->time_ms)
		at--;
	if (keep == 0 || (at == 0 && r->timeline_count >= keep)) {
		moment_drop(m, pool);
	} else {
		if (r->timeline_count == LIMIT_TIMELINE) {
			moment_drop(&r->timeline[0], pool);
			ARRAY_REMOVE(r->timeline, r->timeline_count, 0);
			at--;
		}
		ARRAY_INSERT(r->timeline, r->timeline_count, r->timeline_cap, at, LIMIT_TIMELINE);
		r->timeline[at] = *m;
	}
	while (r->timeline_count > keep) {
		moment_drop(&r->timeline[0], pool);
		ARRAY_REMOVE(r->timeline, r->timeline_count, 0);
	}
}

static void field_set(struct attr *f, struct strpool *pool, const struct event_attr *a)
{
	*f = (struct attr){ .name = text_take(pool, a->name), .kind = a->value.kind };
	if (a->value.kind == VALUE_BOOL)
		f->boolean = a->value.boolean;
	else if (a->value.kind == VALUE_NUMBER)
		f->number = a->value.number;
	else
		f->string = text_take(pool, a->value.string);
}

void timeline_add(struct record *r, struct strpool *pool, const struct event *e, uint8_t member,
		  const struct slice *fields, size_t field_count, unsigned keep)
{
	const struct event_attr *found[LIMIT_TIMELINE_FIELDS];
	unsigned n = 0;
	for (size_t i = 0; i < field_count && n < LIMIT_TIMELINE_FIELDS; i++) {
		const struct event_attr *a = event_attr(e, fields[i]);
		if (a && a->value.kind != VALUE_UNKNOWN)
			found[n++] = a;
	}
	struct moment m = {
		.time_ms = e->time_ms, .type = text_opt(pool, e->type), .channel = text_opt(pool, e->channel),
		.agent = text_opt(pool, e->agent), .contact = text_opt(pool, e->contact),
		.member = member, .field_count = (uint8_t)n,
	};
	if (n > 0)
		m.fields = must_calloc(n, sizeof(*m.fields));
	for (unsigned i = 0; i < n; i++)
		field_set(&m.fields[i], pool, found[i]);
	timeline_place(r, pool, &m, keep);
}
