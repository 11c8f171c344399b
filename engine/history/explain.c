/* history/explain.c: see explain.h: whose past it is, as of when, and a moment's recommendation. */
#include "history/explain_parts.h"

#include "base/error.h"
#include "history/apply.h"
#include "history/find.h"
#include "history/tell.h"
#include "wire/put.h"

#include <inttypes.h>

#define MERGES_MAX 16u

static struct slice series_name(void *arg, uint32_t id)
{
	const struct series_decl *d = pack_series_by_id(arg, id);
	return d ? str_slice(d->name) : (struct slice){ 0 };
}

static struct slice case_name(void *arg, uint32_t id)
{
	const struct case_decl *d = pack_case_by_id(arg, id);
	return d ? str_slice(d->name) : (struct slice){ 0 };
}

static void put_state(struct explaining *x)
{
	struct machine *m = &x->h->machine;
	const struct record *r = x->recall.record;
	struct wire_names names = { .arg = m->pack, .series = series_name, .open_case = case_name };
	struct fact_value *values;
	int64_t now = x->now_ms > r->newest_ms ? x->now_ms : r->newest_ms;
	unsigned count = machine_facts(m, r, now, &values);
	struct wire_fact *facts = arena_calloc(&m->arena, count + 1, sizeof(facts[0]));
	for (unsigned i = 0; i < count; i++)
		facts[i] = (struct wire_fact){ values[i].name, values[i].member, values[i].value };
	tell_customer(m, r, now, &names);
	size_t mark = put_begin(x->out, TELLS_STATE);
	customer_encode(x->out, r, &names, facts, count, x->merged_from, now);
	put_end(x->out, mark);
}

static struct slice verdict(struct explaining *x, const char *what, bool same)
{
	const struct proof *p = &x->recall.proof;
	struct bytes b = { 0 };
	if (p->differing)
		bytes_printf(&b, "%" PRIu64 " of %" PRIu64 " entries recomputed come out otherwise than recorded, the first is "
			     "entry %" PRIu64, p->differing, p->entries, p->first);
	else
		bytes_printf(&b, "%" PRIu64 " %s recomputed, identical to what was recorded", p->entries,
			     p->entries == 1 ? "entry" : "entries");
	if (p->base_seq)
		bytes_printf(&b, "; what came before from the base store, as of entry %" PRIu64, p->base_seq);
	if (p->erased)
		bytes_printf(&b, "; %" PRIu64 " were erased, and what they did is not known any more", p->erased);
	if (what)
		bytes_printf(&b, "; the %s itself is %s", what, same ? "identical" : "NOT what was recorded");
	struct slice s = arena_slice(&x->arena, bytes_slice(&b));
	bytes_finish(&b);
	return s;
}

static void put_recomputed(struct explaining *x, const char *what, bool same)
{
	const struct proof *p = &x->recall.proof;
	size_t mark = put_begin(x->out, TELLS_RECOMPUTED);
	put_number(x->out, 1, p->entries);
	put_number(x->out, 2, p->differing);
	put_number(x->out, 3, p->first);
	put_number(x->out, 4, p->erased);
	put_number(x->out, 5, p->base_seq);
	put_number(x->out, 6, p->differing == 0 && (!what || same));
	put_text(x->out, 7, verdict(x, what, same));
	put_end(x->out, mark);
}

int explain_head(struct explaining *x, const char *about, uint64_t pack_seq, const char *what, bool same)
{
	const struct pack_line *line;
	char hex[33];
	int result = packs_use(x->h->packs, &x->h->machine, pack_seq, &line);
	if (result != ERR_OK)
		return result;
	put_text(x->out, TELLS_ABOUT, slice_of(about));
	put_text(x->out, TELLS_SUBJECT, subject_id(&x->recall.subject));
	put_text(x->out, TELLS_KIND, slice_of(subject_kind_name(x->recall.subject.kind)));
	put_text(x->out, TELLS_MERGED_FROM, x->merged_from);
	put_number(x->out, TELLS_SEQ, x->seq);
	put_number(x->out, TELLS_TIME, (uint64_t)x->now_ms);
	put_text(x->out, TELLS_PACK, slice_of(line->name));
	put_text(x->out, TELLS_PACK_HASH, slice_of(x->h->machine.pack->hash_text));
	put_number(x->out, TELLS_PACK_SEQ, line->seq);
	put_number(x->out, TELLS_PACK_SINCE, (uint64_t)line->since_ms);
	put_number(x->out, TELLS_ASIDE, packs_asides_before(x->h->packs, pack_seq));
	put_recomputed(x, what, same);
	hash128_hex(record_digest(x->recall.record), hex);
	put_text(x->out, TELLS_DIGEST, slice_of(hex));
	put_state(x);
	return ERR_OK;
}

void explain_recommendation(struct explaining *x, const struct decision *d, uint64_t boot, uint64_t count,
			    struct slice channel)
{
	struct wire_recommendation wire;
	tell_decision(d, &x->h->machine.arena, &wire);
	wire.decision_boot = boot;
	wire.decision_count = count;
	wire.customer = subject_id(&x->recall.subject);
	wire.pack_hash = slice_of(x->h->machine.pack->hash_text);
	wire.channel = channel;
	wire.as_of_seq = x->recall.record->seq;
	wire.time_ms = x->now_ms;
	size_t mark = put_begin(x->out, TELLS_RECOMMENDATION);
	recommendation_encode(&wire, x->out);
	put_end(x->out, mark);
}

/* Another subject as of then; NULL where nothing was known of it, or is any more. */
const struct record *explain_other(struct explaining *x, struct recall *r, enum subject_kind kind, struct slice id,
				   uint64_t seq)
{
	if (!id.len || id.len > LIMIT_ID_BYTES)
		return NULL;
	struct subject subject = subject_of(kind, id);
	if (recall_start(r, x->h, &subject) != ERR_OK || recall_to(r, seq) != ERR_OK)
		return NULL;
	return r->record->seq ? r->record : NULL;
}

const struct record *explain_area(struct explaining *x, const struct record *customer, uint64_t seq)
{
	const struct attr *area = attrs_get_text(record_attrs(customer, 0), SLICE("area"));
	if (!area || area->kind != VALUE_STRING)
		return NULL;
	return explain_other(x, &x->area, SUBJECT_AREA, str_slice(area->string), seq);
}

const struct record *const *explain_models(struct explaining *x, uint64_t seq, uint64_t pack_seq)
{
	if (packs_use(x->h->packs, &x->h->machine, pack_seq, NULL) != ERR_OK)
		return NULL;
	const struct pack *p = x->h->machine.pack;
	unsigned count = p->action_count;
	const struct record **out = arena_calloc(&x->arena, count + 1, sizeof(out[0]));
	struct slice *names = arena_alloc(&x->arena, (count + 1) * sizeof(names[0]));
	x->models = arena_calloc(&x->arena, count + 1, sizeof(x->models[0]));
	for (unsigned i = 0; i < count; i++) /* the pack changes while others' past is recomputed */
		names[i] = arena_slice(&x->arena, str_slice(p->actions[i].name));
	for (; x->model_count < count; x->model_count++)
		out[x->model_count] =
			explain_other(x, &x->models[x->model_count], SUBJECT_MODEL, names[x->model_count], seq);
	return out;
}

static int nobody_yet(const struct recall *r, uint64_t seq)
{
	return error_set(ERR_MISSING, "time_ms",
			 "nothing was known of %s %.*s as of entry %" PRIu64 ": the first that is about it is entry %" PRIu64
			 ", received later",
			 subject_kind_name(r->subject.kind), SLICE_ARG(subject_id(&r->subject)), seq, r->steps[0].seq);
}

/* Shards' clocks differ by a little, so that times of receipt ascend within one subject's entries only: what counts for a
 * customer is what they had been received by then. */
static void fit_moment(struct explaining *x)
{
	const struct recall *r = &x->recall;
	for (size_t i = 0; x->q->ask.time_ms && !x->q->as_of_seq && i < r->count; i++) {
		bool later = r->steps[i].received_at_ms > x->now_ms;
		if (!later && r->steps[i].seq > x->seq)
			x->seq = r->steps[i].seq;
		else if (later && r->steps[i].seq <= x->seq)
			x->seq = r->steps[i].seq - 1;
	}
}

/* The customer as of x->seq, in x->recall: where it had been merged by then, the one it leads to. */
static int recall_customer(struct explaining *x, struct slice id)
{
	for (unsigned merges = 0; merges < MERGES_MAX; merges++) {
		if (!id.len || id.len > LIMIT_ID_BYTES)
			break;
		struct subject subject = subject_of(SUBJECT_CUSTOMER, id);
		recall_finish(&x->recall);
		int result = recall_start(&x->recall, x->h, &subject);
		if (result == ERR_OK && merges == 0)
			fit_moment(x);
		if (result == ERR_OK)
			result = recall_to(&x->recall, x->seq);
		if (result != ERR_OK)
			return result;
		if (!x->recall.record->seq)
			return nobody_yet(&x->recall, x->seq);
		struct str *redirect = x->recall.record->rare->redirect;
		if (!redirect)
			return ERR_OK;
		if (!x->merged_from.len)
			x->merged_from = arena_slice(&x->arena, id);
		id = arena_slice(&x->arena, str_slice(redirect));
	}
	return error_set(ERR_CONFLICT, "customer", "its merges lead in a circle");
}

/* Whose alias it was then. Nobody's: a prospect of that name. */
static int resolve(struct explaining *x, struct slice alias, struct slice *customer)
{
	struct subject subject;
	struct slice normal;
	struct recall r = { 0 };
	unsigned owners = 0;
	int result = alias_normalize(alias, &x->arena, &normal);
	if (result != ERR_OK)
		return result;
	subject = subject_of(SUBJECT_ALIAS, normal);
	const struct link *link = NULL;
	result = recall_start(&r, x->h, &subject);
	if (result == ERR_OK)
		result = recall_to(&r, x->seq);
	if (result == ERR_OK)
		link = links_at(r.record, x->now_ms, &owners);
	if (result == ERR_OK && owners > 1)
		result = error_set(ERR_AMBIGUOUS, "alias", "%.*s named %u customers then; name the customer instead",
				   SLICE_ARG(normal), owners);
	else if (result == ERR_OK || result == ERR_MISSING)
		result = ERR_OK;
	if (result == ERR_OK && link) {
		*customer = arena_slice(&x->arena, str_slice(link->id));
		if (link->member)
			x->member = arena_slice(&x->arena, str_slice(link->member));
	} else if (result == ERR_OK) {
		struct subject prospect = subject_prospect(normal);
		*customer = arena_slice(&x->arena, subject_id(&prospect));
	}
	recall_finish(&r);
	return result;
}

static int before_the_beginning(struct explaining *x)
{
	struct journal_entry je;
	struct entry e;
	uint64_t first = journal_first(x->h->journal);
	int result = history_read(x->h, first, &je, &e);
	if (result != ERR_OK)
		return result;
	return error_set(ERR_MISSING, "time_ms",
			 "%" PRId64 " lies before the past that is kept, which begins with entry %" PRIu64 ", received at %" PRId64
			 " (UTC milliseconds); what was imported is known from when it was imported on",
			 x->now_ms, first, je.received_at_ms);
}

/* As of which entry. */
static int find_moment(struct explaining *x, int64_t now_ms)
{
	uint64_t last = heads_last(x->h->heads);
	struct journal_entry je;
	struct entry e;
	x->seq = last;
	x->now_ms = x->q->ask.time_ms ? x->q->ask.time_ms : now_ms;
	if (x->q->as_of_seq) {
		if (x->q->as_of_seq > last)
			return error_set(ERR_MISSING, "as_of_seq", "there is no entry %" PRIu64 " yet: the newest is %" PRIu64,
					 x->q->as_of_seq, last);
		x->seq = x->q->as_of_seq;
		int result = history_read(x->h, x->seq, &je, &e);
		if (result == ERR_OK && !x->q->ask.time_ms)
			x->now_ms = je.received_at_ms;
		return result;
	}
	if (!x->now_ms && last) { /* nobody's clock: as of the newest entry */
		int result = history_read(x->h, last, &je, &e);
		x->now_ms = je.received_at_ms;
		return result;
	}
	if (!x->q->ask.time_ms)
		return ERR_OK;
	int result = history_at(x->h, x->now_ms, &x->seq);
	return result == ERR_OK && !x->seq ? before_the_beginning(x) : result;
}

static int explain_moment(struct explaining *x)
{
	const struct request_recommend *q = &x->q->ask;
	struct decision *decision = arena_alloc(&x->arena, sizeof(*decision));
	const struct record *r = x->recall.record;
	struct decide_subjects subjects = { .customer = r };
	subjects.agent = explain_other(x, &x->agent, SUBJECT_AGENT, q->agent, x->seq);
	subjects.area = explain_area(x, r, x->seq);
	subjects.models = explain_models(x, x->seq, x->seq + 1);
	if (x->now_ms < r->newest_ms)
		x->now_ms = r->newest_ms;
	arena_reset(&x->h->machine.arena);
	int result = explain_head(x, "moment", x->seq + 1, NULL, true);
	if (result != ERR_OK)
		return result;
	struct ask ask = {
		.member = q->member.len ? q->member : x->member,
		.agent = q->agent,
		.channel = q->channel,
		.intent = q->intent,
		.topic = q->topic,
		.language = q->language,
		.mood = q->mood,
		.has_mood = q->has_mood,
		.explain = true,
		.limit = q->limit,
		.now_ms = x->now_ms,
		.attrs = q->attrs,
		.attr_count = q->attr_count,
	};
	struct foreign_reads foreign = { 0 };
	machine_decide(&x->h->machine, &subjects, &ask, &foreign, decision);
	explain_recommendation(x, decision, 0, 0, q->channel);
	return ERR_OK;
}

/* The newest event of the customer with that id. */
static int find_event(struct explaining *x, uint64_t *seq)
{
	struct recall *r = &x->recall;
	for (size_t i = r->count; i > 0; i--) {
		struct journal_entry je;
		struct entry e;
		struct event event;
		int result = history_read(x->h, r->steps[i - 1].seq, &je, &e);
		if (result != ERR_OK)
			return result;
		if (je.blanked || e.kind != ENTRY_EVENT ||
		    entry_event(&event, &e, je.received_at_ms, &x->h->arena, NULL) != ERR_OK)
			continue;
		*seq = je.seq;
		if (slice_equal(event.id, x->q->event) &&
		    (!x->q->source.len || slice_equal(event.source, x->q->source)))
			return ERR_OK;
	}
	return error_set(ERR_MISSING, "event",
			 "none of the %zu kept entries of customer %.*s is an event with the id %.*s%s%.*s", r->count,
			 SLICE_ARG(subject_id(&r->subject)), SLICE_ARG(x->q->event),
			 x->q->source.len ? " of source " : "", SLICE_ARG(x->q->source));
}

static int explain_customer(struct explaining *x, int64_t now_ms)
{
	struct slice customer = x->q->ask.customer;
	int result = find_moment(x, now_ms);
	if (result == ERR_OK && !customer.len)
		result = resolve(x, x->q->ask.alias, &customer);
	if (result == ERR_OK && !x->q->event.len)
		result = recall_customer(x, customer);
	if (result != ERR_OK)
		return result;
	if (!x->q->event.len)
		return explain_moment(x);
	uint64_t seq = 0;
	if (customer.len > LIMIT_ID_BYTES)
		return error_set(ERR_LIMIT, "customer", "an id has at most %u bytes (limit_id_bytes)", LIMIT_ID_BYTES);
	struct subject subject = subject_of(SUBJECT_CUSTOMER, customer);
	result = recall_start(&x->recall, x->h, &subject);
	if (result == ERR_OK)
		result = find_event(x, &seq);
	recall_finish(&x->recall);
	return result == ERR_OK ? explain_entry(x, seq) : result;
}

static int explain(struct explaining *x, int64_t now_ms)
{
	uint64_t seq = x->q->entry;
	int result = history_refresh(x->h);
	if (result == ERR_OK && x->q->ask_bytes.len)
		return explain_customer(x, now_ms);
	if (result == ERR_OK && x->q->decision.len) {
		result = find_decision(x->h, x->q->decision_boot, x->q->decision_count, &seq);
		return result == ERR_OK ? explain_decision(x, seq) : result;
	}
	return result == ERR_OK ? explain_entry(x, seq) : result;
}

int history_explain(struct history *h, const struct request_explain *q, int64_t now_ms, struct bytes *out)
{
	struct explaining x = { .h = h, .q = q, .out = out };
	size_t before = out->len;
	arena_init(&x.arena, 0);
	int result = explain(&x, now_ms);
	recall_finish(&x.recall);
	recall_finish(&x.agent);
	recall_finish(&x.area);
	for (unsigned i = 0; i < x.model_count; i++)
		recall_finish(&x.models[i]);
	arena_finish(&x.arena);
	if (result != ERR_OK)
		out->len = before;
	return result;
}
