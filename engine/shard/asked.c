/* shard/asked.c: what a request says is held against the active pack and the calendar, once, where it comes in: what is
 * journaled was right when it came, and is never asked again. */
#include "shard/asked.h"
#include "shard/parts.h"

#include "base/error.h"
#include "wire/request.h"

static int check_currency(const struct pack *p, const struct request_outcome *o)
{
	struct slice own = str_slice(p->currency);
	if ((!o->revenue && !o->cost) || slice_equal(o->currency, own))
		return ERR_OK;
	return error_set(ERR_INVALID, "money.currency",
			 own.len ? "the pack's currency is %.*s: amounts of another are refused"
				 : "the pack has no currency%.*s: add currency = \"…\" to pack { }", SLICE_ARG(own));
}

int asked_outcome(struct shard *s, const struct request_outcome *o)
{
	int result = check_currency(s->machine.pack, o);
	return result == ERR_OK ? check_action(s, o->action) : result;
}

int asked_times(const struct shard *s, const struct request *r)
{
	int result = ERR_OK;
	if (s->engine->config.simulated_clock)
		return ERR_OK; /* its time is whatever is played */
	switch (r->kind) {
	case REQUEST_RECOMMEND:
		return wire_check_sent("time_ms", r->recommend.time_ms);
	case REQUEST_RESOLVE_ALIAS:
		return wire_check_sent("time_ms", r->resolve.time_ms);
	case REQUEST_EXPLAIN:
		return wire_check_sent("ask.time_ms", r->explain.ask.time_ms);
	case REQUEST_REPORT:
		result = wire_check_sent("since_ms", r->report.since_ms);
		return result == ERR_OK ? wire_check_sent("until_ms", r->report.until_ms) : result;
	default:
		return ERR_OK; /* events and outcomes: as they are decoded */
	}
}
