/* shard/query.c: what is asked and changes nothing: recommendations, a customer's state, whose an alias is, digests,
 * rules' counters. Answered from memory at once; they may see an event whose acknowledgement is still on its way to
 * disk. */
#include "shard/call.h"
#include "shard/commit.h"
#include "shard/effects.h"
#include "shard/parts.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/clock.h"
#include "history/entry.h"
#include "history/tell.h"

#define ANSWER_BYTES 2048u /* three choices with words and reasons: the answer is reserved once, not grown */

struct deadline {
	uint64_t at_ns;
};

static bool deadline_passed(void *arg)
{
	const struct deadline *d = arg;
	return clock_mono_ns() >= d->at_ns;
}

static bool has_area(const struct record *r, struct subject *out)
{
	const struct attr *area = attrs_get_text(record_attrs(r, 0), SLICE("area"));
	if (!area || area->kind != VALUE_STRING || !area->string->len || area->string->len > LIMIT_ID_BYTES)
		return false;
	*out = subject_of(SUBJECT_AREA, str_slice(area->string));
	return true;
}

/* Another subject's record for a decision: lent where it lives here, else decoded from what was fetched (*owned). */
static const struct record *foreign_record(struct shard *s, const struct subject *subject, struct slice fetched,
					   struct record **owned)
{
	struct slot *slot;
	*owned = NULL;
	if (engine_owner(s->engine, subject) == s)
		return cache_get(&s->cache, subject, false, &slot) == ERR_OK && slot ? slot->record : NULL;
	if (fetched.len && record_decode(owned, s->machine.pool, fetched) != ERR_OK)
		*owned = NULL;
	return *owned;
}

/* Visits the shard of an agent or an area on the way, and takes a copy of its record along. False: the work has gone.
 */
static bool fetch(struct shard *s, struct work **w, const struct subject *subject, bool *fetched, struct slice *record)
{
	struct slot *slot;
	if (*fetched)
		return true;
	if (!work_at(s, w, subject))
		return false;
	*fetched = true;
	if (cache_get(&s->cache, subject, false, &slot) == ERR_OK && slot) {
		bytes_clear(&s->encoded);
		record_encode(slot->record, &s->encoded);
		*record = arena_slice(work_arena(s, *w), bytes_slice(&s->encoded));
	}
	return true;
}

static bool fetch_foreign(struct shard *s, struct work **wp)
{
	struct work *w = *wp;
	if (s->engine->shard_count == 1)
		return true;
	if (w->recommend.ask.agent.len && !w->fetched_agent) {
		struct subject agent = subject_of(SUBJECT_AGENT, w->recommend.ask.agent);
		if (!fetch(s, wp, &agent, &w->fetched_agent, &w->recommend.agent_record))
			return false;
	}
	if (w->recommend.area.len && !w->fetched_area) {
		struct subject area = subject_of(SUBJECT_AREA, w->recommend.area);
		if (!fetch(s, wp, &area, &w->fetched_area, &w->recommend.area_record))
			return false;
	}
	return true;
}

/* What changes the record is what the body says: live does as replay will. */
static void exposures_apply(struct shard *s, struct commit *c)
{
	struct decision_record d;
	struct apply_input in = { .received_at_ms = s->now_ms };
	int result = decision_decode(&d, bytes_slice(&s->encoded), &s->machine.arena);
	CHECK(result == ERR_OK);
	decision_apply(&s->machine, c->slot->record, &d, &in, &s->applied);
	c->applied = &s->applied;
	c->changes_record = true;
}

/* Of a customer whose record cannot take it, nobody is exposed. */
static struct slot *exposed_slot(struct shard *s, struct slot *slot, const struct record *customer, struct decision *d)
{
	if (!d->exposed_count)
		return slot;
	struct subject subject = record_subject(customer);
	if (!slot && cache_get(&s->cache, &subject, true, &slot) != ERR_OK)
		slot = NULL;
	if (!slot || slot->full)
		d->exposed_count = 0;
	return slot;
}

/* slot: NULL where nothing is known of the customer and nothing is to be. */
static void record_decision(struct shard *s, struct slot *known, const struct record *r, const struct decision_head *head,
			    const struct ask *ask, const struct foreign_reads *foreign, const struct decision *d)
{
	bytes_clear(&s->encoded);
	decision_encode(head, ask, foreign, d, &s->encoded);
	if (reserve_one(s, s->encoded.len) != ERR_OK) {
		counter_add(&s->counts.unrecorded, 1); /* queries are answered with a full disk too */
		return;
	}
	struct slot slot = { .record = (struct record *)r, .hash = subject_hash(&r->subject) };
	struct entry entry = { .kind = ENTRY_DECISION };
	entry.decision.bytes = bytes_slice(&s->encoded);
	struct commit c = { .slot = known ? known : &slot,
			    .entry = &entry,
			    .received_at_ms = s->now_ms,
			    .unhurried = true,
			    .reserved_bytes = s->encoded.len + ENTRY_SLACK_BYTES };
	if (known && d->exposed_count)
		exposures_apply(s, &c);
	commit_entry(s, &c);
}

/* What never left this shard is written where it is sent from. */
static struct bytes *answer_of(struct work *w)
{
	return w->call && !w->heap ? &w->call->answer : &w->answer;
}

/* area: the customer's; NULL: none known. */
static void decide(struct shard *s, struct work *w, struct slot *slot, const struct record *customer,
		   const struct subject *area)
{
	struct ask *ask = &w->recommend.ask;
	struct deadline deadline = { w->recommend.started_ns + (uint64_t)w->recommend.deadline_ms * 1000000u };
	struct record *owned_agent = NULL, *owned_area = NULL;
	struct decide_subjects subjects = { .customer = customer, .models = models_at_hand(&s->models),
					    .spent = s->models.spent };
	if (ask->agent.len) {
		struct subject agent = subject_of(SUBJECT_AGENT, ask->agent);
		subjects.agent = foreign_record(s, &agent, w->recommend.agent_record, &owned_agent);
	}
	if (area)
		subjects.area = foreign_record(s, area, w->recommend.area_record, &owned_area);
	if (w->recommend.deadline_ms) {
		ask->expired = deadline_passed;
		ask->arg = &deadline;
	}
	if (!ask->now_ms)
		ask->now_ms = s->now_ms > customer->newest_ms ? s->now_ms : customer->newest_ms;
	struct foreign_reads foreign = { 0 };
	struct decision decision;
	ask->boot = s->engine->boot_id;
	ask->count = atomic_fetch_add(&s->engine->decisions, 1) + 1;
	stages_lap(&s->machine.stages, STAGE_ASKED, 1);
	if (w->recommend.deadline_ms && deadline_passed(&deadline))
		machine_fallback(&s->machine, ask, FALLBACK_STATE_LATE, &decision);
	else
		machine_decide(&s->machine, &subjects, ask, &foreign, &decision);
	recent_note(&s->recent, ask->count, &decision);
	struct decision_head head = { .boot = ask->boot, .count = ask->count, .customer_seq = customer->seq };
	slot = exposed_slot(s, slot, customer, &decision);
	record_decision(s, slot, customer, &head, ask, &foreign, &decision);
	stages_lap(&s->machine.stages, STAGE_RECORD, 1);
	struct wire_recommendation wire;
	decision_to_wire(s, &decision, &head, customer, ask->now_ms, ask->channel, &wire);
	struct bytes *answer = answer_of(w);
	bytes_reserve(answer, ANSWER_BYTES);
	response_recommendation(answer, w->recommend.request_id, &wire);
	counter_add(&s->counts.recommendations, 1);
	counter_add(&s->counts.fallbacks, decision.fallback);
	record_destroy(owned_agent, s->machine.pool);
	record_destroy(owned_area, s->machine.pool);
	work_done(s, w);
	stages_lap(&s->machine.stages, STAGE_REPLY, 1);
}

void recommend_work(struct shard *s, struct work *w)
{
	struct slot *slot;
	struct subject area;
	if (!fetch_foreign(s, &w) || !work_customer(s, &w, false, &slot))
		return;
	struct subject subject = subject_of(SUBJECT_CUSTOMER, w->customer);
	struct record *nobody = slot ? NULL : record_create(&subject);
	const struct record *customer = slot ? slot->record : nobody;
	bool in_area = has_area(customer, &area);
	if (!w->fetched_area && in_area && engine_owner(s->engine, &area) != s) {
		w->recommend.area = subject_id(&area);
		struct work *h = w->heap ? w : work_to_heap(w);
		h->recommend.area = arena_slice(&h->arena, subject_id(&area));
		work_send(s, engine_owner(s->engine, &area), h);
		record_destroy(nobody, s->machine.pool);
		return;
	}
	arena_reset(&s->machine.arena);
	if (w->recommend.ask.now_ms && w->recommend.ask.now_ms < customer->newest_ms)
		work_refuse(s, w, ERR_INVALID, "time_ms",
			    "it lies before this customer's newest event: a recommendation is for now or later");
	else
		decide(s, w, slot, customer, in_area ? &area : NULL);
	record_destroy(nobody, s->machine.pool);
}

static struct slice series_name(void *arg, uint32_t id)
{
	const struct series_decl *d = pack_series_by_id(arg, id);
	return d ? str_slice(d->name) : (struct slice){ 0 };
}

static struct slice case_name(void *arg, uint32_t id)
{
	const struct case_decl *d = pack_case_by_id(arg, id);
	if (!d && (id == TIMER_SEGMENT || id == TIMER_CAMPAIGN))
		return id == TIMER_SEGMENT ? SLICE("segment") : SLICE("campaign");
	if (!d && id == TIMER_UNANSWERED)
		return SLICE("unanswered offer");
	return d ? str_slice(d->name) : (struct slice){ 0 };
}

void read_work(struct shard *s, struct work *w)
{
	struct slot *slot;
	if (w->read.agent.len) {
		struct subject agent = subject_of(SUBJECT_AGENT, w->read.agent);
		if (!work_at(s, &w, &agent))
			return;
		if (cache_get(&s->cache, &agent, false, &slot) != ERR_OK) {
			work_refuse_last(s, w);
			return;
		}
	} else if (!work_customer(s, &w, false, &slot)) {
		return;
	}
	if (!slot) {
		if (w->read.agent.len)
			work_refuse(s, w, ERR_MISSING, "agent",
				    "nothing is known of this agent: no event that the active pack counts of agents has named them");
		else if (w->alias.len)
			work_refuse(s, w, ERR_MISSING, "alias", "nothing is known of this alias: no event has named it");
		else
			work_refuse(s, w, ERR_MISSING, "customer", "nothing is known of this customer: no event has named them");
		return;
	}
	if (w->read.known_seq && w->read.known_seq == slot->record->seq) {
		response_customer_known(&w->answer, w->read.request_id, slot->record);
		work_done(s, w);
		return;
	}
	struct wire_names names = { .arg = s->machine.pack, .series = series_name, .open_case = case_name,
				    .currency = str_slice(s->machine.pack->currency) };
	struct fact_value *values;
	int64_t now = s->now_ms > slot->record->newest_ms ? s->now_ms : slot->record->newest_ms;
	arena_reset(&s->machine.arena);
	unsigned count = machine_facts(&s->machine, slot->record, now, &values);
	struct wire_fact *facts = arena_calloc(&s->machine.arena, count + 1, sizeof(facts[0]));
	for (unsigned i = 0; i < count; i++)
		facts[i] = (struct wire_fact){ values[i].name, values[i].member, values[i].value };
	tell_customer(&s->machine, slot->record, now, &names);
	if (slot->record->subject.kind == SUBJECT_AGENT)
		names.strain = tell_strain(machine_strain(&s->machine, slot->record, now), &s->machine.arena);
	response_customer(&w->answer, w->read.request_id, slot->record, &names, facts, count, w->merged_from, now);
	work_done(s, w);
}

void resolve_work(struct shard *s, struct work *w)
{
	struct slot *slot;
	if (!work_customer(s, &w, false, &slot))
		return;
	response_resolved(&w->answer, w->resolve.request_id, w->customer, w->member, w->provisional);
	work_done(s, w);
}

static void digest_slot(void *arg, struct slot *slot)
{
	struct work *w = arg;
	if (record_is_empty(slot->record))
		return;
	w->digest.digest = digest_add(w->digest.digest, record_digest(slot->record));
	w->digest.records++;
}

struct digest_scan {
	struct shard *shard;
	struct work *work;
};

static int digest_stored(void *arg, struct slice key, struct slice value)
{
	struct digest_scan *scan = arg;
	struct subject subject;
	struct record *record;
	if (subject_from_key(key, &subject) != ERR_OK || engine_owner(scan->shard->engine, &subject) != scan->shard ||
	    cache_peek(&scan->shard->cache, &subject))
		return 0;
	int result = record_decode(&record, scan->shard->machine.pool, value);
	if (result != ERR_OK)
		return result;
	if (!record_is_empty(record)) {
		scan->work->digest.digest = digest_add(scan->work->digest.digest, record_digest(record));
		scan->work->digest.records++;
	}
	record_destroy(record, scan->shard->machine.pool);
	return 0;
}

/* Goes round all shards, adding up; each adds what it has in memory and what only the store has. */
void digest_work(struct shard *s, struct work *w)
{
	if (w->digest.next == s->index) {
		struct digest_scan scan = { s, w };
		cache_each(&s->cache, digest_slot, w);
		if (s->engine->store &&
		    store_scan(s->engine->store, STORE_RECORDS, SLICE(""), digest_stored, &scan) != ERR_OK) {
			work_refuse_last(s, w);
			return;
		}
		w->digest.next++;
	}
	if (w->digest.next < s->engine->shard_count) {
		work_send(s, s->engine->shards[w->digest.next], w->heap ? w : work_to_heap(w));
		return;
	}
	response_digest(&w->answer, w->digest.request_id, w->digest.digest, w->digest.records,
			journal_last(s->engine->journal));
	work_done(s, w);
}

static void rules_first(struct shard *s, struct work *w)
{
	const struct pack *p = s->machine.pack;
	struct arena *a = work_arena(s, w);
	static const struct slice abouts[] = { { "customer", 8 }, { "member", 6 }, { "agent", 5 }, { "area", 4 } };
	w->rules.count = p->rule_count;
	w->rules.rules = arena_calloc(a, p->rule_count + 1, sizeof(w->rules.rules[0]));
	for (unsigned i = 0; i < p->rule_count; i++) {
		const struct rule_decl *r = &p->rules[i];
		struct slice *on = arena_calloc(a, r->on_count + 1, sizeof(on[0]));
		for (unsigned k = 0; k < r->on_count; k++)
			on[k] = arena_slice(a, str_slice(r->on[k]));
		w->rules.rules[i] = (struct wire_rule){ .name = arena_slice(a, str_slice(r->name)),
							.why = arena_slice(a, str_slice(r->why)),
							.about = abouts[r->about],
							.on = on,
							.on_count = r->on_count };
	}
}

/* Goes round like the digest: counters are each shard's own. */
void rules_work(struct shard *s, struct work *w)
{
	const struct pack *p = s->machine.pack;
	if (w->rules.next == s->index) {
		if (!w->rules.rules)
			rules_first(s, w);
		for (unsigned i = 0; i < w->rules.count && i < p->rule_count; i++) {
			struct wire_rule *to = &w->rules.rules[i];
			const struct rule_decl *from = &p->rules[i];
			to->matched += counter_get(&from->matched);
			to->fired += counter_get(&from->fired);
			to->failed += counter_get(&from->failed);
			to->unknown += counter_get(&from->unknown);
			to->time_ns += counter_get(&from->time_ns);
			to->aside |= from->aside;
			if (from->last_error[0])
				to->last_error = arena_slice(work_arena(s, w), slice_of(from->last_error));
		}
		w->rules.next++;
	}
	if (w->rules.next < s->engine->shard_count) {
		work_send(s, s->engine->shards[w->rules.next], w->heap ? w : work_to_heap(w));
		return;
	}
	response_rules(&w->answer, w->rules.request_id, str_slice(p->name), slice_of(p->hash_text),
		       s->engine->pack_since_ms, w->rules.rules, w->rules.count);
	work_done(s, w);
}
