/* workbench/tests.c: see tests.h. Between the Lua of the tests (script/testing.h) and the story (workbench/story.h). */
#include "workbench/tests.h"

#include "base/check.h"
#include "base/error.h"
#include "state/exposures.h"
#include "script/utc.h"
#include "workbench/fit.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#define BEGINNING "2026-01-05 09:00"

/* Time. */

/* "2026-06-28", "2026-06-28 19:30[:05]", or "19:30": of the story's day. */
static int read_time(struct story *s, struct slice text, int64_t *out)
{
	const struct zone *zone = s->world->m.pack->zone;
	char date[64];
	const char *time = "0:00";
	int64_t utc_ms;
	snprintf(date, sizeof(date), "%.*s", SLICE_ARG(text));
	char *blank = strpbrk(date, " T");
	if (blank) {
		*blank = '\0';
		time = blank + 1;
	} else if (strchr(date, ':')) {
		time = arena_slice(&s->arena, text).data;
		struct zone_civil c = zone_civil(zone, s->world->now_ms);
		snprintf(date, sizeof(date), "%04d-%02d-%02d", c.year % 10000, c.month, c.day);
	}
	if (!utc_parse(date, time, &utc_ms))
		return error_set(ERR_INVALID, NULL,
				 "\"%.*s\" is no time; write \"2026-06-28 19:30\", \"2026-06-28\" or \"19:30\"",
				 text.len > 60 ? 60 : (int)text.len, text.data);
	int64_t guess = utc_ms - 1000LL * zone_offset_s(zone, utc_ms);
	*out = utc_ms - 1000LL * zone_offset_s(zone, guess);
	return ERR_OK;
}

static int host_moment(void *arg, struct slice time, int64_t *out_ms)
{
	struct story *s = arg;
	if (time.len)
		return read_time(s, time, out_ms);
	*out_ms = s->world->now_ms;
	return ERR_OK;
}

static int host_report(void *arg, const struct test_report *ask, struct test_table *out)
{
	return story_report(arg, ask, out);
}

static int pass_to(struct story *s, int64_t to_ms, unsigned *step)
{
	if (to_ms > LIMIT_TIME_MAX_MS)
		return error_set(ERR_LIMIT, NULL, "the clock cannot go that far");
	*step = story_step(s, arena_printf(&s->arena, "time passes, until %.*s", SLICE_ARG(story_time(s, to_ms))));
	story_last_is_quiet(s);
	world_pass(s->world, to_ms);
	return story_check(s);
}

static int host_at(void *arg, struct slice time, unsigned *step)
{
	struct story *s = arg;
	int64_t ms;
	if (read_time(s, time, &ms) != ERR_OK)
		return ERR_INVALID;
	if (s->steps == 0)
		s->world->now_ms = s->world->in.received_at_ms = ms;
	if (ms < s->world->now_ms)
		return error_set(ERR_INVALID, NULL, "the clock goes onward only, and it is %.*s already",
				 SLICE_ARG(story_time(s, s->world->now_ms)));
	if (s->steps == 0) {
		*step = 0;
		return ERR_OK;
	}
	return pass_to(s, ms, step);
}

static int host_wait(void *arg, int64_t ms, unsigned *step)
{
	struct story *s = arg;
	return pass_to(s, s->world->now_ms + ms, step);
}

/* What happens. */

static void put_attrs(struct bytes *b, const char **before, const struct event_attr *attrs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bytes_printf(b, "%s%.*s=", *before, SLICE_ARG(attrs[i].name));
		if (attrs[i].value.kind == VALUE_STRING)
			bytes_printf(b, "%.*s", SLICE_ARG(attrs[i].value.string));
		else
			value_text(attrs[i].value, b);
		*before = " ";
	}
}

static void put_field(struct bytes *b, const char **before, const char *name, struct slice value)
{
	if (!value.len)
		return;
	bytes_printf(b, "%s%s=%.*s", *before, name, SLICE_ARG(value));
	*before = " ";
}

static unsigned event_step(struct story *s, struct slice customer, const struct test_event *e)
{
	struct bytes b = { 0 };
	const char *before = " (";
	bytes_printf(&b, "customer %.*s: %.*s", SLICE_ARG(customer), SLICE_ARG(e->type));
	put_field(&b, &before, "member", e->member);
	put_field(&b, &before, "agent", e->agent);
	put_field(&b, &before, "channel", e->channel);
	put_field(&b, &before, "contact", e->contact);
	put_attrs(&b, &before, e->attrs, e->attr_count);
	if (before[1] == '\0')
		bytes_printf(&b, ")");
	if (e->ago_ms)
		bytes_printf(&b, " of %.*s", SLICE_ARG(story_time(s, s->world->now_ms - e->ago_ms)));
	unsigned step = story_step(s, bytes_slice(&b));
	bytes_finish(&b);
	return step;
}

static int host_event(void *arg, struct slice customer, const struct test_event *e, unsigned *step)
{
	struct story *s = arg;
	bool applied;
	struct event event = {
		.id = e->id,
		.source = e->source,
		.customer = customer,
		.member = e->member,
		.agent = e->agent,
		.contact = e->contact,
		.type = e->type,
		.channel = e->channel,
		.attrs = e->attrs,
		.attr_count = e->attr_count,
		.time_ms = s->world->now_ms - e->ago_ms,
	};
	int rc = fit_event(s, e);
	if (rc != ERR_OK)
		return rc;
	*step = event_step(s, customer, e);
	rc = world_event(s->world, &event, &applied);
	if (rc == ERR_OK && !applied)
		story_add(s, SLICE("seen before: not applied"));
	return rc == ERR_OK ? story_check(s) : rc;
}

static bool pack_has_action(const struct world *w, struct slice name)
{
	const struct str *known = strpool_find(w->m.pool, name);
	return known && pack_action(w->m.pack, known) >= 0;
}

static int host_outcome(void *arg, struct slice customer, const struct test_outcome *o, unsigned *step)
{
	struct story *s = arg;
	int kind = outcome_from_name(o->kind);
	if (!kind)
		return error_set(ERR_INVALID, NULL,
				 "\"%.*s\" is no outcome; it is shown, offered, accepted, rejected, later, ignored or overruled",
				 SLICE_ARG(o->kind));
	if (!pack_has_action(s->world, o->action))
		return story_unknown("action", o->action, NULL);
	if (o->member.len > LIMIT_ID_BYTES || o->agent.len > LIMIT_ID_BYTES || o->channel.len > LIMIT_CHANNEL_BYTES)
		return error_set(ERR_LIMIT, NULL, "member, agent and channel have at most %u bytes (limit_id_bytes)",
				 LIMIT_ID_BYTES);
	struct outcome_input input = {
		.id = SLICE("outcome"),
		.member = o->member,
		.agent = o->agent,
		.action = o->action,
		.channel = o->channel.len ? o->channel : SLICE("call"),
		.kind = kind,
		.details = { .reason = o->reason, .until_ms = o->until_ms, .revenue = o->revenue, .cost = o->cost },
	};
	*step = story_step(s, arena_printf(&s->arena, "customer %.*s: %.*s %.*s", SLICE_ARG(customer),
					   SLICE_ARG(o->kind), SLICE_ARG(o->action)));
	world_outcome(s->world, &input, customer);
	return story_check(s);
}

static int host_acknowledge(void *arg, const struct subject *subject, struct slice rule)
{
	struct story *s = arg;
	struct record *r = world_record(s->world, subject, true);
	for (unsigned i = r->rare->alert_count; i > 0; i--) {
		struct alert *a = &r->rare->alerts[i - 1];
		if (!slice_equal(str_slice(a->rule), rule) || alert_is_nudge(a) || !alert_is_open(a, s->world->now_ms))
			continue;
		story_step(s, arena_printf(&s->arena, "alert %.*s is acknowledged", SLICE_ARG(rule)));
		return machine_apply_acknowledge(&s->world->m, r, a->seq, a->index, s->world->now_ms, &a);
	}
	return error_set(ERR_MISSING, NULL, "there is no open alert of a rule \"%.*s\" to acknowledge",
			 SLICE_ARG(rule));
}

static void ask_step(struct story *s, struct slice customer, const struct test_ask *a)
{
	struct bytes b = { 0 };
	const char *before = " (";
	bytes_printf(&b, "customer %.*s: what next?", SLICE_ARG(customer));
	put_field(&b, &before, "member", a->member);
	put_field(&b, &before, "agent", a->agent);
	put_field(&b, &before, "channel", a->channel);
	put_field(&b, &before, "intent", a->intent);
	put_field(&b, &before, "topic", a->topic);
	put_field(&b, &before, "lang", a->language);
	if (a->has_mood) {
		const struct event_attr mood = { SLICE("mood"), value_number(a->mood) };
		put_attrs(&b, &before, &mood, 1);
	}
	put_attrs(&b, &before, a->attrs, a->attr_count);
	if (a->late)
		put_field(&b, &before, "late", SLICE("true"));
	if (a->arm)
		put_field(&b, &before, "arm", a->arm == ARM_WITHHELD ? SLICE("withheld") : SLICE("recommended"));
	if (before[1] == '\0')
		bytes_printf(&b, ")");
	story_step(s, bytes_slice(&b));
	bytes_finish(&b);
}

static bool too_late(void *arg)
{
	return true;
}

static int host_ask(void *arg, struct slice customer, const struct test_ask *a, unsigned *request)
{
	struct story *s = arg;
	struct ask ask = {
		.member = a->member,
		.agent = a->agent,
		.channel = a->channel,
		.intent = a->intent,
		.topic = a->topic,
		.language = a->language,
		.mood = a->mood,
		.has_mood = a->has_mood,
		.limit = a->limit,
		.arm = a->arm,
		.attrs = a->attrs,
		.attr_count = a->attr_count,
		.expired = a->late ? too_late : NULL,
	};
	if (a->member.len > LIMIT_ID_BYTES || a->agent.len > LIMIT_ID_BYTES)
		return error_set(ERR_LIMIT, NULL, "ids have at most %u bytes (limit_id_bytes)", LIMIT_ID_BYTES);
	int rc = fit_ask(s, s->pack, a);
	if (rc != ERR_OK)
		return rc;
	ask_step(s, customer, a);
	world_decide(s->world, customer, &ask);
	*request = story_told(s, customer, a->channel);
	return story_check(s);
}

static int host_resolve(void *arg, struct slice alias, struct subject *customer, struct slice *member)
{
	struct story *s = arg;
	return world_resolve(s->world, alias, customer, member);
}

static int host_expect(void *arg, const struct expectation *x)
{
	struct story *s = arg;
	int rc = x->what == EXPECT_ATTR ? fit_attr_name(s, s->pack, x->name) : ERR_OK;
	return rc != ERR_OK ? rc : story_expect(s, x);
}

static int host_read(void *arg, enum test_read what, const struct subject *subject, struct slice name,
		     struct slice member, struct value *out)
{
	struct story *s = arg;
	if (what == READ_FACT)
		return world_fact(s->world, subject, member, name, out);
	int rc = fit_attr_name(s, s->pack, name);
	return rc != ERR_OK ? rc : world_attr(s->world, subject, member, name, out);
}

static void host_differs(void *arg, struct slice wanted, struct slice came)
{
	struct story *s = arg;
	bytes_clear(&s->wanted);
	bytes_clear(&s->came);
	bytes_clear(&s->why);
	bytes_put(&s->wanted, wanted.data, wanted.len);
	bytes_put(&s->came, came.data, came.len);
}

/* Results. */

static char *taken(const struct bytes *b)
{
	return must_strndup(b->data ? b->data : "", b->len);
}

static struct test_result *add_result(struct test_run *run, enum test_state state, const char *file, const char *name,
				      int line)
{
	run->results = must_realloc(run->results, (run->count + 1) * sizeof(*run->results));
	struct test_result *r = &run->results[run->count++];
	*r = (struct test_result){ .state = state, .file = must_strdup(file), .name = must_strdup(name), .line = line };
	run->passed += state == TEST_PASSED;
	run->failed += state == TEST_FAILED;
	run->todo += state == TEST_TODO;
	return r;
}

static int tell_story(struct story *s, struct testing *t, unsigned i)
{
	int64_t began_ms = 0;
	story_begin(s, 0);
	CHECK(read_time(s, SLICE(BEGINNING), &began_ms) == ERR_OK);
	s->world->now_ms = s->world->in.received_at_ms = began_ms;
	return testing_run(t, i);
}

static void run_test(struct test_run *run, struct story *s, struct testing *t, unsigned i)
{
	const struct test_case *about = testing_case(t, i);
	if (about->todo) {
		add_result(run, TEST_TODO, about->file, about->name, about->line);
		return;
	}
	int rc = tell_story(s, t, i);
	struct test_result *r =
		add_result(run, rc == ERR_OK ? TEST_PASSED : TEST_FAILED, about->file, about->name, about->line);
	r->idle = rc == ERR_OK && !testing_expected(t);
	if (rc == ERR_OK)
		return;
	struct bytes story = { 0 };
	r->message = must_strdup(error_last()->text);
	story_write(s, &story);
	r->wanted = taken(&s->wanted);
	r->came = taken(&s->came);
	r->why = taken(&s->why);
	r->story = taken(&story);
	bytes_finish(&story);
}

static void repeat_test(struct test_run *run, struct story *s, struct testing *t, unsigned i,
			const struct test_repeat *repeat)
{
	repeat->again(repeat->arg, s->world, 0);
	run_test(run, s, t, i);
	for (unsigned round = 1; !testing_case(t, i)->todo && repeat->again(repeat->arg, s->world, round); round++)
		tell_story(s, t, i);
}

static bool matches(const char *pattern, const struct test_case *about)
{
	if (!pattern)
		return true;
	if (strpbrk(pattern, "*?"))
		return fnmatch(pattern, about->name, 0) == 0 || fnmatch(pattern, about->file, 0) == 0;
	return strstr(about->name, pattern) || strstr(about->file, pattern);
}

static void too_many(struct test_run *run, const struct test_case *about, uint64_t most)
{
	struct test_result *r = add_result(run, TEST_FAILED, about->file, about->name, about->line);
	struct bytes text = { 0 };
	bytes_printf(&text,
		     "%s:%d: not run: the pack's tests take more than %llu instructions in all "
		     "(limit_activation_instructions)",
		     about->file, about->line, (unsigned long long)most);
	r->message = taken(&text);
	bytes_finish(&text);
}

static void run_file(struct test_run *run, struct story *s, const struct bundle *pack, const struct bundle *tests,
		     unsigned file, const struct test_options *options)
{
	const struct testing_host host = {
		.arg = s,
		.at = host_at,
		.wait = host_wait,
		.event = host_event,
		.outcome = host_outcome,
		.acknowledge = host_acknowledge,
		.ask = host_ask,
		.expect = host_expect,
		.resolve = host_resolve,
		.read = host_read,
		.moment = host_moment,
		.report = host_report,
		.differs = host_differs,
	};
	struct testing *t;
	if (testing_open(&t, pack, tests, file, &host) != ERR_OK) {
		const char *path = tests->files[file].path;
		struct test_result *r = add_result(run, TEST_FAILED, path, path, 1);
		r->message = must_strdup(error_last()->text);
		const char *place = strstr(r->message, ".lua:"); /* "FILE:LINE: …" */
		if (place && atoi(place + 5) > 0)
			r->line = atoi(place + 5);
		return;
	}
	for (unsigned i = 0; i < testing_count(t); i++) {
		uint64_t used = run->instructions + testing_instructions(t);
		if (!matches(options->pattern, testing_case(t, i)))
			continue;
		if (options->instructions_max && used > options->instructions_max)
			too_many(run, testing_case(t, i), options->instructions_max);
		else if (options->repeat)
			repeat_test(run, s, t, i, options->repeat);
		else
			run_test(run, s, t, i);
	}
	run->instructions += testing_instructions(t);
	testing_close(t);
}

int tests_run(struct test_run *out, const struct bundle *pack, const struct bundle *tests,
	      const struct test_options *options)
{
	struct story story;
	*out = (struct test_run){ .world = world_create() };
	int rc = world_load(out->world, pack);
	if (rc != ERR_OK) {
		world_destroy(out->world);
		out->world = NULL;
		return rc;
	}
	if (options->coverage) {
		coverage_init(&out->coverage, &out->world->m);
		out->covered = out->world->covered = true;
	}
	story_start(&story, out->world, out->covered ? &out->coverage : NULL);
	story.pack = pack;
	for (unsigned i = 0; i < tests->count; i++)
		run_file(out, &story, pack, tests, i, options);
	story_end(&story);
	return ERR_OK;
}

void tests_finish(struct test_run *run)
{
	for (unsigned i = 0; i < run->count; i++) {
		struct test_result *r = &run->results[i];
		char *const texts[] = { r->file, r->name, r->message, r->wanted, r->came, r->why, r->story };
		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			free(texts[k]);
	}
	free(run->results);
	if (run->covered)
		coverage_finish(&run->coverage);
	world_destroy(run->world);
	*run = (struct test_run){ 0 };
}
