/* decide/apply_wipe.c: see wipe.h. What is true now of all customers (members of segments, customers there are, whom surveys
 * speak for) is true without this one; what happened has happened, and stays counted. */
#include "decide/wipe.h"
#include "decide/applying.h"
#include "decide/lasting.h"
#include "decide/relationship.h"

#include "base/check.h"

void wipe_links_encode(struct bytes *out, const struct slice *customers, size_t customer_count, const struct wiped_link *kept,
		       size_t kept_count)
{
	bytes_put_varint(out, customer_count);
	for (size_t i = 0; i < customer_count; i++)
		bytes_put_string(out, customers[i]);
	bytes_put_varint(out, kept_count);
	for (size_t i = 0; i < kept_count; i++) {
		bytes_put_string(out, kept[i].customer);
		bytes_put_string(out, kept[i].member);
		bytes_put_zigzag(out, kept[i].from_ms);
		bytes_put_zigzag(out, kept[i].to_ms);
	}
}

bool wipe_links_name(struct slice body, bool (*theirs)(const void *arg, struct slice customer), const void *arg)
{
	struct reader r = reader_of(body);
	for (uint64_t n = reader_varint(&r); n-- > 0 && !r.bad;)
		if (theirs(arg, reader_string(&r)))
			return true;
	return false;
}

void wipe_alerts_encode(struct bytes *out, const struct wiped_alert *alerts, size_t count)
{
	bytes_put_varint(out, count);
	for (size_t i = 0; i < count; i++) {
		bytes_put_varint(out, alerts[i].seq);
		bytes_put_varint(out, alerts[i].index);
	}
}

bool wipe_alerts_next(struct slice body, size_t *at, struct wiped_alert *out)
{
	struct reader r = reader_of(body);
	if (!*at) {
		(void)reader_varint(&r);
		*at = body.len - reader_left(&r);
	}
	r = reader_of((struct slice){ body.data + *at, body.len - *at });
	if (!reader_left(&r))
		return false;
	out->seq = reader_varint(&r);
	out->index = (uint32_t)reader_varint(&r);
	*at = body.len - reader_left(&r);
	return !r.bad;
}

static void wipe_customer(struct applying *a)
{
	relations_leave(a);
	if (a->m->pack->churn)
		churn_gone(a);
	empty_record(a, (struct slice){ NULL, 0 });
	a->record->newest_ms = 0;
}

static void wipe_links(struct applying *a, struct slice body)
{
	struct record *r = a->record;
	struct reader in = reader_of(body);
	for (uint64_t n = reader_varint(&in); n-- > 0 && !in.bad;)
		(void)links_forget(r, a->m->pool, reader_string(&in));
	for (uint64_t n = reader_varint(&in); n-- > 0 && !in.bad;) {
		struct slice customer = reader_string(&in), member = reader_string(&in);
		int64_t from_ms = reader_zigzag(&in), to_ms = reader_zigzag(&in);
		(void)links_add(r, a->m->pool, customer, member, from_ms);
		if (to_ms)
			links_end(r, customer, to_ms);
	}
	CHECK(!in.bad); /* our own bytes */
}

static void wipe_alerts(struct applying *a, struct slice body)
{
	struct record *r = a->record;
	struct wiped_alert gone;
	for (size_t at = 0; wipe_alerts_next(body, &at, &gone);) {
		const struct alert *alert = alerts_find(r, gone.seq, gone.index);
		if (alert) /* not where the entry that raised it is blank by now */
			alerts_forget(r, a->m->pool, (unsigned)(alert - r->rare->alerts));
	}
}

void apply_wipe_effect(struct applying *a, struct slice body)
{
	if (a->record->subject.kind == SUBJECT_CUSTOMER)
		wipe_customer(a);
	else if (a->record->subject.kind == SUBJECT_ALIAS)
		wipe_links(a, body);
	else
		wipe_alerts(a, body);
}
