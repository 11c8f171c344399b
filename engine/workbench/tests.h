/* workbench/tests.h: a pack's tests, run. Each begins with nobody known, on 5 January 2026 at 09:00 in the pack's zone,
 * and sees nothing of the others. */
#ifndef NUDGED_WORKBENCH_TESTS_H
#define NUDGED_WORKBENCH_TESTS_H

#include "script/testing.h"
#include "workbench/coverage.h"

enum test_state { TEST_PASSED, TEST_FAILED, TEST_TODO };

struct test_result {
	enum test_state state;
	char *file, *name; /* of a file that does not load: its own path as name */
	int line;
	bool idle; /* it passed, and expected nothing: only a rule or function that fails could have failed it */
	/* of one that failed: "FILE:LINE: text"; what was expected, what came and why where an expectation failed, else
	 * empty; and the story so far, in lines */
	char *message, *wanted, *came, *why, *story;
};

struct test_run {
	struct test_result *results;
	unsigned count, passed, failed, todo;
	uint64_t instructions; /* that the files of tests have taken */
	bool covered;
	struct coverage coverage; /* where asked for: of all that ran */
	struct world *world;      /* what coverage looks at */
};

/* Who wants stories told again: asked before each round of each test, round 0 being the one that counts. False: the next
 * test. */
struct test_repeat {
	void *arg;
	bool (*again)(void *arg, struct world *w, unsigned round);
};

struct test_options {
	const char *pattern; /* of names and files: a part of them, or with * and ?; NULL: all */
	bool coverage;
	uint64_t instructions_max; /* of all together: those beyond it fail; 0: no such bound */
	const struct test_repeat *repeat; /* NULL: each once */
};

/* ERR_RULE: the pack itself does not load. A test that fails is no error. */
int tests_run(struct test_run *out, const struct bundle *pack, const struct bundle *tests,
	      const struct test_options *options);
void tests_finish(struct test_run *run);

#endif
