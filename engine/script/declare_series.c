/* script/declare_series.c: series and tallies, and the settling of how their windows are kept: what to keep, and how
 * long, follows from what the pack asks of them. */
#include "script/declare.h"

#include "base/hash.h"

#include <math.h>

#define SERIES_META "nudged.series"
#define HOUR_MS (3600 * 1000LL)
#define DAY_MS (24 * HOUR_MS)
#define SPELL_GAP_MS (15 * 60 * 1000LL) /* so long without a contact is a break, where the pack says nothing */
#define KEEP_UNSPANNED_MS (31 * DAY_MS) /* of latest, previous, since, run: they name no span */

/* What Lua holds: a series, perhaps with the keys to read. */
struct series_view {
	unsigned index;
	bool all_keys;
	struct term **key;
};

static struct series_view *view_at(lua_State *L, int index)
{
	struct series_view *v = luaL_testudata(L, index, SERIES_META);
	if (!v)
		fail_here(L, "this is a method of series: write series:method(…) with a colon");
	return v;
}

static struct series_view *view_push(lua_State *L, unsigned index)
{
	struct series_view *v = lua_newuserdatauv(L, sizeof(*v), 0);
	*v = (struct series_view){ .index = index };
	luaL_setmetatable(L, SERIES_META);
	return v;
}

unsigned series_of_tally(lua_State *L, int index, const char *what)
{
	struct series_view *v = luaL_testudata(L, index, SERIES_META);
	if (!v || !vm_of(L)->pack->series[v->index].tally)
		luaL_error(L, "%s: a tally is wanted; declare one with tally { name = \"…\" }", what);
	return v->index;
}

static enum term_scope scope_of(const struct series_decl *s)
{
	static const enum term_scope scopes[] = { SCOPE_CUSTOMER, SCOPE_MEMBER, SCOPE_AGENT, SCOPE_AREA };
	return scopes[s->about];
}

/* What is filled in counts as declared once nothing can refuse it any more: add_done. */
static struct series_decl *add_series(lua_State *L, const struct fields *f)
{
	static const char *const pers[] = { "customer", "member", "agent", "area", NULL };
	struct loader *l = loader_of(L);
	struct pack *p = l->pack;
	if (p->series_count >= LIMIT_SERIES)
		fields_fail(f, "more than %u series and tallies (limit_series)", LIMIT_SERIES);
	p->series = list_room(p->series, p->series_count, sizeof(*p->series));
	l->uses = list_room(l->uses, p->series_count, sizeof(*l->uses));
	struct series_decl *s = &p->series[p->series_count];
	struct series_use *use = &l->uses[p->series_count];
	*s = (struct series_decl){ .file = f->place.file, .line = f->place.line };
	*use = (struct series_use){ 0 };
	s->about = (uint8_t)fields_choice(f, "per", pers, ABOUT_CUSTOMER);
	s->name = fields_text(f, "name", false);
	use->every_ms = fields_ms(f, "every", 0);
	if (use->every_ms && use->every_ms < 1000)
		fields_fail(f, "every must be at least \"1s\"");
	struct span keep;
	if (fields_span(f, "keep", &keep)) {
		use->keep_given = true;
		use->keep_ms = span_keep_ms(keep);
	}
	return s;
}

/* Pushes it. */
static void add_done(lua_State *L)
{
	view_push(L, vm_of(L)->pack->series_count++);
}

static void check_where(const struct fields *f, const struct term *t)
{
	bool allowed = t->op == TERM_LITERAL || t->op == TERM_EVENT || (t->op >= TERM_ADD && t->op <= TERM_NO);
	if (!allowed)
		fields_fail(f, "where may only read the event (event.NAME): what is counted must not depend on state");
	for (unsigned i = 0; i < t->child_count; i++)
		check_where(f, t->children[i]);
}

static void name_series(struct loader *l, struct series_decl *s)
{
	unsigned nth = 1;
	for (unsigned i = 0; i < l->pack->series_count; i++)
		if (l->pack->series[i].on && l->pack->series[i].on[0] == s->on[0])
			nth++;
	struct slice name = arena_printf(&l->pack->arena, "%s#%u", s->on[0]->data, nth);
	s->name = pack_str(l->pack, name);
}

/* ends = "contact.ended", breaks = "agent.break", gap = "15m": from an event `on` to the one that ends it an agent is busy. */
static void read_spells(const struct fields *f, struct series_decl *s)
{
	struct str **lists[3] = { s->on };
	unsigned counts[3] = { s->on_count }, n = 0;
	lists[1] = fields_texts(f, "ends", false, &counts[1]);
	lists[2] = fields_texts(f, "breaks", false, &counts[2]);
	s->gap_ms = fields_ms(f, "gap", SPELL_GAP_MS);
	if (!counts[1]) {
		if (counts[2] || s->gap_ms != SPELL_GAP_MS)
			fields_fail(f, "breaks and gap belong to ends = \"…\": the event with which an agent is no longer busy");
		return;
	}
	if (s->about != ABOUT_AGENT || s->value || s->by_count)
		fields_fail(f, "ends is for per = \"agent\", without by and value: it tells when an agent is busy");
	struct str **all = arena_calloc(&loader_of(f->L)->pack->arena, counts[0] + counts[1] + counts[2] + 1, sizeof(*all));
	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < counts[i]; k++) {
			for (unsigned x = 0; x < n; x++)
				if (all[x] == lists[i][k])
					fields_fail(f, "\"%s\" is named twice among on, ends and breaks", all[x]->data);
			all[n++] = lists[i][k];
		}
	s->on = all;
	s->on_count = n;
	s->starts = counts[0];
	s->ends = counts[1];
}

static int series_declare(lua_State *L)
{
	static const char *const allowed[] = { "on", "per", "by", "value", "where", "every", "keep", "name", "ends", "breaks",
					       "gap", NULL };
	struct loader *l = loader_of(L);
	struct fields f = fields_open(L, 1, "series", place_here(L), allowed);
	struct series_decl *s = add_series(L, &f);
	s->on = fields_texts(&f, "on", true, &s->on_count);
	s->by = fields_texts(&f, "by", false, &s->by_count);
	if (s->by_count == 0)
		s->by = NULL;
	if (s->by_count > SERIES_BY_MAX)
		fields_fail(&f, "by has more than %d names", SERIES_BY_MAX);
	s->value = fields_text(&f, "value", false);
	s->where = fields_condition(&f, "where");
	if (s->where)
		check_where(&f, s->where);
	read_spells(&f, s);
	if (!s->name)
		name_series(l, s);
	s->window.has_value = s->value != NULL;
	add_done(L);
	return 1;
}

static int tally_declare(lua_State *L)
{
	static const char *const allowed[] = { "name", "per", "every", "keep", NULL };
	struct fields f = fields_open(L, 1, "tally", place_here(L), allowed);
	fields_text(&f, "name", true);
	struct series_decl *s = add_series(L, &f);
	struct pack *p = loader_of(L)->pack;
	s->tally = true;
	s->window.has_value = true;
	for (unsigned i = 0; i < p->series_count; i++)
		if (p->series[i].name == s->name)
			fields_fail_as(&f, "duplicate", "the name \"%s\" is taken at %s:%d", s->name->data,
				       p->series[i].file, p->series[i].line);
	add_done(L);
	return 1;
}

/* Reading a series: a term, with the span as a text or { "7d", before = "this" }. */
static struct term *read_series(lua_State *L, enum series_aggregate aggregate, const char *method, bool needs_value,
				bool needs_exact)
{
	struct loader *l = loader_of(L);
	struct series_view *v = view_at(L, 1);
	const struct series_decl *s = &l->pack->series[v->index];
	if (needs_value && !s->window.has_value)
		fail_here(L, "series \"%s\": :%s needs values; declare the series with value = \"ATTRIBUTE\"",
			  s->name->data, method);
	if (needs_exact && l->uses[v->index].every_ms)
		fail_here(L, "series \"%s\": :%s needs every single event; leave out every = …", s->name->data, method);
	if (needs_exact)
		l->uses[v->index].exact_needed = true;
	struct term *t = term_new(L, TERM_SERIES, TYPE_NUMBER, 0);
	t->scope = (uint8_t)scope_of(s);
	t->series.index = v->index;
	t->series.aggregate = (uint8_t)aggregate;
	t->series.all_keys = v->all_keys;
	t->series.key = v->key;
	term_done(L, t);
	return t;
}

static void need_keep(struct loader *l, const struct term *t, int64_t ms)
{
	struct series_use *use = &l->uses[t->series.index];
	if (ms > use->needed_ms)
		use->needed_ms = ms;
}

static void read_before(lua_State *L, const struct fields *f, struct term *t, bool days)
{
	static const char *const choices[] = { "this", "today", NULL };
	int choice = fields_choice(f, "before", choices, -1);
	t->series.before_this = choice == 0;
	t->series.before_today = choice == 1;
	if (choice == 1 && !days)
		fail_at(L, f->place, "%s: before = \"today\" belongs to daily_mean; here it is before = \"this\"",
			f->what);
}

static int over_span(lua_State *L, enum series_aggregate aggregate, const char *method, bool needs_value,
		     bool needs_exact)
{
	static const char *const allowed[] = { "#", "before", NULL };
	struct loader *l = loader_of(L);
	struct term *t = read_series(L, aggregate, method, needs_value, needs_exact);
	struct place at = place_here(L);
	if (lua_type(L, 2) == LUA_TTABLE) {
		struct fields f = fields_open(L, 2, method, at, allowed);
		read_before(L, &f, t, false);
		lua_geti(L, 2, 1);
		lua_replace(L, 2);
	}
	if (lua_type(L, 2) != LUA_TSTRING)
		fail_at(L, at, ":%s needs a span: :%s \"7d\" or :%s { \"7d\", before = \"this\" }", method, method,
			method);
	char what[32];
	snprintf(what, sizeof(what), ":%s", method);
	t->series.span = span_here(L, at, what, lua_tostring(L, 2), true);
	struct series_use *use = &l->uses[t->series.index];
	if (use->every_ms && t->series.span.kind == SPAN_EXACT && t->series.span.ms < use->every_ms)
		fail_at(L, at, ":%s: the span is shorter than the series' every", method);
	if (t->series.span.kind == SPAN_TODAY || t->series.span.kind == SPAN_MONTH)
		use->calendar_needed = true;
	else
		use->exact_span_used = true;
	need_keep(l, t, span_keep_ms(t->series.span));
	term_push(L, t);
	return 1;
}

#define OVER_SPAN(function, aggregate, method, needs_value, needs_exact) \
	static int function(lua_State *L) \
	{ \
		return over_span(L, aggregate, method, needs_value, needs_exact); \
	}

OVER_SPAN(series_count, AGGREGATE_COUNT, "count", false, false)
OVER_SPAN(series_sum, AGGREGATE_SUM, "sum", true, false)
OVER_SPAN(series_mean, AGGREGATE_MEAN, "mean", true, false)
OVER_SPAN(series_min, AGGREGATE_MIN, "min", true, false)
OVER_SPAN(series_max, AGGREGATE_MAX, "max", true, false)
OVER_SPAN(series_distinct, AGGREGATE_DISTINCT, "distinct", true, true)

static int unspanned(lua_State *L, enum series_aggregate aggregate, const char *method, bool needs_value)
{
	struct term *t = read_series(L, aggregate, method, needs_value, true);
	if (aggregate == AGGREGATE_PREVIOUS || aggregate == AGGREGATE_SINCE)
		t->series.before_this = true;
	t->series.span = (struct span){ .kind = SPAN_EVER };
	if (!loader_of(L)->uses[t->series.index].keep_given)
		need_keep(loader_of(L), t, KEEP_UNSPANNED_MS);
	term_push(L, t);
	return 1;
}

static int series_latest(lua_State *L)
{
	return unspanned(L, AGGREGATE_LATEST, "latest", true);
}

static int series_previous(lua_State *L)
{
	return unspanned(L, AGGREGATE_PREVIOUS, "previous", true);
}

static int series_since(lua_State *L)
{
	return unspanned(L, AGGREGATE_SINCE, "since", false);
}

static void need_spells(lua_State *L, const char *method)
{
	const struct series_decl *s = &loader_of(L)->pack->series[view_at(L, 1)->index];
	if (!s->starts)
		fail_here(L, "series \"%s\": :%s is of a series with ends = \"…\": the event with which an agent is no longer busy",
			  s->name->data, method);
}

/* :occupancy "2h" */
static int series_occupancy(lua_State *L)
{
	need_spells(L, "occupancy");
	over_span(L, AGGREGATE_OCCUPANCY, "occupancy", false, false);
	if (term_at(L, -1)->series.span.kind == SPAN_EVER)
		fail_here(L, ":occupancy needs a span that begins, such as \"2h\" or \"today\"");
	return 1;
}

static int series_since_break(lua_State *L)
{
	need_spells(L, "since_break");
	return unspanned(L, AGGREGATE_SINCE_BREAK, "since_break", false);
}

/* :run(at_most(-0.4)) */
static int series_run(lua_State *L)
{
	double low, high;
	if (!predicate_at(L, 2, &low, &high))
		fail_here(L, ":run needs a predicate: :run(at_most(x)), :run(at_least(x)) or :run(between(a, b))");
	unspanned(L, AGGREGATE_RUN, "run", true);
	struct term *t = term_at(L, -1);
	t->series.low = low;
	t->series.high = high;
	return 1;
}

static unsigned whole_days(const struct fields *f, const char *name, int64_t otherwise)
{
	int64_t ms = fields_ms(f, name, otherwise);
	if (ms <= 0 || ms % DAY_MS != 0 || ms / DAY_MS > 3660)
		fields_fail(f, "needs %s in whole days, such as \"28d\"", name);
	return (unsigned)(ms / DAY_MS);
}

static int series_daily_mean(lua_State *L)
{
	static const char *const allowed[] = { "over", "before", "at_least", "of", NULL };
	static const char *const of[] = { "sum", "count", NULL };
	struct loader *l = loader_of(L);
	struct term *t = read_series(L, AGGREGATE_DAILY_MEAN, "daily_mean", false, false);
	struct fields f = fields_open(L, 2, "daily_mean", place_here(L), allowed);
	const struct series_decl *s = &l->pack->series[t->series.index];
	read_before(L, &f, t, true);
	t->series.days = whole_days(&f, "over", 0);
	t->series.at_least_days = whole_days(&f, "at_least", DAY_MS);
	if (t->series.at_least_days > t->series.days)
		fields_fail(&f, "at_least is longer than over; it can never hold");
	int what = fields_choice(&f, "of", of, s->window.has_value ? 0 : 1);
	if (what == 0 && !s->window.has_value)
		fields_fail(&f, "of = \"sum\" needs values; declare the series with value = \"ATTRIBUTE\"");
	t->series.of_values = what == 0;
	t->series.span = (struct span){ .kind = SPAN_EXACT, .ms = t->series.days * DAY_MS };
	l->uses[t->series.index].calendar_needed = true;
	need_keep(l, t, (t->series.days + 1) * DAY_MS + 2 * HOUR_MS); /* the day that runs, and clocks going back */
	term_push(L, t);
	return 1;
}

/* :with { topic = "bill", ref = request.ref }: other keys than those of the event or request */
static int series_with(lua_State *L)
{
	struct loader *l = loader_of(L);
	struct series_view *v = view_at(L, 1);
	struct series_decl *s = &l->pack->series[v->index];
	if (!s->by_count)
		fail_here(L, "series \"%s\" is not split: it has no by = …, so :with has nothing to choose",
			  s->name->data);
	const char **names = arena_calloc(&l->pack->arena, s->by_count + 1, sizeof(*names));
	for (unsigned i = 0; i < s->by_count; i++)
		names[i] = s->by[i]->data;
	struct fields f = fields_open(L, 2, "with", place_here(L), names);
	struct term **key = arena_calloc(&l->pack->arena, s->by_count, sizeof(*key));
	for (unsigned i = 0; i < s->by_count; i++) {
		if (!fields_push(&f, names[i]))
			fields_fail(&f, "%s is missing: all of the series' by names are needed, or none", names[i]);
		key[i] = term_operand(L, -1, false, "with");
		key[i]->used = true;
		lua_pop(L, 1);
	}
	struct series_view *with = view_push(L, v->index);
	with->key = key;
	return 1;
}

static int series_all_keys(lua_State *L)
{
	struct series_view *v = view_at(L, 1);
	view_push(L, v->index)->all_keys = true;
	return 1;
}

static const luaL_Reg methods[] = {
	{ "all_keys", series_all_keys }, { "count", series_count }, { "daily_mean", series_daily_mean },
	{ "distinct", series_distinct }, { "latest", series_latest }, { "max", series_max }, { "mean", series_mean },
	{ "min", series_min }, { "occupancy", series_occupancy }, { "previous", series_previous }, { "run", series_run }, { "since", series_since }, { "since_break", series_since_break },
	{ "sum", series_sum }, { "with", series_with }, { NULL, NULL },
};

static int unknown_method(lua_State *L)
{
	const char *names[sizeof(methods) / sizeof(methods[0])];
	size_t n = 0;
	for (; methods[n].name; n++)
		names[n] = methods[n].name;
	names[n] = NULL;
	const char *wrong = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
	const char *nearest = nearest_name(wrong, names);
	if (nearest)
		fail_here(L, "series have no method \"%s\"; did you mean \":%s\"?", wrong, nearest);
	fail_here(L,
		  "series have no method \"%s\"; known are count sum mean min max latest previous since run distinct "
		  "daily_mean with "
		  "all_keys occupancy since_break",
		  wrong);
}

void declare_methods(lua_State *L, const char *meta, const luaL_Reg *list, lua_CFunction unknown)
{
	lua_newtable(L);
	luaL_setfuncs(L, list, 0);
	sandbox_methods(L, meta, unknown);
}

void declare_series(lua_State *L)
{
	static const luaL_Reg functions[] = { { "series", series_declare },
					      { "tally", tally_declare },
					      { NULL, NULL } };
	declare_methods(L, SERIES_META, methods, unknown_method);
	luaL_setfuncs(L, functions, 0);
}

static void put_texts(struct bytes *out, const char *what, struct str **texts, unsigned count)
{
	bytes_put_string(out, slice_of(what));
	bytes_put_varint(out, count);
	for (unsigned i = 0; i < count; i++)
		bytes_put_string(out, str_slice(texts[i]));
}

/* What a series counts, canonically: never its name or how long it is kept, so that changing those keeps the data. */
static uint32_t series_id(const struct pack *p, const struct series_decl *s)
{
	struct bytes b = { 0 };
	bytes_put_string(&b, s->tally ? SLICE("tally") : SLICE("series"));
	if (s->tally)
		bytes_put_string(&b, str_slice(s->name)); /* nothing else tells tallies apart */
	bytes_put_u8(&b, s->about);
	put_texts(&b, "on", s->on, s->on_count);
	put_texts(&b, "by", s->by, s->by_count);
	bytes_put_string(&b, str_slice(s->value));
	if (s->where)
		term_text(s->where, p, &b);
	bytes_put_u8(&b, (uint8_t)s->window.keeping);
	bytes_put_u64(&b, (uint64_t)s->window.grain_ms);
	if (s->starts)
		bytes_printf(&b, "spells %u %u", s->starts, s->ends); /* a gap is only asked for */
	uint32_t id = (uint32_t)hash64(bytes_slice(&b), 0);
	bytes_finish(&b);
	return id;
}

/* The gap that :since gives, if the term is one, whichever facts it goes through. */
static const struct term *gap_of(const struct pack *p, const struct term *t)
{
	while (t->op == TERM_FACT || t->op == TERM_OR_ELSE)
		t = t->op == TERM_FACT ? p->facts[t->fact].term : t->children[0];
	return t->op == TERM_SERIES && t->series.aggregate == AGGREGATE_SINCE ? t : NULL;
}

/* `gap` is asked to be at least (else at most) `bound`. "At most" needs events so old. "At least" needs them however
 * old they are: a gap beyond what is kept would be unknown, and the longest absence the one that nobody hears of. */
static void keep_for_gap(lua_State *L, const struct term *comparison, const struct term *gap, const struct term *bound,
			 bool at_least)
{
	struct loader *l = loader_of(L);
	struct series_use *use = &l->uses[gap->series.index];
	struct place at = { comparison->file, comparison->line };
	bool fixed = bound->op == TERM_LITERAL && bound->literal.number >= 0 && bound->literal.number < 1e12;
	int64_t bound_ms = fixed ? llround(bound->literal.number * 1000) : INT64_MAX;
	if (!at_least)
		need_keep(l, gap, fixed ? bound_ms + DAY_MS : INT64_MAX); /* what is as old as keep is gone */
	else if (!use->keep_given)
		need_keep(l, gap, INT64_MAX);
	else if (fixed && bound_ms >= use->keep_ms)
		complain(L, "gap-never-known", at,
			 "series \"%s\": a gap this long is never known, since keep is not longer; leave out keep, or "
			 "make it longer",
			 l->pack->series[gap->series.index].name->data);
}

static void keep_for_gaps(lua_State *L)
{
	struct loader *l = loader_of(L);
	for (unsigned i = 0; i < l->term_count; i++) {
		const struct term *t = l->terms[i], *gap;
		if (t->op < TERM_ABOVE || t->op > TERM_BETWEEN)
			continue;
		bool at_least = t->op == TERM_ABOVE || t->op == TERM_AT_LEAST;
		if ((gap = gap_of(l->pack, t->children[0])) != NULL)
			keep_for_gap(L, t, gap, t->children[t->child_count - 1], at_least);
		if ((gap = gap_of(l->pack, t->children[1])) != NULL)
			keep_for_gap(L, t, gap, t->children[0], !at_least);
	}
}

static void note_looks_past(struct loader *l)
{
	for (unsigned i = 0; i < l->term_count; i++) {
		const struct term *t = l->terms[i];
		if (t->op == TERM_SERIES && t->series.before_this)
			l->pack->series[t->series.index].looked_past = true;
	}
}

void series_settle(lua_State *L)
{
	struct loader *l = loader_of(L);
	struct pack *p = l->pack;
	keep_for_gaps(L);
	note_looks_past(l);
	for (unsigned i = 0; i < p->series_count; i++) {
		struct series_decl *s = &p->series[i];
		const struct series_use *use = &l->uses[i];
		struct place at = { s->file, s->line };
		s->window.grain_ms = use->every_ms;
		s->window.keeping = use->every_ms ? WINDOW_GRAIN : WINDOW_EXACT;
		if (!use->every_ms && use->calendar_needed && !use->exact_needed && !use->exact_span_used)
			s->window.keeping = WINDOW_DAY;
		s->window.keep_ms = use->needed_ms > use->keep_ms ? use->needed_ms : use->keep_ms;
		if (s->window.keep_ms == 0)
			s->window.keep_ms = DAY_MS; /* nothing asks for it yet */
		s->id = series_id(p, s);
		for (unsigned k = 0; k < i; k++)
			if (p->series[k].id == s->id)
				complain(L, "duplicate", at,
					 "series \"%s\" counts the same as the one at %s:%d; use that one",
					 s->name->data, p->series[k].file, p->series[k].line);
	}
}
