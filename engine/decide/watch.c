/* decide/watch.c: a rule's condition explained as a gate is. */
#include "decide/watch.h"

#include "decide/deciding.h"

void look_begin(struct eval *e, uint8_t member, struct looking *out)
{
	*out = (struct looking){
		.member = e->member,
		.aborted = e->aborted,
		.call_count = e->call_count,
		.aborted_count = e->aborted_count,
		.aborted_total = e->aborted_total,
	};
	memcpy(out->error, e->error, sizeof(out->error));
	e->member = member;
}

void look_end(struct eval *e, const struct looking *before)
{
	e->member = before->member;
	e->aborted = before->aborted;
	e->call_count = before->call_count;
	e->aborted_count = before->aborted_count;
	e->aborted_total = before->aborted_total;
	memcpy(e->error, before->error, sizeof(e->error));
}

void rule_explain_missing(struct eval *e, const struct rule_decl *rule, uint8_t member, struct bytes *out)
{
	static const struct ask nobody_asks;
	struct deciding d = { .m = e->m, .e = e, .ask = &nobody_asks };
	struct looking before;
	if (!rule->when) {
		bytes_printf(out, "the function at %s:%d did not return true", rule->file, rule->line);
		return;
	}
	look_begin(e, member, &before);
	explain_missing(&d, rule->when, out);
	look_end(e, &before);
}
