/* decide/apply_cases.c: cases open and close by events; both, and a due time missed, are happenings that rules may be
 * on. */
#include "decide/contacts.h"
#include "decide/text.h"

#include "base/error.h"

#define CASE_ATTRS 7

static void put_attr(struct event_attr *attrs, size_t *count, struct slice name, struct value v)
{
	if (v.kind == VALUE_UNKNOWN || (v.kind == VALUE_STRING && v.string.len == 0))
		return;
	for (size_t i = 0; i < *count; i++)
		if (slice_equal(attrs[i].name, name))
			return;
	attrs[(*count)++] = (struct event_attr){ name, v };
}

/* case: its name; key, and the same by the key's own name; opened_by (of a promise: promised_by) the agent; opened,
 * due: milliseconds. Behind them what the event that caused it says. */
static void case_attrs(struct applying *a, const struct case_decl *decl, const struct open_case *c, struct event *e)
{
	const struct event *cause = a->event;
	struct event_attr *attrs =
		arena_alloc(&a->m->arena, (CASE_ATTRS + (cause ? cause->attr_count : 0)) * sizeof(*attrs));
	struct slice key = c->key ? arena_slice(&a->m->arena, str_slice(c->key)) : (struct slice){ NULL, 0 };
	struct slice agent = c->agent ? arena_slice(&a->m->arena, str_slice(c->agent)) : (struct slice){ NULL, 0 };
	size_t count = 0;
	put_attr(attrs, &count, SLICE("case"), value_string(str_slice(decl->name)));
	put_attr(attrs, &count, SLICE("key"), value_string(key));
	if (decl->key)
		put_attr(attrs, &count, str_slice(decl->key), value_string(key));
	put_attr(attrs, &count, SLICE("opened_by"), value_string(agent));
	put_attr(attrs, &count, SLICE("promised_by"), value_string(agent));
	put_attr(attrs, &count, SLICE("opened"), value_number((double)c->opened_ms));
	if (c->due_ms)
		put_attr(attrs, &count, SLICE("due"), value_number((double)c->due_ms));
	for (size_t i = 0; cause && i < cause->attr_count; i++)
		put_attr(attrs, &count, cause->attrs[i].name, cause->attrs[i].value);
	e->attrs = attrs;
	e->attr_count = count;
	if (!cause)
		e->agent = agent;
}

static void happened(struct applying *a, const struct case_decl *decl, const struct open_case *c,
		     const struct str *type)
{
	const struct type_index *index = pack_type(a->m->pack, type);
	if (!index)
		return;
	if (a->happened_count == a->happened_cap) {
		unsigned cap = a->happened_cap ? 2 * a->happened_cap : 4;
		struct happened *grown = arena_alloc(&a->m->arena, cap * sizeof(*grown));
		if (a->happened_count)
			memcpy(grown, a->happened, a->happened_count * sizeof(*grown));
		a->happened = grown;
		a->happened_cap = cap;
	}
	struct happened *h = &a->happened[a->happened_count++];
	*h = (struct happened){ .index = index, .member = c->member ? c->member : a->member };
	if (a->event)
		h->event = *a->event;
	h->event.customer = subject_id(&a->record->subject);
	h->event.type = str_slice(type);
	h->event.time_ms = a->now_ms;
	if (c->member)
		h->event.member = record_member_id(a->record, c->member);
	case_attrs(a, decl, c, &h->event);
}

static struct slice case_key(struct applying *a, const struct case_decl *decl, char buffer[32])
{
	if (!decl->key)
		return (struct slice){ NULL, 0 };
	struct value v = *eval_event_read(a->e, decl->key_read);
	return value_key_text(v, buffer);
}

static void case_close(struct applying *a, const struct case_decl *decl, uint8_t member, struct slice key)
{
	struct open_case *c = cases_find_open(a->record, decl->id, member, key);
	if (!c || c->opened_ms > a->now_ms) /* a late event, of an earlier case */
		return;
	cases_close(c, a->now_ms);
	timers_remove(a->record, a->m->pool, decl->id, member, key);
	case_was_closed(a, decl, c);
	happened(a, decl, c, decl->closed_type);
}

void due_add(struct applying *a, int64_t due_ms, uint32_t decl, uint8_t member, struct slice key)
{
	int64_t received_ms = a->in->received_at_ms;
	bool passed = due_ms < received_ms - ALERT_HORIZON_MS;
	(void)timers_add(a->record, a->m->pool, due_ms, passed ? received_ms + ALERT_HORIZON_MS : due_ms, decl, member,
			 key);
}

static void case_open(struct applying *a, const struct case_decl *decl, uint8_t member, struct slice key)
{
	struct open_case *c;
	int64_t due_ms = decl->due_ms ? a->now_ms + decl->due_ms : 0;
	if (cases_open(a->record, a->m->pool, decl->id, member, key, a->event->agent, a->now_ms, due_ms, &c) != ERR_OK)
		return; /* open already, or too many */
	if (due_ms)
		due_add(a, due_ms, decl->id, member, key);
	case_was_opened(a, decl, c);
	happened(a, decl, c, decl->opened_type);
}

/* What happened counts into series, and closes alerts, before any rule runs. */
static void happened_count(struct applying *a)
{
	for (unsigned i = 0; i < a->happened_count; i++) {
		struct happened *h = &a->happened[i];
		applying_occasion(a, &h->event, h->member);
		apply_series(a, h->index->series, h->index->series_count);
		apply_closers(a, h->index, h->member);
	}
}

void apply_cases(struct applying *a)
{
	const struct pack *p = a->m->pack;
	char buffer[32];
	for (unsigned i = 0; i < a->index->close_count; i++) {
		const struct case_decl *decl = &p->cases[a->index->closes[i]];
		case_close(a, decl, decl->about == ABOUT_MEMBER ? a->member : 0, case_key(a, decl, buffer));
	}
	for (unsigned i = 0; i < a->index->open_count; i++) {
		const struct case_decl *decl = &p->cases[a->index->opens[i]];
		case_open(a, decl, decl->about == ABOUT_MEMBER ? a->member : 0, case_key(a, decl, buffer));
	}
	happened_count(a);
	eval_fresh(a->e);
}

void apply_case_missed(struct applying *a, const struct case_decl *decl, const struct open_case *c)
{
	case_was_missed(a, decl, c);
	happened(a, decl, c, decl->missed_type);
	happened_count(a);
}
