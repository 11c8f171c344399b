/* shard/work.c: how a piece of work moves: to the shard that owns its subject, and home with its result.
 *
 * While a work is local it lives on the caller's stack and lends its slices from the frame. When it has to move it is
 * copied to the heap, slices and all, once; from then on whoever runs it owns it. */
#include "shard/call.h"
#include "shard/find.h"
#include "shard/parts.h"
#include "shard/reports.h"
#include "shard/work.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

static void keep(struct arena *a, struct slice *s)
{
	*s = s->len ? arena_slice(a, *s) : (struct slice){ 0 };
}

static void keep_ask(struct arena *a, struct ask *ask)
{
	keep(a, &ask->member), keep(a, &ask->agent), keep(a, &ask->channel), keep(a, &ask->intent);
	keep(a, &ask->topic), keep(a, &ask->language), keep(a, &ask->goal), keep(a, &ask->action);
	if (!ask->attr_count)
		return;
	struct event_attr *attrs = arena_alloc(a, ask->attr_count * sizeof(attrs[0]));
	for (size_t i = 0; i < ask->attr_count; i++) {
		attrs[i] = ask->attrs[i];
		keep(a, &attrs[i].name);
		if (attrs[i].value.kind == VALUE_STRING)
			keep(a, &attrs[i].value.string);
	}
	ask->attrs = attrs;
}

struct work *work_to_heap(const struct work *w)
{
	struct work *h = must_malloc(sizeof(*h));
	*h = *w;
	h->heap = true;
	h->next = NULL;
	h->event = NULL;
	arena_init(&h->arena, 0);
	keep(&h->arena, &h->raw), keep(&h->arena, &h->customer), keep(&h->arena, &h->alias),
		keep(&h->arena, &h->member);
	keep(&h->arena, &h->merged_from);
	switch (h->kind) {
	case WORK_RECOMMEND:
		keep_ask(&h->arena, &h->recommend.ask);
		keep(&h->arena, &h->recommend.area);
		keep(&h->arena, &h->recommend.agent_record), keep(&h->arena, &h->recommend.area_record);
		break;
	case WORK_READ:
		keep(&h->arena, &h->read.agent);
		break;
	case WORK_MODEL_RESET:
		keep(&h->arena, &h->model.by);
		break;
	case WORK_ACKNOWLEDGE:
		keep(&h->arena, &h->acknowledge.by);
		break;
	case WORK_EFFECT:
	case WORK_MODEL:
	case WORK_NUDGE:
		keep(&h->arena, &h->effect.body), keep(&h->arena, &h->effect.customer);
		keep(&h->arena, &h->effect.rule), keep(&h->arena, &h->effect.channel);
		keep(&h->arena, &h->effect.goal), keep(&h->arena, &h->effect.action);
		break;
	case WORK_FILL:
		keep(&h->arena, &h->fill.body);
		break;
	default:
		break;
	}
	return h;
}

void work_abandon(struct work *w)
{
	struct call *c = w ? w->call : NULL;
	work_destroy(w);
	if (c && --c->waiting == 0)
		call_destroy(c);
}

void work_destroy(struct work *w)
{
	if (!w)
		return;
	CHECK(w->heap);
	if (w->kind == WORK_REPORT)
		reporting_destroy(w->report.making);
	else if (w->kind == WORK_FIND)
		finding_destroy(w->find.finding);
	arena_finish(&w->arena);
	bytes_finish(&w->answer);
	free(w);
}

void work_send(struct shard *from, struct shard *to, struct work *w)
{
	CHECK(w->heap);
	if (!from->outbound && queue_push(to->queue, w))
		return;
	/* The target is behind: keep the order, try again when this shard is woken (shard_wake). */
	w->next = NULL;
	w->target = to;
	if (from->outbound_tail)
		from->outbound_tail->next = w;
	else
		from->outbound = w;
	from->outbound_tail = w;
}

struct shard *engine_owner(struct engine *e, const struct subject *subject)
{
	if (e->shard_count == 1)
		return e->shards[0];
	return e->shards[subject_shard(subject_slot(subject), e->shard_count)];
}

bool work_at(struct shard *s, struct work **w, const struct subject *subject)
{
	struct shard *owner = engine_owner(s->engine, subject);
	if (owner == s)
		return true;
	work_send(s, owner, (*w)->heap ? *w : work_to_heap(*w));
	*w = NULL;
	return false;
}

struct arena *work_arena(struct shard *s, struct work *w)
{
	return w->heap ? &w->arena : w->call ? &w->call->arena : &s->arena;
}

/* At the alias's shard: whose is it? False: refused. */
static bool resolve_alias(struct shard *s, struct work *w, const struct subject *alias)
{
	struct slot *slot;
	if (cache_get(&s->cache, alias, false, &slot) != ERR_OK) {
		work_refuse_last(s, w);
		return false;
	}
	unsigned owners = 0;
	const struct link *link = slot ? links_at(slot->record, w->time_ms ? w->time_ms : s->now_ms, &owners) : NULL;
	if (owners > 1) {
		error_set(ERR_AMBIGUOUS, "alias",
			  "%.*s names %u customers at that time; name the customer instead, or end one with "
			  "alias.removed",
			  SLICE_ARG(subject_id(alias)), owners);
		work_refuse_last(s, w);
		return false;
	}
	if (!link) {
		/* Nobody's: a prospect of that name, who joins the owner later. */
		struct subject prospect = subject_prospect(subject_id(alias));
		w->provisional = true;
		w->customer = arena_slice(work_arena(s, w), subject_id(&prospect));
		return true;
	}
	w->customer = arena_slice(work_arena(s, w), str_slice(link->id));
	if (!w->member.len && link->member)
		w->member = arena_slice(work_arena(s, w), str_slice(link->member));
	return true;
}

/* The history is on its way to the other record, and with it the ids that tell duplicates: whoever comes from here must
 * not be there before it. */
static void await_merge(struct shard *s, struct work *w)
{
	struct work **at = &s->parked;
	if (!w->heap)
		w = work_to_heap(w);
	w->hops = 0;
	w->next = NULL;
	while (*at)
		at = &(*at)->next;
	*at = w;
}

bool work_customer(struct shard *s, struct work **wp, bool create, struct slot **slot)
{
	for (;;) {
		struct work *w = *wp;
		if (w->hops++ > HOPS_MAX) {
			work_refuse(s, w, ERR_CONFLICT, "customer", "its merges lead in a circle");
			return false;
		}
		if (!w->customer.len) {
			struct slice alias;
			if (alias_normalize(w->alias, work_arena(s, w), &alias) != ERR_OK) {
				work_refuse_last(s, w);
				return false;
			}
			struct subject subject = subject_of(SUBJECT_ALIAS, alias);
			if (!work_at(s, wp, &subject) || !resolve_alias(s, w, &subject))
				return false;
		}
		struct subject subject = subject_of(SUBJECT_CUSTOMER, w->customer);
		if (!work_at(s, wp, &subject))
			return false;
		if (cache_get(&s->cache, &subject, create, slot) != ERR_OK) {
			work_refuse_last(s, w);
			return false;
		}
		if (!*slot || !(*slot)->record->rare->redirect)
			return true;
		if (create && (*slot)->more->pending) {
			await_merge(s, w);
			return false;
		}
		w->merged_from = w->customer;
		w->customer = arena_slice(work_arena(s, w), str_slice((*slot)->record->rare->redirect)); /* it may move on */
	}
}

void work_refuse(struct shard *s, struct work *w, int code, const char *field, const char *text)
{
	error_set(code, field, "%s", text);
	work_refuse_last(s, w);
}

void work_refuse_last(struct shard *s, struct work *w)
{
	const struct error *e = error_last();
	struct arena *a = work_arena(s, w);
	w->ack = (struct wire_ack){ .result = ACK_REFUSED,
				    .error_code = e->code,
				    .error_field = arena_slice(a, slice_of(e->field)),
				    .error_text = arena_slice(a, slice_of(e->text)) };
	w->failed = true;
	if (w->kind == WORK_EVENT || w->kind == WORK_OUTCOME)
		counter_add(&s->counts.refused, 1);
	work_done(s, w);
}

static void give_back_reserve(struct shard *s, struct work *w)
{
	if (w->reserved)
		journal_release(s->engine->journal, 1, w->reserved);
	w->reserved = 0;
}

void work_done(struct shard *s, struct work *w)
{
	give_back_reserve(s, w);
	if (!w->call) {
		if (w->heap)
			work_destroy(w);
		return;
	}
	w->done = true;
	if (w->home != s) {
		work_send(s, w->home, w);
		return;
	}
	struct call *c = w->call;
	if (w->hold_seq > c->hold_seq)
		c->hold_seq = w->hold_seq;
	if (c->acks) {
		c->acks[w->part] = w->ack;
		c->failed |= w->failed;
	} else if (w->failed) {
		struct error e = { .code = w->ack.error_code };
		snprintf(e.field, sizeof(e.field), "%.*s", SLICE_ARG(w->ack.error_field));
		snprintf(e.text, sizeof(e.text), "%.*s", SLICE_ARG(w->ack.error_text));
		response_error(&c->answer, c->request_id, &e);
	} else {
		bytes_put(&c->answer, w->answer.data, w->answer.len);
	}
	if (w->heap) {
		w->next = c->parts; /* the acks lend from it until the answer is encoded */
		c->parts = w;
	} else {
		bytes_finish(&w->answer);
	}
	c->waiting--;
	call_part_done(s, c);
}

void work_run(struct shard *s, struct work *w)
{
	static void (*const runs[])(struct shard *, struct work *) = {
		[WORK_EVENT] = publish_work,       [WORK_OUTCOME] = outcome_work, [WORK_ACKNOWLEDGE] = acknowledge_work,
		[WORK_RECOMMEND] = recommend_work, [WORK_NUDGE] = nudge_work,     [WORK_READ] = read_work,
		[WORK_RESOLVE] = resolve_work,     [WORK_EFFECT] = effect_work,   [WORK_EFFECT_DONE] = effect_done_work,
		[WORK_STORED] = stored_work,       [WORK_DIGEST] = digest_work,   [WORK_RULES] = rules_work,
		[WORK_PREPARE] = prepare_work,     [WORK_PAUSE] = pause_work,     [WORK_ACTIVATED] = activated_work,
		[WORK_FILL] = fill_work,           [WORK_LOOK] = look_work,
		[WORK_ERASE] = erase_work,         [WORK_ERASED] = work_done,
		[WORK_MODEL] = model_work,         [WORK_MODEL_RESET] = model_reset_work,
		[WORK_EXPLAINED] = work_done,      [WORK_REPORT] = report_work, [WORK_FIND] = find_work,
	};
	if (w->done)
		work_done(s, w);
	else
		runs[w->kind](s, w);
}
