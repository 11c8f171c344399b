/* decide/watch.c: a rule's condition explained as a gate is. */
#include "decide/watch.h"

#include "decide/deciding.h"

void rule_explain_missing(struct eval *e, const struct rule_decl *rule, uint8_t member, struct bytes *out)
{
	static const struct ask nobody_asks;
	struct deciding d = { .m = e->m, .e = e, .ask = &nobody_asks };
	uint8_t bound = e->member;
	unsigned calls = e->call_count;
	bool aborted = e->aborted;
	if (!rule->when) {
		bytes_printf(out, "the function at %s:%d did not return true", rule->file, rule->line);
		return;
	}
	e->member = member;
	explain_missing(&d, rule->when, out);
	e->member = bound;
	e->call_count = calls;
	e->aborted = aborted;
}
