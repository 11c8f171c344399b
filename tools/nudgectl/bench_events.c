/* nudgectl/bench_events.c: see bench_events.h. A line goes the way that it goes to a daemon: JSON to a message, its
 * bytes, and what the daemon's decoder makes of them. */
#include "bench_events.h"

#include "ask.h"
#include "report.h"

#include "base/check.h"
#include "base/error.h"
#include "wire/json.h"
#include "wire/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int take_event(struct play *p, struct slice bytes, struct played *out)
{
	if (event_decode(&out->event, bytes, &p->arena, -1) != ERR_OK)
		return ERR_INVALID;
	out->customer = out->event.customer;
	out->alias = out->event.alias;
	out->time_ms = out->event.time_ms;
	return ERR_OK;
}

static int take_outcome(struct play *p, struct slice bytes, struct played *out)
{
	struct request_outcome o;
	if (outcome_decode(&o, bytes, &p->arena, -1) != ERR_OK)
		return ERR_INVALID;
	out->is_outcome = true;
	out->customer = o.customer;
	out->alias = o.alias;
	out->time_ms = o.time_ms;
	out->outcome = (struct outcome_input){
		.id = o.id,
		.member = o.member,
		.agent = o.agent,
		.action = o.action,
		.channel = o.channel,
		.kind = o.kind,
	};
	return ERR_OK;
}

static int take_object(struct play *p, json_t *j, struct played *out)
{
	bool outcome = json_object_get(j, "kind") != NULL;
	const ProtobufCMessageDescriptor *d = outcome ? &nudge__v1__outcome__descriptor : &nudge__v1__event__descriptor;
	ProtobufCMessage *m = NULL;
	int rc = message_from_json(&m, d, j);
	if (rc != ERR_OK)
		return rc;
	size_t size = protobuf_c_message_get_packed_size(m);
	char *bytes = arena_alloc(&p->arena, size + 1);
	protobuf_c_message_pack(m, (uint8_t *)bytes);
	protobuf_c_message_free_unpacked(m, NULL);
	struct slice packed = { bytes, size };
	*out = (struct played){ .is_outcome = outcome };
	return outcome ? take_outcome(p, packed, out) : take_event(p, packed, out);
}

static int take_line(struct play *p, const char *text, size_t len)
{
	json_error_t e;
	struct played one;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (!json_is_object(j)) {
		json_decref(j);
		return error_set(ERR_INVALID, NULL, "%s", j ? "each line is one event or outcome, an object" : e.text);
	}
	int rc = take_object(p, j, &one);
	json_decref(j);
	if (rc != ERR_OK)
		return rc;
	if (one.alias.len && alias_normalize(one.alias, &p->arena, &one.alias) != ERR_OK)
		return ERR_INVALID;
	if ((p->count & (p->count - 1)) == 0)
		p->list = must_realloc(p->list, (p->count ? 2 * p->count : 1) * sizeof(*p->list));
	p->list[p->count++] = one;
	return ERR_OK;
}

int play_read(struct play *p, FILE *in, const char *name)
{
	char *text = NULL;
	size_t cap = 0, line = 0;
	ssize_t len;
	int code = EXIT_DONE;
	*p = (struct play){ 0 };
	arena_init(&p->arena, 0);
	while (code == EXIT_DONE && (len = getline(&text, &cap, in)) >= 0) {
		line++;
		if (strspn(text, " \t\r\n") != (size_t)len && take_line(p, text, (size_t)len) != ERR_OK)
			code = report_failed("%s, line %zu: %s", name, line, error_last()->text);
	}
	if (code == EXIT_DONE && ferror(in))
		code = report_failed("cannot read %s: %s", name, strerror(errno));
	if (code == EXIT_DONE && !p->count)
		code = report_failed("%s has no event", name);
	free(text);
	return code;
}

void play_finish(struct play *p)
{
	arena_finish(&p->arena);
	free(p->list);
	*p = (struct play){ 0 };
}

/* Ambiguous aliases are refused by a daemon, too. */
static bool find_customer(struct world *w, const struct played *one, struct subject *out, struct slice *member)
{
	*member = SLICE("");
	if (one->alias.len)
		return world_resolve(w, one->alias, out, member) == ERR_OK;
	*out = subject_of(SUBJECT_CUSTOMER, one->customer);
	return true;
}

static void decide_for(struct world *w, const struct event *e)
{
	struct ask ask = { .member = e->member, .agent = e->agent, .channel = SLICE("call") };
	for (size_t i = 0; i < e->attr_count; i++)
		if (slice_equal(e->attrs[i].name, SLICE("topic")) && e->attrs[i].value.kind == VALUE_STRING)
			ask.intent = e->attrs[i].value.string;
	world_decide(w, e->customer, &ask);
}

static void play_one(const struct played *one, struct world *w, size_t number)
{
	bool applied = true;
	struct subject customer;
	struct slice member;
	if (one->time_ms > w->now_ms)
		world_pass(w, one->time_ms);
	if (!find_customer(w, one, &customer, &member))
		return;
	if (one->is_outcome) {
		struct outcome_input o = one->outcome;
		o.member = o.member.len ? o.member : member;
		world_outcome(w, &o, subject_id(&customer));
		return;
	}
	struct event e = one->event;
	e.customer = subject_id(&customer);
	e.member = e.member.len ? e.member : member;
	if (!e.time_ms)
		e.time_ms = w->now_ms;
	if (world_event(w, &e, &applied) == ERR_OK && applied && number % EVENTS_A_DECISION == 0)
		decide_for(w, &e);
}

void play_to(const struct play *p, struct world *w)
{
	int64_t first_ms = 0;
	for (size_t i = 0; i < p->count && !first_ms; i++)
		first_ms = p->list[i].time_ms;
	world_clear(w, first_ms);
	for (size_t i = 0; i < p->count; i++)
		play_one(&p->list[i], w, i + 1);
}
