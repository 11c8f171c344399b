/* state/cases.c: what opens and closes: complaints, promises, outages. Ordered by opening; closed ones are history that
 * rules may ask for, and give way first: the one closed longest ago. An open case is never pushed out. */
#include "base/error.h"
#include "base/limits.h"
#include "state/inside.h"

void case_drop(struct open_case *c, struct strpool *pool)
{
	strpool_drop(pool, c->key);
	strpool_drop(pool, c->agent);
}

struct open_case *cases_find_open(struct record *r, uint32_t decl, uint8_t member, struct slice key)
{
	for (unsigned i = 0; i < r->rare->case_count; i++) {
		struct open_case *c = &r->rare->cases[i];
		if (c->state == CASE_OPEN && c->decl == decl && c->member == member &&
		    slice_equal(str_slice(c->key), key))
			return c;
	}
	return NULL;
}

static bool evict_closed(struct record *r, struct strpool *pool)
{
	unsigned oldest = r->rare->case_count;
	for (unsigned i = 0; i < r->rare->case_count; i++) {
		if (r->rare->cases[i].state == CASE_CLOSED &&
		    (oldest == r->rare->case_count || r->rare->cases[i].closed_ms < r->rare->cases[oldest].closed_ms))
			oldest = i;
	}
	if (oldest == r->rare->case_count)
		return false;
	case_drop(&r->rare->cases[oldest], pool);
	ARRAY_REMOVE(r->rare->cases, r->rare->case_count, oldest);
	return true;
}

struct open_case *cases_place(struct record *r, struct strpool *pool, struct open_case *c)
{
	CHECK(c->member <= r->member_count);
	if (r->rare->case_count >= LIMIT_CASES && !evict_closed(r, pool)) {
		case_drop(c, pool);
		return NULL;
	}
	unsigned at = r->rare->case_count;
	while (at > 0 && r->rare->cases[at - 1].opened_ms > c->opened_ms)
		at--;
	struct rare *own = record_rare(r);
	ARRAY_INSERT(own->cases, own->case_count, own->case_cap, at, LIMIT_CASES);
	r->rare->cases[at] = *c;
	return &r->rare->cases[at];
}

int cases_open(struct record *r, struct strpool *pool, uint32_t decl, uint8_t member, struct slice key,
	       struct slice agent, int64_t time_ms, int64_t due_ms, struct open_case **out)
{
	*out = cases_find_open(r, decl, member, key);
	if (*out)
		return error_set(ERR_CONFLICT, NULL, "this case is open already");
	struct open_case c = {
		.decl = decl, .member = member, .state = CASE_OPEN,
		.key = text_opt(pool, key), .agent = text_opt(pool, agent), .opened_ms = time_ms, .due_ms = due_ms,
	};
	*out = cases_place(r, pool, &c);
	return *out ? ERR_OK : error_set(ERR_LIMIT, NULL, "too many open cases; limit_cases is %u", LIMIT_CASES);
}

void cases_close(struct open_case *c, int64_t time_ms)
{
	c->state = CASE_CLOSED;
	c->closed_ms = time_ms;
}

void cases_miss(struct open_case *c)
{
	c->missed = true;
}
