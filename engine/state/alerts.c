/* state/alerts.c: alerts in order of raising. Full, they give way in this order, the oldest of each first: closed,
 * historical, acknowledged, open. */
#include "base/limits.h"
#include "state/inside.h"

void alert_drop(struct alert *a, struct strpool *pool)
{
	strpool_drop(pool, a->rule);
	strpool_drop(pool, a->severity);
	strpool_drop(pool, a->to);
	free(a->text);
}

static int worth(const struct alert *a)
{
	if (a->state == ALERT_CLOSED)
		return 0;
	if (a->historical)
		return 1;
	return a->state == ALERT_ACKNOWLEDGED ? 2 : 3;
}

static unsigned least_worth(const struct record *r)
{
	unsigned least = 0;
	for (unsigned i = 1; i < r->rare->alert_count; i++) {
		if (worth(&r->rare->alerts[i]) < worth(&r->rare->alerts[least]))
			least = i;
	}
	return least;
}

static void evict(struct record *r, struct strpool *pool)
{
	unsigned least = least_worth(r);
	alert_drop(&r->rare->alerts[least], pool);
	ARRAY_REMOVE(r->rare->alerts, r->rare->alert_count, least);
}

bool alerts_would_take(const struct record *r, const struct alert *a)
{
	return r->rare->alert_count < LIMIT_ALERTS || worth(a) >= worth(&r->rare->alerts[least_worth(r)]);
}

struct alert *alerts_place(struct record *r, struct strpool *pool, struct alert *a)
{
	CHECK(a->member <= r->member_count && a->state <= ALERT_CLOSED);
	if (r->rare->alert_count >= LIMIT_ALERTS)
		evict(r, pool);
	struct rare *own = record_rare(r);
	ARRAY_INSERT(own->alerts, own->alert_count, own->alert_cap, own->alert_count, LIMIT_ALERTS);
	r->rare->alerts[r->rare->alert_count - 1] = *a;
	return &r->rare->alerts[r->rare->alert_count - 1];
}

struct alert *alerts_add(struct record *r, struct strpool *pool, const struct alert *like, struct slice rule,
			 struct slice severity, struct slice to, struct slice text)
{
	struct alert a = *like;
	a.rule = text_opt(pool, rule);
	a.severity = text_opt(pool, severity);
	a.to = text_opt(pool, to);
	a.text = must_strndup(text.data ? text.data : "", text.len < LIMIT_WORDS_BYTES ? text.len : LIMIT_WORDS_BYTES);
	return alerts_place(r, pool, &a);
}

struct alert *alerts_find(struct record *r, uint64_t seq, uint32_t index)
{
	for (unsigned i = 0; i < r->rare->alert_count; i++) {
		if (r->rare->alerts[i].seq == seq && r->rare->alerts[i].index == index)
			return &r->rare->alerts[i];
	}
	return NULL;
}

void alerts_forget(struct record *r, struct strpool *pool, unsigned i)
{
	alert_drop(&r->rare->alerts[i], pool);
	ARRAY_REMOVE(r->rare->alerts, r->rare->alert_count, i);
}

void alerts_set_state(struct alert *a, enum alert_state state)
{
	a->state = (uint8_t)state;
}

bool alert_is_open(const struct alert *a, int64_t now_ms)
{
	return a->state == ALERT_OPEN && !a->historical && (a->expires_ms == 0 || a->expires_ms > now_ms);
}
