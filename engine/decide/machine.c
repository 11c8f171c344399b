/* decide/machine.c: the machine's life. */
#include "decide/eval.h"
#include "decide/segments.h"

#include "base/check.h"
#include "base/error.h"

void machine_init(struct machine *m)
{
	*m = (struct machine){ .pool = strpool_create() };
	arena_init(&m->arena, 0);
	m->eval = eval_create(m);
}

void machine_finish(struct machine *m)
{
	eval_destroy(m->eval);
	pack_destroy(m->pack);
	arena_finish(&m->arena);
	strpool_destroy(m->pool);
	*m = (struct machine){ 0 };
}

struct pack *machine_swap_pack(struct machine *m, struct pack *pack)
{
	struct pack *old = m->pack;
	CHECK(pack != NULL);
	m->pack = pack;
	eval_set_pack(m->eval, pack);
	return old;
}

void machine_set_pack(struct machine *m, struct pack *pack)
{
	pack_destroy(machine_swap_pack(m, pack));
}

int machine_set_aside(struct machine *m, struct slice rule)
{
	for (unsigned i = 0; i < m->pack->rule_count; i++)
		if (slice_equal(str_slice(m->pack->rules[i].name), rule)) {
			m->pack->rules[i].aside = true;
			return (int)i;
		}
	return -1;
}

int machine_apply_acknowledge(struct machine *m, struct record *record, uint64_t seq, uint32_t index, int64_t now_ms,
			      struct alert **out)
{
	struct alert *a = alerts_find(record, seq, index);
	if (!a || a->state == ALERT_CLOSED || a->historical || (a->expires_ms && a->expires_ms <= now_ms))
		return error_set(ERR_MISSING, "alert",
				 "there is no such open alert: it was closed, has expired, or never was");
	alerts_set_state(a, ALERT_ACKNOWLEDGED);
	campaign_acknowledged(record, a);
	*out = a;
	return ERR_OK;
}

struct alert *machine_apply_nudge(struct machine *m, struct record *record, struct slice rule, struct slice channel,
				  struct slice text, uint8_t member, int64_t time_ms, const struct apply_input *in)
{
	struct alert like = {
		.member = member <= record->member_count ? member : 0, .state = ALERT_OPEN, .time_ms = time_ms,
		.historical = time_ms < in->received_at_ms - ALERT_HORIZON_MS,
	};
	return alerts_add(record, m->pool, &like, rule, SLICE(NUDGE_SEVERITY), channel, text);
}
