/* tests/sim/sim_machine.c: seeded stories run through two machines that share nothing: their own string pools, VMs and
 * heaps, one of them with strings interned in another order beforehand and its records encoded and decoded at random
 * moments. After every entry both must agree: outcome, digest, effects, decisions. The second is the replay of the
 * first: it is told which Lua calls were aborted.
 *
 *     sim_machine [stories [entries [seed]]] */
#include "base/check.h"
#include "base/error.h"
#include "decide/decision.h"

#include <stdio.h>
#include <stdlib.h>

#define HOUR (3600 * 1000LL)
#define DAY (24 * HOUR)
#define T0 1700006400000LL
#define CUSTOMERS 4
#define AGENTS 2
#define ALIASES 3
#define PROSPECTS ALIASES /* what happened under an alias that nobody owned yet */
#define ACTIONS 4
#define LEDGERS 1 /* all that is counted, in one */
#define RECORDS (CUSTOMERS + AGENTS + ALIASES + PROSPECTS + LEDGERS + ACTIONS)

static const char pack[] =
	"pack { name = 'sim', currency = 'EUR', topics = { 'bill', 'net' }, fallback = { 'listen' }, explore = 0.3, control "
	"= 0.5 }\n"
	"timeline { keep = 6, fields = { 'topic', 'mood' } }\n"
	"local calls = series { on = { 'call', 'hang' }, by = { 'topic' } }\n"
	"local moods = series { on = 'call', value = 'mood' }\n"
	"local texts = series { on = 'sms', per = 'member' }\n"
	"local daily = series { on = 'sms' }\n"
	"local shifts = series { on = 'call', per = 'agent', value = 'mood' }\n"
	"local repeats = tally { name = 'repeats', per = 'agent', keep = '30d' }\n"
	"local points = tally { name = 'points', keep = '30d' }\n"
	"local missed = series { on = 'case.promise.missed' }\n"
	"local talks = contacts { starts = 'call', held = 'sms', abandoned = 'hang', ends = 'solved', inferred_end = '9h', keep = 9,\n"
	"  resolved_within = '2d' }\n"
	"local promise = case { opens = 'promised', closes = 'kept', key = 'ref', due = '24h', name = 'promise', meaning = "
	"'promise' }\n"
	"local outage = case { opens = 'down', closes = 'up', per = 'member', name = 'outage' }\n"
	"fact.same = calls:count '7d'\n"
	"fact.effort = talks:effort '30d' + talks:with { topic = event.topic }:unresolved '30d'\n"
	"rule 'effort' { on = 'call', when = any { talks:is_repeat(), talks:mood_trend('30d'):below(0) }, set = { effort = "
	"fact.effort } }\n"
	"fact.since = calls:since()\n"
	"fact.texts = texts:count '24h'\n"
	"fact.habit = daily:daily_mean { over = '7d', before = 'today', at_least = '2d' }:or_else(2)\n"
	"fact.mood = moods:mean '7d'\n"
	"fact.weight = calc({ n = fact.same, m = fact.mood }, function(v) return (v.n or 0) / 3 - (v.m or 0) end)\n"
	"fact.broken = calc({ n = fact.same }, function(v) if v.n and v.n % 3 == 0 then error('third') end return v.n "
	"end)\n"
	"rule 'repeat' { on = 'call', when = all { fact.same:at_least(2), fact.since:at_most('7d') },\n"
	"  alert = { to = 'care', say = '{topic}: {same} calls, {weight:2}', closes = 'solved', once_per = '12h' },\n"
	"  add = { { repeats, 1 }, { points, fact.same } }, nudge = { channel = 'sms' } }\n"
	"rule 'abuse' { about = 'member', on = 'sms', when = fact.texts:above(2 * fact.habit), set = { abusive = true, "
	"texts = fact.texts },\n"
	"  alert = { severity = 'high', to = 'care', say = '{member} {texts}', expires = '2d', once_per = 'day' } }\n"
	"rule 'broken' { on = 'call', when = fact.broken:above(1), set = { broken = fact.broken } }\n"
	"rule 'lua' { on = { 'call', 'hang' }, when = function(c) return c.same and c.same > 1 end, run = function(c)\n"
	"  local weight, broken, keys = c.weight, c.broken, {} for k, v in pairs { b = 1, a = 2, [c.event.topic or "
	"'none'] = 3 } do keys[#keys + 1] = k .. "
	"v end\n"
	"  c:set('keys', table.concat(keys, ','))\n"
	"  if c.event.mood and c.event.mood > 0.9 then local n = nil; n.x = 1 end\n"
	"  if c.event.mood and c.event.mood < -0.9 then while true do end end\n"
	"  c:alert { severity = 'low', to = 'x', say = tostring(weight) .. tostring(broken) } c:add(points, 0.5) end "
	"}\n"
	"rule 'missed' { on = promise.missed, alert = { to = 'agent:{agent}', say = 'missed {ref}', closes = "
	"promise.closed }, add = { points, 1 } }\n"
	"rule 'late' { on = 'call', when = missed:count('30d'):at_least(1), set = { let_down = missed:count '30d' } }\n"
	"rule 'strain' { about = 'agent', on = 'call', when = shifts:run(at_most(-0.3)):at_least(3), alert = { to = "
	"'boss', say = 'strain' },\n"
	"  set = { strained = true } }\n"
	"rule 'refused' { on = 'outcome.rejected', set = { refused = event.action } }\n"
	"policy { goal = 'grow', unless = any { promise:is_missed(), outage:is_open() }, except = asked_for_it(), say "
	"= 'Fix first.' }\n"
	"budget { goal = 'serve', offers = 20, at_most = 10 }\n"
	"policy { per = 'goal', after = { rejected = 2, within = '30d' }, pause = '5d' }\n"
	"fact.callers = calc({ n = fact.same }, function(v) return v.n and v.n > 1 and 'often' or 'rarely' end)\n"
	"action 'listen' { goal = 'serve', value = { customer = 0.5, business = 0.1 }, say = 'I listen.',\n"
	"  propensity = { start = 0.3, evidence = 5, strength = 3, half_life = '4d', by = { 'callers', 'let_down' } } }\n"
	"action 'plan' { goal = 'serve', group = 'net', applicable = any_member(open_alert 'abuse'), value = { "
	"customer = fact.weight, business = 0.2 },\n"
	"  say = '{member}: {texts}', propensity = { start = 0.2, evidence = 0.5, half_life = '1d' } }\n"
	"action 'more' { goal = 'grow', asks = { 'bill' }, eligible = fact.mood:above(-0.5), value = { customer = 0.1, "
	"business = fact.broken }, say = 'More.' }\n"
	"action 'rest' { goal = 'serve', holdout = 0.3, cost = fact.weight, suitable = attr('strained', 'agent'):is(true), value = { customer = 1, "
	"business = 0 },\n"
	"  context = { { when = shifts:count('7d'):above(3), weight = 1.5 } }, say = 'Rest.' }\n"
	"answers 'bill' { why = 'Mood {mood:2}.' }\n";

struct side {
	struct machine m;
	struct record *records[RECORDS];
	struct applied out;
};

static uint64_t random_state;

static uint32_t random_next(uint32_t below)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((random_state >> 33) % below);
}

static struct subject subject_at(unsigned i)
{
	static const char *const actions[ACTIONS] = { "listen", "plan", "more", "rest" };
	char id[16];
	if (i >= RECORDS - ACTIONS)
		return subject_of(SUBJECT_MODEL, slice_of(actions[i - (RECORDS - ACTIONS)]));
	if (i == RECORDS - ACTIONS - LEDGERS)
		return subject_of(SUBJECT_LEDGER, SLICE("all"));
	if (i < CUSTOMERS)
		snprintf(id, sizeof(id), "c%u", i);
	else if (i < CUSTOMERS + AGENTS)
		snprintf(id, sizeof(id), "a%u", i - CUSTOMERS);
	else
		snprintf(id, sizeof(id), "+%u", (i - CUSTOMERS - AGENTS) % ALIASES);
	if (i >= CUSTOMERS + AGENTS + ALIASES)
		return subject_prospect(slice_of(id));
	enum subject_kind kind = i < CUSTOMERS + AGENTS ? SUBJECT_AGENT : SUBJECT_ALIAS;
	return subject_of(i < CUSTOMERS ? SUBJECT_CUSTOMER : kind, slice_of(id));
}

static unsigned record_of(const struct subject *s)
{
	for (unsigned i = 0; i < RECORDS; i++) {
		struct subject at = subject_at(i);
		if (at.kind == SUBJECT_LEDGER && s->kind == SUBJECT_LEDGER)
			return i;
		if (subject_equal(&at, s))
			return i;
	}
	CHECK(!"a subject of the story");
	return 0;
}

static void side_init(struct side *s, unsigned strings_before)
{
	struct bundle b = { 0 };
	struct pack *p;
	char text[24];
	machine_init(&s->m);
	for (unsigned i = 0; i < strings_before; i++) { /* other addresses, another order of hashing */
		snprintf(text, sizeof(text), "other-%u", i * 7919);
		strpool_take(s->m.pool, slice_of(text));
	}
	CHECK(bundle_add(&b, SLICE("pack.lua"), slice_of(pack)) == ERR_OK);
	if (pack_load(&p, &b, s->m.pool) != ERR_OK) {
		fprintf(stderr, "%s\n", error_last()->text);
		exit(1);
	}
	bundle_finish(&b);
	machine_set_pack(&s->m, p);
	for (unsigned i = 0; i < RECORDS; i++) {
		struct subject subject = subject_at(i);
		s->records[i] = record_create(&subject);
	}
}

static void side_finish(struct side *s)
{
	for (unsigned i = 0; i < RECORDS; i++)
		record_destroy(s->records[i], s->m.pool);
	machine_finish(&s->m);
}

/* Through bytes and back: nothing may change. */
static void side_store(struct side *s, unsigned i)
{
	struct bytes first = { 0 }, second = { 0 };
	struct record *back;
	struct hash128 before = record_digest(s->records[i]);
	record_encode(s->records[i], &first);
	CHECK(record_decode(&back, s->m.pool, bytes_slice(&first)) == ERR_OK);
	record_encode(back, &second);
	CHECK(slice_equal(bytes_slice(&first), bytes_slice(&second)));
	struct hash128 after = record_digest(back);
	CHECK(before.low == after.low && before.high == after.high);
	record_destroy(s->records[i], s->m.pool);
	s->records[i] = back;
	bytes_finish(&first);
	bytes_finish(&second);
}

struct story {
	struct side live, replay;
	int64_t now_ms, received_ms;
	uint64_t seq, entries, aborted, alerts, effects, nudges, decisions, timers, merges, learned, drawn, controls, exposed;
	unsigned ids;
};

static void agree(struct story *s, unsigned record)
{
	const struct applied *a = &s->live.out, *b = &s->replay.out;
	struct hash128 x = record_digest(s->live.records[record]), y = record_digest(s->replay.records[record]);
	CHECK(x.low == y.low && x.high == y.high);
	CHECK(a->outcome == b->outcome);
	CHECK(a->alert_count == b->alert_count && a->effect_count == b->effect_count &&
	      a->nudge_count == b->nudge_count);
	CHECK(a->closed_count == b->closed_count && a->fired_count == b->fired_count &&
	      a->aborted.count == b->aborted.count);
	for (unsigned i = 0; i < a->effect_count; i++)
		CHECK(a->effects[i].kind == b->effects[i].kind && slice_equal(a->effects[i].body, b->effects[i].body));
	s->entries++;
	s->aborted += a->aborted.count;
	s->alerts += a->alert_count;
	s->effects += a->effect_count;
	s->nudges += a->nudge_count;
}

static void settle(struct story *s, unsigned record)
{
	agree(s, record);
	s->seq++;
	applied_set_seq(&s->live.out, s->seq);
	applied_set_seq(&s->replay.out, s->seq);
	s->live.records[record]->seq = s->replay.records[record]->seq = s->seq;
	for (unsigned i = 0; i < RECORDS; i++)
		if (random_next(10) == 0)
			side_store(&s->replay, i);
}

static struct apply_input replay_input(const struct story *s, const struct apply_input *live)
{
	struct apply_input in = *live;
	in.replay = true;
	in.aborted = s->live.out.aborted;
	return in;
}

static void entry_effects(struct story *s, const struct event *e, const struct apply_input *in);

static void entry_event(struct story *s, unsigned customer, const struct event *e)
{
	struct apply_input in = { .received_at_ms = s->received_ms };
	arena_reset(&s->live.m.arena);
	arena_reset(&s->replay.m.arena);
	machine_apply_event(&s->live.m, s->live.records[customer], e, &in, &s->live.out);
	struct apply_input again = replay_input(s, &in);
	machine_apply_event(&s->replay.m, s->replay.records[customer], e, &again, &s->replay.out);
	settle(s, customer);
	entry_effects(s, e, &in);
}

/* What the entry caused elsewhere, as entries of their own. */
static void entry_effects(struct story *s, const struct event *e, const struct apply_input *in)
{
	struct effect effects[LIMIT_ENTRY_EFFECTS];
	struct bytes bodies[LIMIT_ENTRY_EFFECTS] = { 0 };
	unsigned count = s->live.out.effect_count;
	memcpy(effects, s->live.out.effects, count * sizeof(effects[0]));
	for (unsigned i = 0; i < count; i++)
		bytes_put(&bodies[i], effects[i].body.data, effects[i].body.len);
	for (unsigned i = 0; i < count; i++) {
		unsigned target = record_of(&effects[i].target);
		s->merges += effects[i].kind == EFFECT_MERGE;
		s->learned += effects[i].kind == EFFECT_LEARN;
		arena_reset(&s->live.m.arena);
		arena_reset(&s->replay.m.arena);
		machine_apply_effect(&s->live.m, s->live.records[target], effects[i].kind, bytes_slice(&bodies[i]), e,
				     in, &s->live.out);
		struct apply_input again = replay_input(s, in);
		machine_apply_effect(&s->replay.m, s->replay.records[target], effects[i].kind, bytes_slice(&bodies[i]),
				     e, &again, &s->replay.out);
		settle(s, target);
		bytes_finish(&bodies[i]);
		entry_effects(s, e, in); /* a prospect that is absorbed has a merge of its own to hand on */
	}
}

static void entry_timers(struct story *s)
{
	for (unsigned i = 0; i < CUSTOMERS; i++)
		while (timers_next_fire(s->live.records[i]) <= s->received_ms) {
			struct record *r = s->live.records[i];
			unsigned due = 0;
			while (r->rare->timers[due].fire_ms > s->received_ms)
				due++;
			struct apply_input in = { .received_at_ms = s->received_ms };
			arena_reset(&s->live.m.arena);
			arena_reset(&s->replay.m.arena);
			machine_apply_timer(&s->live.m, r, &r->rare->timers[due], &in, &s->live.out);
			struct apply_input again = replay_input(s, &in);
			machine_apply_timer(&s->replay.m, s->replay.records[i], &s->replay.records[i]->rare->timers[due],
					    &again, &s->replay.out);
			settle(s, i);
			s->timers++;
		}
}

static void entry_outcome(struct story *s, unsigned customer)
{
	static const char *const actions[] = { "listen", "plan", "more", "gone" };
	struct outcome_input o = {
		.id = SLICE("o"),
		.source = SLICE("crm"),
		.action = slice_of(actions[random_next(4)]),
		.channel = SLICE("call"),
		.kind = 1 + (int)random_next(6),
		.time_ms = s->now_ms,
		.decision_boot = random_next(3),
		.decision_count = random_next(40),
		.id_hash = ++s->ids,
		.content_hash = 1,
	};
	struct apply_input in = { .received_at_ms = s->received_ms };
	arena_reset(&s->live.m.arena);
	arena_reset(&s->replay.m.arena);
	machine_apply_outcome(&s->live.m, s->live.records[customer], &o, &in, &s->live.out);
	struct apply_input again = replay_input(s, &in);
	machine_apply_outcome(&s->replay.m, s->replay.records[customer], &o, &again, &s->replay.out);
	settle(s, customer);
	entry_effects(s, NULL, &in);
}

static void expose(struct story *s, unsigned customer, const struct decision_record *r)
{
	const struct exposures x = { r->exposed, r->exposed_count, r->ask.channel, r->ask.agent, r->ask.mood, r->ask.has_mood,
				     r->ask.now_ms };
	struct apply_input in = { .received_at_ms = s->received_ms };
	machine_apply_exposures(&s->live.m, s->live.records[customer], &x, &in, &s->live.out);
	struct apply_input again = replay_input(s, &in);
	machine_apply_exposures(&s->replay.m, s->replay.records[customer], &x, &again, &s->replay.out);
	s->exposed += r->exposed_count;
	settle(s, customer);
	entry_effects(s, NULL, &in);
}

/* A query changes nothing but what the customer is exposed to; made live, its record must verify on the other side. */
static void query(struct story *s, unsigned customer)
{
	static const char *const topics[] = { "bill", "net", "" };
	struct decide_subjects subjects = {
		.customer = s->live.records[customer],
		.agent = random_next(2) ? s->live.records[CUSTOMERS] : NULL,
		.spent = s->live.records[RECORDS - ACTIONS - LEDGERS],
		.models = (const struct record *const *)&s->live.records[RECORDS - ACTIONS],
	};
	struct foreign_reads foreign = { 0 };
	struct ask ask = { .boot = 1,
			   .count = s->decisions,
			   .now_ms = s->now_ms,
			   .topic = slice_of(topics[random_next(3)]),
			   .explain = random_next(2),
			   .limit = random_next(5),
			   .member = random_next(2) ? SLICE("m1") : SLICE("") };
	struct decision d;
	struct decision_record r;
	struct bytes b = { 0 };
	struct hash128 before = record_digest(s->live.records[customer]);
	arena_reset(&s->live.m.arena);
	arena_reset(&s->replay.m.arena);
	machine_decide(&s->live.m, &subjects, &ask, &foreign, &d);
	struct hash128 after = record_digest(s->live.records[customer]);
	CHECK(before.low == after.low && before.high == after.high);
	decision_encode(&(struct decision_head){ .boot = 1, .count = s->decisions }, &ask, &foreign, &d, &b);
	CHECK(decision_decode(&r, bytes_slice(&b), &s->replay.m.arena) == ERR_OK);
	CHECK(decision_verify(&s->replay.m, s->replay.records[customer], &r));
	if (r.exposed_count)
		expose(s, customer, &r);
	bytes_finish(&b);
	s->decisions++;
	s->controls += d.control;
	for (unsigned i = 0; i < d.choice_count; i++)
		s->drawn += d.choices[i].drawn;
}

static void any_event(struct story *s, unsigned customer)
{
	static const char *const types[] = {
		"call",
		"call",
		"call",
		"hang",
		"sms",
		"sms",
		"sms",
		"promised",
		"kept",
		"down",
		"up",
		"solved",
		"profile.updated",
		"alias.added",
		"alias.removed",
		"member.left",
		"member.joined",
		"unheard.of",
	};
	static const char *const members[] = { "", "m1", "m2" }, *const agents[] = { "", "a0", "a1" },
				 *const texts[] = { "bill", "net", "" };
	static const char *const aliases[] = { "+0", "+1", "+2" };
	char id[24], contact[24];
	struct event_attr attrs[4];
	snprintf(id, sizeof(id), "e%u", ++s->ids);
	struct event e = {
		.id = slice_of(id),
		.source = SLICE("sim"),
		.type = slice_of(types[random_next(18)]),
		.member = slice_of(members[random_next(3)]),
		.agent = slice_of(agents[random_next(3)]),
		.channel = SLICE("call"),
		.time_ms = s->now_ms,
		.attrs = attrs,
		.id_hash = s->ids,
		.content_hash = 1,
	};
	struct subject subject = subject_at(customer);
	e.customer = subject_id(&subject);
	if (random_next(20) == 0)
		e.time_ms -= random_next(10) * HOUR / 4; /* late, at times beyond the horizon */
	attrs[e.attr_count++] = (struct event_attr){ SLICE("alias"), value_string(slice_of(aliases[random_next(3)])) };
	if (random_next(4))
		attrs[e.attr_count++] =
			(struct event_attr){ SLICE("mood"), value_number((double)random_next(2001) / 1000 - 1) };
	if (random_next(3))
		attrs[e.attr_count++] =
			(struct event_attr){ SLICE("topic"), value_string(slice_of(texts[random_next(2)])) };
	attrs[e.attr_count++] = (struct event_attr){ SLICE("ref"), value_number(random_next(3)) };
	if (random_next(3)) { /* one of few, so that they are told of in parts, and of several customers */
		snprintf(contact, sizeof(contact), "k%u", (unsigned)(s->ids / 12 * 3 + random_next(3)));
		e.contact = slice_of(contact);
	}
	entry_event(s, customer, &e);
}

/* At the end the last customer turns out to be the first. */
static void merge(struct story *s)
{
	struct event_attr into = { SLICE("into"), value_string(SLICE("c0")) };
	struct event e = { .id = SLICE("merge"),
			   .source = SLICE("sim"),
			   .customer = SLICE("c3"),
			   .type = SLICE("identity.merged"),
			   .time_ms = s->now_ms,
			   .attrs = &into,
			   .attr_count = 1,
			   .id_hash = 1u << 30,
			   .content_hash = 1 };
	entry_event(s, CUSTOMERS - 1, &e);
}

static void run_story(struct story *s, uint64_t seed, unsigned entries)
{
	memset(s, 0, sizeof(*s));
	random_state = seed;
	s->now_ms = s->received_ms = T0;
	side_init(&s->live, 0);
	side_init(&s->replay, 100 + random_next(900));
	for (unsigned i = 0; i < entries; i++) {
		bool prospect = random_next(16) == 0;
		unsigned customer =
			prospect ? CUSTOMERS + AGENTS + ALIASES + random_next(PROSPECTS) : random_next(CUSTOMERS);
		s->now_ms += random_next(4 * HOUR);
		s->received_ms = s->now_ms > s->received_ms ? s->now_ms : s->received_ms;
		entry_timers(s);
		unsigned what = random_next(12);
		if (what == 0)
			entry_outcome(s, customer);
		else if (what < 3)
			query(s, customer);
		else
			any_event(s, customer);
	}
	merge(s);
	for (unsigned i = 0; i < RECORDS; i++) {
		struct hash128 a = record_digest(s->live.records[i]), b = record_digest(s->replay.records[i]);
		CHECK(a.low == b.low && a.high == b.high);
	}
	side_finish(&s->live);
	side_finish(&s->replay);
}

int main(int argc, char **argv)
{
	unsigned stories = argc > 1 ? (unsigned)atoi(argv[1]) : 12, entries = argc > 2 ? (unsigned)atoi(argv[2]) : 500;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	struct story *s = must_malloc(sizeof(*s));
	uint64_t sums[12] = { 0 };
	for (unsigned i = 0; i < stories; i++) {
		run_story(s, seed + i, entries);
		const uint64_t one[12] = { s->entries, s->aborted, s->alerts, s->effects, s->nudges,  s->decisions,
					   s->timers,  s->merges,  s->learned, s->drawn,  s->controls,
					   s->exposed };
		for (unsigned k = 0; k < 12; k++)
			sums[k] += one[k];
	}
	free(s);
	printf("%u stories: %llu entries, %llu aborted calls, %llu alerts, %llu effects, %llu nudges, %llu decisions, "
	       "%llu timers, %llu merges, %llu outcomes learned, %llu propensities drawn, %llu decisions of the control group, %llu exposures\n",
	       stories, (unsigned long long)sums[0], (unsigned long long)sums[1], (unsigned long long)sums[2],
	       (unsigned long long)sums[3], (unsigned long long)sums[4], (unsigned long long)sums[5],
	       (unsigned long long)sums[6], (unsigned long long)sums[7], (unsigned long long)sums[8],
	       (unsigned long long)sums[9], (unsigned long long)sums[10], (unsigned long long)sums[11]);
	for (unsigned k = 0; k < 12; k++)
		CHECK(sums[k] > 0); /* a story in which nothing of a kind happens tests nothing of it */
	return 0;
}
