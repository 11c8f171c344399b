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

static struct wiped_link link_read(struct reader *r)
{
	struct wiped_link l;
	l.customer = reader_string(r);
	l.member = reader_string(r);
	l.from_ms = reader_zigzag(r);
	l.to_ms = reader_zigzag(r);
	return l;
}

bool wipe_links_name(struct slice body, bool (*theirs)(const void *arg, struct slice customer, bool stays), const void *arg)
{
	struct reader r = reader_of(body);
	for (uint64_t n = reader_varint(&r); n-- > 0 && !r.bad;)
		if (theirs(arg, reader_string(&r), false))
			return true;
	for (uint64_t n = reader_varint(&r); n-- > 0 && !r.bad;)
		if (theirs(arg, link_read(&r).customer, true))
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
	struct reader again = in;
	for (uint64_t n = reader_varint(&again); n-- > 0 && !again.bad;)
		(void)links_forget(r, a->m->pool, link_read(&again).customer);
	for (uint64_t n = reader_varint(&in); n-- > 0 && !in.bad;) {
		struct wiped_link l = link_read(&in);
		(void)links_place(r, a->m->pool, l.customer, l.member, l.from_ms, l.to_ms);
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
