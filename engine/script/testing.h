/* script/testing.h: the Lua of a pack's tests, one file of DIR/tests at a time: which tests it declares, and running
 * one of them. It runs in a VM of its own, in the sandbox that packs have and with bounds of its own; what a test does
 * to customers and what it expects of them goes to a host (engine/workbench), which knows the machine.
 *
 *     before(function() … end)                     -- runs before each test declared below it
 *     test("name", function() … end)
 *     test("name", { row, … }, function(row) … end) -- a table test: each row is a test
 *     todo "what nobody has tested yet"
 *
 * A file that returns something declares nothing: it is what others `require "tests.NAME"`. */
#ifndef NUDGED_SCRIPT_TESTING_H
#define NUDGED_SCRIPT_TESTING_H

#include "script/bundle.h"
#include "state/event.h"
#include "state/subject.h"

/* What a value is held against. */
enum match_kind { MATCH_EQUAL, MATCH_HAS, MATCH_AT_LEAST, MATCH_AT_MOST, MATCH_BETWEEN };
struct match {
	enum match_kind kind;
	struct value value; /* EQUAL; unknown: nothing is expected to be there. HAS: the text's part */
	double low, high;
};
bool match_holds(const struct match *m, struct value v);
struct bytes;
void match_text(const struct match *m, struct bytes *out); /* "at least 3", "a text with \"61\"" */
void value_text(struct value v, struct bytes *out);

/* The order is that of the table in testing_expect.c. */
enum expected {
	/* of a customer, an agent, an area, or of all that one step caused */
	EXPECT_ALERT, EXPECT_NO_ALERT, EXPECT_FIRED, EXPECT_NOT_FIRED, EXPECT_NUDGE, EXPECT_NO_NUDGE,
	/* of a customer, an agent, an area */
	EXPECT_ATTR, EXPECT_FACT, EXPECT_CASE, EXPECT_SEGMENT, EXPECT_NO_SEGMENT, EXPECT_RELATIONSHIP,
	/* of an answer to a request */
	EXPECT_ACTION, EXPECT_FIRST, EXPECT_NO_ACTION, EXPECT_ORDER, EXPECT_ANSWER, EXPECT_NO_ANSWER, EXPECT_CAUTION,
	EXPECT_NO_CAUTION, EXPECT_OPENING, EXPECT_NO_OPENING, EXPECT_TOLD, EXPECT_NOT_TOLD, EXPECT_GUIDELINE, EXPECT_NO_GUIDELINE,
	EXPECT_AVOID, EXPECT_NO_AVOID, EXPECT_STRAIN,
};

#define EXPECTATION_FIELDS 8 /* { "*" }: of any name */
struct expectation {
	enum expected what;
	const struct subject *subject; /* NULL: whoever the step concerned */
	unsigned step;                 /* 0: the story so far; else only what this step caused */
	unsigned request;              /* of an answer: which, from 1 */
	struct slice name;             /* of the rule, action, fact, question …; a caution's is in `value` */
	struct match value;
	struct { struct slice name; struct match match; } fields[EXPECTATION_FIELDS];
	unsigned field_count;
	struct slice order[LIMIT_RECOMMENDATIONS];
	unsigned order_count;
};

struct test_event {
	struct slice type, member, agent, contact, channel, id, source;
	const struct event_attr *attrs;
	size_t attr_count;
	int64_t ago_ms; /* it happened so long before now */
};
struct test_outcome {
	struct slice kind, action, member, agent, channel, reason;
	int64_t until_ms, revenue, cost;
};
struct test_ask {
	struct slice member, agent, channel, intent, topic, language;
	double mood;
	bool has_mood, late; /* late: the deadline has passed */
	unsigned limit;
	uint8_t arm;          /* of actions with a holdout: enum exposure_arm; 0: they are as if they had none */
	const struct event_attr *attrs;
	size_t attr_count;
};
#define TEST_REPORT_WHERE 4u
struct test_report {
	struct slice name, by; /* by: names with commas between; empty: the report's own choice */
	int64_t since_ms, until_ms;
	struct { struct slice name, value; } where[TEST_REPORT_WHERE];
	unsigned where_count;
};
struct test_table {
	const struct slice *columns;
	unsigned column_count;
	const struct value *cells; /* row by row */
	size_t row_count;
};
enum test_read { READ_ATTR, READ_FACT };

/* What the host does. Each returns ERR_OK or an error whose text the test fails with; *step and *request count from 1.
 * Everything given is lent for the call. */
struct testing_host {
	void *arg;
	int (*at)(void *arg, struct slice time, unsigned *step);      /* the clock, in the pack's zone: onward only */
	int (*wait)(void *arg, int64_t ms, unsigned *step);
	int (*event)(void *arg, struct slice customer, const struct test_event *e, unsigned *step);
	int (*outcome)(void *arg, struct slice customer, const struct test_outcome *o, unsigned *step);
	int (*acknowledge)(void *arg, const struct subject *subject, struct slice rule);
	int (*ask)(void *arg, struct slice customer, const struct test_ask *ask, unsigned *request);
	int (*expect)(void *arg, const struct expectation *x);
	/* whose the alias is now; *member is lent until something happens */
	int (*resolve)(void *arg, struct slice alias, struct subject *customer, struct slice *member);
	int (*read)(void *arg, enum test_read what, const struct subject *subject, struct slice name,
		    struct slice member, struct value *out);
	int (*moment)(void *arg, struct slice time, int64_t *out_ms); /* in the pack's zone; empty: now */
	int (*report)(void *arg, const struct test_report *ask, struct test_table *out); /* lent until the story ends */
	void (*differs)(void *arg, struct slice wanted, struct slice came); /* expect(came, wanted) is about to fail */
};

struct test_case {
	char *name;
	const char *file; /* lent */
	int line;
	bool todo;
};

struct testing;
/* Runs files[file] of `tests` and learns which tests it declares. `pack` is what `require` finds besides tests. Both
 * are lent until testing_close. ERR_RULE with "FILE:LINE: what is wrong". *out is NULL then. */
int testing_open(struct testing **out, const struct bundle *pack, const struct bundle *tests, unsigned file,
		 const struct testing_host *host);
void testing_close(struct testing *t); /* NULL-safe */
unsigned testing_count(const struct testing *t);
const struct test_case *testing_case(const struct testing *t, unsigned i);
uint64_t testing_instructions(const struct testing *t); /* so far */
unsigned testing_expected(const struct testing *t); /* expectations of the last test that ran */
/* What `before` gave, then the test. ERR_ABORTED with "FILE:LINE: text". */
int testing_run(struct testing *t, unsigned i);

#endif
