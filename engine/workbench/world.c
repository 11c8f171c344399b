/* workbench/world.c: see world.h. Order of one entry, as a shard keeps it: the entry, its effects on others (and
 * theirs), then the decisions its nudges ask for. */
#include "workbench/world.h"

#include "state/ledgers.h"

#include "base/check.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

#define SLOTS_LEAST 64u

struct world *world_create(void)
{
	struct world *w = must_calloc(1, sizeof(*w));
	machine_init(&w->m);
	return w;
}

static void forget_records(struct world *w)
{
	for (unsigned i = 0; i < w->slots; i++)
		record_destroy(w->records[i], w->m.pool);
	free(w->records);
	w->records = NULL;
	w->record_count = w->slots = 0;
}

void world_destroy(struct world *w)
{
	if (!w)
		return;
	forget_records(w);
	machine_finish(&w->m);
	free(w);
}

int world_load(struct world *w, const struct bundle *pack)
{
	struct pack *p;
	int rc = pack_load(&p, pack, w->m.pool);
	if (rc == ERR_OK)
		machine_set_pack(&w->m, p);
	return rc;
}

void world_clear(struct world *w, int64_t now_ms)
{
	forget_records(w);
	w->now_ms = w->in.received_at_ms = now_ms;
	w->due_ms = INT64_MAX;
	w->seq = w->ids = 0;
	w->learned = false;
	w->failure[0] = '\0';
	for (unsigned i = 0; i < w->m.pack->rule_count; i++) {
		w->m.pack->rules[i].failed_in_a_row = 0;
		w->m.pack->rules[i].aside = false;
	}
}

static unsigned slot_of(const struct world *w, const struct subject *s)
{
	unsigned at = (unsigned)subject_hash(s) & (w->slots - 1);
	while (w->records[at]) {
		struct subject have = record_subject(w->records[at]);
		if (subject_equal(&have, s))
			break;
		at = (at + 1) & (w->slots - 1);
	}
	return at;
}

static void grow(struct world *w)
{
	struct record **old = w->records;
	unsigned count = w->slots;
	w->slots = count ? 2 * count : SLOTS_LEAST;
	w->records = must_calloc(w->slots, sizeof(*w->records));
	for (unsigned i = 0; i < count; i++)
		if (old[i]) {
			struct subject s = record_subject(old[i]);
			w->records[slot_of(w, &s)] = old[i];
		}
	free(old);
}

static struct record *record_at(struct world *w, const struct subject *s, bool create)
{
	if (2 * (w->record_count + 1) > w->slots)
		grow(w);
	unsigned at = slot_of(w, s);
	if (!w->records[at] && create) {
		w->records[at] = record_create(s);
		w->record_count++;
	}
	return w->records[at];
}

struct record *world_record(struct world *w, const struct subject *s, bool create)
{
	struct record *r = record_at(w, s, create);
	for (int hops = 0; r && r->rare->redirect && hops < 16; hops++) {
		struct subject into = subject_of(SUBJECT_CUSTOMER, str_slice(r->rare->redirect));
		r = record_at(w, &into, true);
	}
	return r;
}

int world_resolve(struct world *w, struct slice alias, struct subject *customer, struct slice *member)
{
	struct subject s = subject_of(SUBJECT_ALIAS, alias);
	const struct record *r = world_record(w, &s, false);
	unsigned owners = 0;
	const struct link *link = r ? links_at(r, w->now_ms, &owners) : NULL;
	*member = link ? str_slice(link->member) : SLICE("");
	if (owners > 1)
		return error_set(ERR_AMBIGUOUS, "alias", "%.*s names %u customers now; end one with alias.removed",
				 SLICE_ARG(alias), owners);
	*customer = link ? subject_of(SUBJECT_CUSTOMER, str_slice(link->id)) : subject_prospect(alias);
	return ERR_OK;
}

static void note_failures(struct world *w, unsigned aborted_calls)
{
	if (aborted_calls && !w->failure[0])
		snprintf(w->failure, sizeof(w->failure), "%s", w->m.eval->error);
}

static void settle(struct world *w, enum world_kind kind, struct record *r, const struct event *source,
		   const struct timer *timer)
{
	int64_t due_ms = timers_next_fire(r);
	note_failures(w, w->out.aborted.count);
	w->due_ms = due_ms < w->due_ms ? due_ms : w->due_ms;
	r->seq = ++w->seq;
	applied_set_seq(&w->out, w->seq);
	if (w->watch)
		w->watch->entry(w->watch->arg, kind, r, source, timer, &w->out);
}

static void follow(struct world *w, struct record *r, const struct event *source);

/* Effects of w->out; some cause effects of their own. Their bodies lie in the machine's arena. */
static void apply_effects(struct world *w, const struct event *source)
{
	unsigned count = w->out.effect_count;
	struct effect *effects = arena_alloc(&w->m.arena, (count + 1) * sizeof(*effects));
	memcpy(effects, w->out.effects, count * sizeof(*effects));
	for (unsigned i = 0; i < count; i++) {
		/* a prospect that never was stays unmade */
		struct record *target = world_record(w, &effects[i].target, effects[i].kind != EFFECT_ABSORB);
		if (!target)
			continue;
		machine_apply_effect(&w->m, target, effects[i].kind, effects[i].body, source, &w->in, &w->out);
		w->learned |= effects[i].kind == EFFECT_LEARN;
		settle(w, WORLD_EFFECT, target, source, NULL);
		follow(w, target, source);
	}
}

static const struct record *area_of(struct world *w, const struct record *r)
{
	const struct attr *area = attrs_get_text(record_attrs(r, 0), SLICE("area"));
	if (!area || area->kind != VALUE_STRING || !area->string->len || area->string->len > LIMIT_ID_BYTES)
		return NULL;
	struct subject s = subject_of(SUBJECT_AREA, str_slice(area->string));
	return world_record(w, &s, false);
}

/* NULL: nothing is learned yet. In the machine's arena. */
static const struct record *const *models_of(struct world *w)
{
	const struct pack *p = w->m.pack;
	const struct record **models = arena_alloc(&w->m.arena, (p->action_count + 1) * sizeof(struct record *));
	bool any = false;
	for (unsigned i = 0; i < p->action_count; i++) {
		struct subject s = subject_of(SUBJECT_MODEL, str_slice(p->actions[i].name));
		models[i] = w->learned ? record_at(w, &s, false) : NULL;
		any |= models[i] != NULL;
	}
	return any ? models : NULL;
}

/* What is called to explain a decision runs apart from what makes it. */
static void decide(struct world *w, struct decide_subjects *subjects, struct ask *ask)
{
	struct subject spent = ledger_subject(LEDGER_SPENT, 0);
	subjects->models = models_of(w);
	subjects->spent = w->m.pack->budget_count ? record_at(w, &spent, false) : NULL;
	const struct world_meter *meter = w->meter;
	struct foreign_reads once = { 0 }, again = { 0 };
	if (w->covered || meter) {
		ask->explain = false;
		if (meter)
			meter->begin(meter->arg);
		machine_decide(&w->m, subjects, ask, &once, &w->decision);
		if (meter)
			meter->decided(meter->arg);
		vm_trace_pause(w->m.pack->vm, true);
	}
	ask->explain = true;
	machine_decide(&w->m, subjects, ask, &again, &w->decision);
	if (meter)
		meter->decision(meter->arg, subjects, ask, &w->decision);
	vm_trace_pause(w->m.pack->vm, false);
	note_failures(w, again.aborted.count);
}

/* A campaign's nudge: what is decided is applied as an entry of its own, with effects of its own. True: it was sent. */
static bool campaign_decided(struct world *w, struct record *r, const struct nudge_request *n)
{
	const struct decision *made = &w->decision;
	const struct exposures none = { 0 };
	struct decided d = { .rule = str_slice(n->rule), .channel = str_slice(n->channel), .member = n->member,
			     .time_ms = n->time_ms, .fell = made->fell, .fell_count = made->fell_count };
	if (made->choice_count) {
		d.chosen = true;
		d.action = str_slice(made->choices[0].action->name);
		d.say = made->choices[0].say;
	}
	machine_apply_campaign(&w->m, r, &d, &none, &w->in, &w->out);
	bool sent = w->out.alert_count > 0;
	settle(w, WORLD_DECISION, r, NULL, NULL);
	follow(w, r, NULL);
	return sent;
}

static void decide_nudge(struct world *w, struct record *r, const struct nudge_request *n)
{
	struct ask ask = {
		.nudge = true,
		.channel = str_slice(n->channel),
		.goal = str_slice(n->goal),
		.action = str_slice(n->action),
		.bound_member = n->member,
		.limit = 1,
		.now_ms = n->time_ms,
	};
	struct slice campaign;
	ask.gates = rule_is_campaign(str_slice(n->rule), &campaign);
	if (n->member)
		ask.member = record_member_id(r, n->member);
	struct decide_subjects subjects = { .customer = r, .area = area_of(w, r) };
	decide(w, &subjects, &ask);
	const struct choice *c =
		w->decision.choice_count && w->decision.choices[0].say.len ? &w->decision.choices[0] : NULL;
	if (ask.gates) {
		c = campaign_decided(w, r, n) ? c : NULL;
	} else if (c) { /* half a message is not sent, nor kept */
		uint8_t member = nudge_addressee(w->m.pack, str_slice(n->rule), c->member, n->member);
		struct alert *alert = machine_apply_nudge(&w->m, r, str_slice(n->rule), str_slice(n->channel), c->say,
							  member, n->time_ms, &w->in);
		r->seq = ++w->seq;
		if (alert)
			alert->seq = w->seq;
	}
	if (w->watch)
		w->watch->nudge(w->watch->arg, r, n, &w->decision, c);
}

/* All that follows from w->out, which is r's. The strings of its nudges are lent until the next entry: kept here. */
static void follow(struct world *w, struct record *r, const struct event *source)
{
	unsigned count = w->out.nudge_count;
	struct nudge_request *nudges = arena_alloc(&w->m.arena, (count + 1) * sizeof(*nudges));
	for (unsigned i = 0; i < count; i++) {
		nudges[i] = w->out.nudges[i];
		struct str *const kept[] = { nudges[i].rule, nudges[i].channel, nudges[i].goal, nudges[i].action };
		for (unsigned k = 0; k < 4; k++)
			str_ref(kept[k]);
	}
	apply_effects(w, source);
	for (unsigned i = 0; i < count; i++) {
		decide_nudge(w, r, &nudges[i]);
		struct str *const kept[] = { nudges[i].rule, nudges[i].channel, nudges[i].goal, nudges[i].action };
		for (unsigned k = 0; k < 4; k++)
			strpool_drop(w->m.pool, kept[k]);
	}
}

static void fire(struct world *w, struct record *r)
{
	unsigned due = 0;
	for (unsigned i = 1; i < r->rare->timer_count; i++)
		if (r->rare->timers[i].fire_ms < r->rare->timers[due].fire_ms)
			due = i;
	struct timer timer = r->rare->timers[due];
	arena_reset(&w->m.arena);
	if (timer.key) /* it goes with the timer, and is told afterwards */
		str_ref(timer.key);
	machine_apply_timer(&w->m, r, &timer, &w->in, &w->out);
	settle(w, WORLD_TIMER, r, NULL, &timer);
	strpool_drop(w->m.pool, timer.key);
	follow(w, r, NULL);
}

/* Whose timer is next; of equal ones the subject that sorts first, so that a story is told the same way each time. */
static struct record *next_due(struct world *w, int64_t *due_ms)
{
	struct record *found = NULL;
	*due_ms = INT64_MAX;
	for (unsigned i = 0; i < w->slots; i++) {
		struct record *r = w->records[i];
		int64_t at = r ? timers_next_fire(r) : INT64_MAX;
		if (at == INT64_MAX || at > *due_ms)
			continue;
		struct subject mine = record_subject(r), others = found ? record_subject(found) : mine;
		if (at == *due_ms && slice_compare(subject_id(&mine), subject_id(&others)) >= 0)
			continue;
		*due_ms = at;
		found = r;
	}
	return found;
}

void world_pass(struct world *w, int64_t to_ms)
{
	struct record *r;
	while (w->due_ms <= to_ms && (r = next_due(w, &w->due_ms)) != NULL && w->due_ms <= to_ms) {
		if (w->due_ms > w->now_ms)
			w->now_ms = w->due_ms;
		w->in.received_at_ms = w->now_ms;
		fire(w, r);
	}
	if (to_ms > w->now_ms)
		w->now_ms = to_ms;
	w->in.received_at_ms = w->now_ms;
}

static int check_text(struct slice s, const char *field, size_t most)
{
	if (s.len > most)
		return error_set(ERR_LIMIT, field, "%s has %zu bytes, at most %zu are allowed", field, s.len, most);
	return ERR_OK;
}

/* What a daemon refuses at its door. */
static int check_event(const struct event *e)
{
	const struct {
		struct slice s;
		const char *field;
		size_t most;
	} texts[] = {
		{ e->type, "type", LIMIT_TYPE_BYTES },          { e->member, "member", LIMIT_ID_BYTES },
		{ e->agent, "agent", LIMIT_ID_BYTES },          { e->contact, "contact", LIMIT_ID_BYTES },
		{ e->channel, "channel", LIMIT_CHANNEL_BYTES }, { e->id, "id", LIMIT_ID_BYTES },
		{ e->source, "source", LIMIT_ID_BYTES },
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (check_text(texts[i].s, texts[i].field, texts[i].most) != ERR_OK)
			return ERR_LIMIT;
	if (!e->type.len)
		return error_set(ERR_INVALID, "type", "an event needs a type");
	if ((e->type.len >= 5 && memcmp(e->type.data, "case.", 5) == 0) ||
	    (e->type.len >= 8 && memcmp(e->type.data, "outcome.", 8) == 0))
		return error_set(
			ERR_INVALID, "type", "\"%.*s\" is made by the engine: only rules see such types; use %s",
			SLICE_ARG(e->type),
			e->type.data[0] == 'c' ? "the event that opens or closes the case" : "c:outcome(kind, action)");
	if (e->attr_count > LIMIT_ATTRIBUTES)
		return error_set(ERR_LIMIT, NULL, "more than %u attributes (limit_attributes)", LIMIT_ATTRIBUTES);
	for (size_t i = 0; i < e->attr_count; i++) {
		const struct event_attr *a = &e->attrs[i];
		if (check_text(a->name, "an attribute's name", LIMIT_ATTRIBUTE_NAME_BYTES) != ERR_OK ||
		    (a->value.kind == VALUE_STRING &&
		     check_text(a->value.string, a->name.data, LIMIT_ATTRIBUTE_TEXT_BYTES) != ERR_OK))
			return ERR_LIMIT;
	}
	return ERR_OK;
}

int world_event(struct world *w, struct event *e, bool *applied)
{
	char id[32];
	*applied = false;
	int rc = check_event(e);
	if (rc != ERR_OK)
		return rc;
	arena_reset(&w->m.arena);
	snprintf(id, sizeof(id), "e%llu", (unsigned long long)++w->ids);
	bool named = e->id.len > 0; /* ids that the sender made up itself are what duplicates are told by */
	if (!named)
		e->id = arena_slice(&w->m.arena, slice_of(id));
	if (!e->source.len)
		e->source = SLICE("test");
	e->id_hash = hash64(e->id, hash64(e->source, 0));
	e->content_hash = hash64(e->type, (uint64_t)e->time_ms);
	struct subject s = subject_of(SUBJECT_CUSTOMER, e->customer);
	struct record *r = world_record(w, &s, true);
	enum seen_answer seen = named ? seen_ask(r, e->id_hash, e->content_hash, e->time_ms) : SEEN_NEW;
	if (seen == SEEN_CONFLICT)
		return error_set(ERR_CONFLICT, "id", "the id \"%.*s\" was another event's", SLICE_ARG(e->id));
	if (seen != SEEN_NEW && !(seen == SEEN_TOO_OLD && event_is_dated(&w->m, e)))
		return ERR_OK;
	*applied = true;
	s = record_subject(r); /* merged into another since: then it is that one's */
	e->customer = arena_slice(&w->m.arena, subject_id(&s));
	if (w->meter)
		w->meter->begin(w->meter->arg);
	machine_apply_event(&w->m, r, e, &w->in, &w->out);
	if (w->meter)
		w->meter->applied(w->meter->arg);
	settle(w, WORLD_EVENT, r, e, NULL);
	follow(w, r, e);
	return ERR_OK;
}

void world_outcome(struct world *w, struct outcome_input *o, struct slice customer)
{
	struct subject s = subject_of(SUBJECT_CUSTOMER, customer);
	struct record *r = world_record(w, &s, true);
	o->source = SLICE("test");
	o->time_ms = w->now_ms;
	o->id_hash = hash64(SLICE("outcome"), ++w->ids);
	o->content_hash = w->ids;
	arena_reset(&w->m.arena);
	machine_apply_outcome(&w->m, r, o, &w->in, &w->out);
	struct event told = { .type = arena_printf(&w->m.arena, "outcome.%s",
						   outcome_name((enum outcome_kind)o->kind)) };
	settle(w, WORLD_OUTCOME, r, &told, NULL);
	follow(w, r, NULL);
}

static void expose(struct world *w, struct record *r, const struct ask *ask)
{
	const struct decision *d = &w->decision;
	const struct exposures x = { d->exposed, d->exposed_count, ask->channel, ask->agent, ask->mood, ask->has_mood,
				     ask->now_ms };
	if (!x.count)
		return;
	machine_apply_exposures(&w->m, r, &x, &w->in, &w->out);
	settle(w, WORLD_EFFECT, r, NULL, NULL);
	apply_effects(w, NULL);
}

void world_decide(struct world *w, struct slice customer, struct ask *ask)
{
	struct subject s = subject_of(SUBJECT_CUSTOMER, customer);
	struct decide_subjects subjects = { .customer = world_record(w, &s, true) };
	if (ask->agent.len) {
		struct subject agent = subject_of(SUBJECT_AGENT, ask->agent);
		subjects.agent = world_record(w, &agent, false);
	}
	subjects.area = area_of(w, subjects.customer);
	ask->now_ms = w->now_ms;
	arena_reset(&w->m.arena);
	decide(w, &subjects, ask);
	expose(w, (struct record *)subjects.customer, ask);
}

/* 0: nobody in particular. */
static int member_of(struct world *w, struct record *r, struct slice member, uint8_t *out)
{
	int number = record_member(r, w->m.pool, member, false, 0);
	if (number < 0)
		return error_set(ERR_MISSING, "member", "no event has named a member \"%.*s\" so far",
				 SLICE_ARG(member));
	*out = (uint8_t)number;
	return ERR_OK;
}

int world_fact(struct world *w, const struct subject *s, struct slice member, struct slice name, struct value *out)
{
	struct eval *e = w->m.eval;
	const struct str *known = strpool_find(w->m.pool, name);
	int fact = known ? pack_fact(w->m.pack, known) : -1;
	struct record *r = world_record(w, s, true);
	uint8_t number = 0;
	if (fact < 0)
		return error_set(ERR_MISSING, "fact", "the pack has no fact \"%.*s\"", SLICE_ARG(name));
	int rc = member_of(w, r, member, &number);
	if (rc != ERR_OK)
		return rc;
	arena_reset(&w->m.arena);
	eval_start(e, NULL);
	e->subject = r;
	e->customer = s->kind == SUBJECT_CUSTOMER ? r : NULL;
	e->agent = s->kind == SUBJECT_AGENT ? r : NULL;
	e->area = s->kind == SUBJECT_AREA ? r : NULL;
	e->now_ms = w->now_ms;
	e->member = number;
	*out = eval_fact(e, (unsigned)fact);
	e->subject = e->customer = e->agent = e->area = NULL;
	return ERR_OK;
}

int world_attr(struct world *w, const struct subject *s, struct slice member, struct slice name, struct value *out)
{
	struct record *r = world_record(w, s, true);
	uint8_t number = 0;
	int rc = member_of(w, r, member, &number);
	if (rc == ERR_OK)
		*out = attr_value(attrs_get_text(record_attrs(r, number), name));
	return rc;
}
