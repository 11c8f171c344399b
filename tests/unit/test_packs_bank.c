/* tests/unit/test_packs_bank.c: the bank's pack over the bank's calls: every row through the real mapping and the real
 * rules, compared with a computation of its own that knows nothing of series or rules. The recording is no part of the
 * project: where it is absent (NUDGED_DATA names its folder, else ../shared/data beside the source), the test says so
 * and is skipped. */
#include "pack_town.h"

#include "script/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>
#include <zlib.h>

#define COLUMNS_MAX 32
#define CALLS_MAX 40000
#define TRUTH_SLOTS 16384u
#define WEEK (7 * DAY)

struct row {
	struct slice cells[COLUMNS_MAX];
	unsigned count;
};

static const char *calls_path(void)
{
	static char path[4096];
	const char *folder = getenv("NUDGED_DATA");
	snprintf(path, sizeof(path), "%s/bank-calls-1999-08a.csv.gz", folder ? folder : SOURCE_ROOT "/../shared/data");
	return access(path, R_OK) == 0 ? path : NULL;
}

/* The recording quotes nothing, so a comma is always an end. */
static bool read_row(gzFile f, char line[1024], struct row *out)
{
	out->count = 0;
	if (!gzgets(f, line, 1024))
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	for (char *at = line;;) {
		size_t len = strcspn(at, ",");
		assert_true(out->count < COLUMNS_MAX);
		out->cells[out->count++] = (struct slice){ at, len };
		if (!at[len])
			return true;
		at += len + 1;
	}
}

/* What the issue counts, computed the plain way: every call against all earlier ones of the same customer. */
struct call {
	char customer[24], service[8];
	int64_t time_ms;
	bool hang;
	int before; /* the customer's previous call; -1: none */
};

struct truth {
	struct call *calls;
	unsigned count, customers, repeats, second_hang_ups;
	int last[TRUTH_SLOTS]; /* by hash of the customer: index of the latest call */
};

static unsigned truth_slot(const struct truth *t, const char *customer)
{
	unsigned at = (unsigned)hash64(slice_of(customer), 7) % TRUTH_SLOTS;
	while (t->last[at] >= 0 && strcmp(t->calls[t->last[at]].customer, customer) != 0)
		at = (at + 1) % TRUTH_SLOTS;
	return at;
}

static void truth_add(struct truth *t, const struct row *r, const unsigned *at)
{
	struct call *c = &t->calls[t->count];
	int hour, minute, second, year, month, day;
	snprintf(c->customer, sizeof(c->customer), "%.*s", SLICE_ARG(r->cells[at[0]]));
	snprintf(c->service, sizeof(c->service), "%.*s", SLICE_ARG(r->cells[at[1]]));
	if (strcmp(c->customer, "0") == 0 || slice_equal(r->cells[at[4]], SLICE("PHANTOM")))
		return;
	assert_int_equal(sscanf(r->cells[at[2]].data, "%d-%d-%d", &year, &month, &day), 3);
	assert_int_equal(sscanf(r->cells[at[3]].data, "%d:%d:%d", &hour, &minute, &second), 3);
	assert_true(year == 1999 && month == 8); /* so the day of the month is enough of a calendar */
	c->time_ms = day * DAY + hour * HOUR + minute * MINUTE + second * SECOND;
	c->hang = slice_equal(r->cells[at[4]], SLICE("HANG"));
	unsigned slot = truth_slot(t, c->customer);
	t->customers += t->last[slot] < 0;
	c->before = t->last[slot];
	t->last[slot] = (int)t->count++;
	for (int i = c->before; i >= 0; i = t->calls[i].before)
		if (strcmp(t->calls[i].service, c->service) == 0) {
			t->repeats += c->time_ms - t->calls[i].time_ms <= WEEK;
			break;
		}
	for (int i = c->hang ? c->before : -1; i >= 0; i = t->calls[i].before)
		if (t->calls[i].hang) {
			t->second_hang_ups += c->time_ms - t->calls[i].time_ms <= DAY;
			break;
		}
}

static unsigned column(const struct row *head, const char *name)
{
	for (unsigned i = 0; i < head->count; i++)
		if (slice_equal(head->cells[i], slice_of(name)))
			return i;
	fail_msg("no column %s", name);
	return 0;
}

static void map_and_apply(struct world *t, struct mapping *m, const struct row *r, struct arena *arena)
{
	struct mapped mapped;
	arena_reset(arena);
	if (mapping_row(m, r->cells, r->count, arena, &mapped) != ERR_OK)
		fail_msg("%s", error_last()->text);
	if (mapped.skipped)
		return;
	mapped.events[0].id_hash = hash64(mapped.events[0].id, 1);
	town_event(t, &mapped.events[0]);
}

static unsigned customers_in(const struct world *t)
{
	unsigned n = 0;
	for (unsigned i = 0; i < t->slots; i++)
		n += t->records[i] && t->records[i]->subject.kind == SUBJECT_CUSTOMER;
	return n;
}

static void the_recording_counts_as_a_plain_program_counts_it(void **state)
{
	static struct truth truth;
	char head_line[1024], line[1024];
	struct row head, r;
	struct mapping *m;
	struct arena arena = { 0 };
	unsigned rows = 0;
	if (!calls_path()) {
		print_message("the bank's calls are not here (NUDGED_DATA names their folder): skipped\n");
		skip();
	}
	gzFile f = gzopen(calls_path(), "rb");
	assert_non_null(f);
	struct world *t = town_create(SOURCE_ROOT "/rules/bank");
	if (mapping_open(&m, SOURCE_ROOT "/rules/bank/import.lua", 0) != ERR_OK)
		fail_msg("%s", error_last()->text);
	assert_true(read_row(f, head_line, &head));
	assert_int_equal(mapping_columns(m, head.cells, head.count), ERR_OK);
	const unsigned at[] = { column(&head, "customer_id"), column(&head, "type"), column(&head, "date"),
				column(&head, "vru_entry"), column(&head, "outcome") };
	truth.calls = calloc(CALLS_MAX, sizeof(*truth.calls));
	for (unsigned i = 0; i < TRUTH_SLOTS; i++)
		truth.last[i] = -1;
	while (read_row(f, line, &r)) {
		assert_true(++rows <= CALLS_MAX);
		truth_add(&truth, &r, at);
		map_and_apply(t, m, &r, &arena);
	}
	gzclose(f);
	town_nothing_failed(t);
	assert_int_equal(rows, 30138);
	assert_int_equal(truth.count, 15544);
	assert_int_equal(truth.customers, 4167);
	assert_int_equal(customers_in(t), 4167);
	assert_int_equal(counter_get(&town_rule(t, "repeat-call")->matched), truth.count);
	assert_int_equal(truth.repeats, 10333);
	assert_int_equal(town_fired(t, "repeat-call"), truth.repeats);
	assert_int_equal(truth.second_hang_ups, 969);
	assert_int_equal(town_fired(t, "second-hang-up"), truth.second_hang_ups);
	assert_true(town_fired(t, "priority-long-wait") > 0);
	free(truth.calls);
	arena_finish(&arena);
	mapping_close(m);
	world_destroy(t);
}

/* The bounds themselves, to the second, which the recording may never touch. */
static bool fires(struct world *t, const char *rule, const char *customer, int64_t time_ms, const char *spec)
{
	static uint64_t number;
	struct world_event we;
	uint64_t before = town_fired(t, rule);
	world_event_make(&we, ++number, customer, "call.ended", time_ms, spec);
	town_event(t, &we.e);
	return town_fired(t, rule) > before;
}

static void bounds_are_inclusive_and_exact(void **state)
{
	struct world *t = town_create(SOURCE_ROOT "/rules/bank");
	assert_false(fires(t, "repeat-call", "a", T0, "service=PS outcome=AGENT"));
	assert_true(fires(t, "repeat-call", "a", T0 + WEEK, "service=PS outcome=HANG"));
	assert_false(fires(t, "repeat-call", "a", T0 + 2 * WEEK + SECOND, "service=PS outcome=AGENT"));
	assert_false(fires(t, "repeat-call", "a", T0 + 2 * WEEK + SECOND, "service=NE outcome=AGENT"));
	assert_false(fires(t, "repeat-call", "b", T0 + 2 * WEEK + SECOND, "service=PS outcome=AGENT"));
	assert_true(
		fires(t, "repeat-call", "b", T0 + 2 * WEEK + SECOND, "service=PS outcome=AGENT")); /* the same second */
	assert_false(fires(t, "second-hang-up", "c", T0, "service=PS outcome=HANG"));
	assert_false(fires(t, "second-hang-up", "c", T0 + HOUR, "service=PS outcome=AGENT"));
	assert_true(fires(t, "second-hang-up", "c", T0 + DAY, "service=NE outcome=HANG"));
	assert_false(fires(t, "second-hang-up", "c", T0 + 2 * DAY + SECOND, "service=NE outcome=HANG"));
	assert_true(fires(t, "priority-long-wait", "d", T0, "service=PS outcome=AGENT priority=2 wait_s=300"));
	assert_false(fires(t, "priority-long-wait", "d", T0 + 1, "service=PS outcome=AGENT priority=2 wait_s=299"));
	assert_false(fires(t, "priority-long-wait", "d", T0 + 2, "service=PS outcome=AGENT priority=1 wait_s=900"));
	town_nothing_failed(t);
	world_destroy(t);
}

static void the_agent_sees_who_did_not_get_through(void **state)
{
	struct world *t = town_create(SOURCE_ROOT "/rules/bank");
	const struct decision *d = &t->decision;
	struct ask ask = { .channel = SLICE("call"), .topic = SLICE("waiting") };
	fires(t, "second-hang-up", "c", T0, "service=PS outcome=HANG priority=2");
	fires(t, "second-hang-up", "c", T0 + MINUTE, "service=PS outcome=HANG priority=2");
	const struct record *c = town_customer(t, "c");
	assert_int_equal(c->rare->alert_count, 1);
	assert_string_equal(c->rare->alerts[0].text,
			    "c hung up again, 1 min after the last time. Call back.");
	world_pass(t, T0 + HOUR);
	world_decide(t, SLICE("c"), &ask);
	assert_int_equal(d->choice_count, 1);
	assert_slice(str_slice(d->choices[0].action->name), "call-back");
	assert_true(d->choices[0].context == 1.5);
	assert_int_equal(d->answer_count, 1);
	world_destroy(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_are_inclusive_and_exact),
		cmocka_unit_test(the_agent_sees_who_did_not_get_through),
		cmocka_unit_test(the_recording_counts_as_a_plain_program_counts_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
