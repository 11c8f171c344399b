/* wire/response.c: answers that are small or flat. Each opens a frame and a Response in it, writes the one body,
 * closes. Larger ones have files of their own: ack.c, recommendation.c, customer.c. */
#include "wire/response.h"

#include "base/limits.h"
#include "wire/envelope.h"

#define PROTOCOL_VERSION 1

void put_error(struct bytes *out, uint32_t field, const char *code, struct slice name, struct slice text)
{
	size_t mark = put_begin(out, field);
	put_text(out, 1, slice_of(code));
	put_text(out, 2, name);
	put_text(out, 3, text);
	put_end(out, mark);
}

void response_error(struct bytes *out, uint64_t request_id, const struct error *e)
{
	size_t frame = put_begin(out, 0);
	put_number(out, 1, request_id);
	put_error(out, RESPONSE_ERROR, error_name(e->code), slice_of(e->field), slice_of(e->text));
	put_end(out, frame);
}

void response_welcome(struct bytes *out, uint64_t request_id, struct slice server, uint64_t boot_id, struct slice pack,
		      struct slice pack_hash)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_WELCOME);
	put_number(out, 1, PROTOCOL_VERSION);
	put_text(out, 2, server);
	put_number(out, 3, boot_id);
	put_text(out, 4, pack);
	put_text(out, 5, pack_hash);
	put_number(out, 6, LIMIT_FRAME_BYTES);
	put_number(out, 7, LIMIT_IN_FLIGHT);
	put_number(out, 8, LIMIT_BATCH_EVENTS);
	envelope_end(out, e);
}

void response_resolved(struct bytes *out, uint64_t request_id, struct slice customer, struct slice member,
		       bool provisional)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_RESOLVED);
	put_text(out, 1, customer);
	put_text(out, 2, member);
	put_number(out, 3, provisional);
	envelope_end(out, e);
}

void response_following(struct bytes *out, uint64_t request_id, uint64_t seq)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_FOLLOWING);
	put_number(out, 1, seq);
	envelope_end(out, e);
}

void response_alert(struct bytes *out, uint64_t request_id, struct slice alert)
{
	size_t frame = put_begin(out, 0);
	put_number(out, 1, request_id);
	put_text_always(out, RESPONSE_ALERT, alert);
	put_end(out, frame);
}

void response_missed(struct bytes *out, uint64_t request_id, uint64_t count, uint64_t resume_seq, uint32_t resume_index)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_MISSED);
	put_number(out, 1, count);
	put_number(out, 2, resume_seq);
	put_number(out, 3, resume_index);
	envelope_end(out, e);
}

void response_unfollowed(struct bytes *out, uint64_t request_id)
{
	envelope_end(out, envelope_begin(out, request_id, RESPONSE_UNFOLLOWED));
}

void response_acknowledged(struct bytes *out, uint64_t request_id, struct slice alert)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_ACKNOWLEDGED);
	put_text_always(out, 1, alert);
	envelope_end(out, e);
}

static void put_counters(struct bytes *out, const struct wire_status *s)
{
	put_number(out, 7, s->events_accepted);
	put_number(out, 8, s->events_duplicate);
	put_number(out, 9, s->events_refused);
	put_number(out, 10, s->recommendations);
	put_number(out, 11, s->alerts_raised);
	put_number(out, 12, s->alerts_open);
	put_number(out, 13, s->connections);
	put_number(out, 14, s->followers);
	put_number(out, 15, s->journal_last);
	put_number(out, 16, s->journal_durable);
	put_number(out, 17, s->journal_first);
	put_number(out, 18, s->journal_bytes);
	put_number(out, 19, s->store_mark);
	put_number(out, 20, s->records_cached);
	put_number(out, 21, s->cache_bytes);
	put_number(out, 22, s->records_stored);
	put_number(out, 23, s->records_dirty);
	put_number(out, 24, s->free_bytes);
	put_number(out, 25, s->storage_refusing);
	put_number(out, 26, s->rules_aside);
	put_number(out, 27, s->effects_pending);
	put_number(out, 28, s->timers);
}

static void put_stage(struct bytes *out, const struct wire_stage *s)
{
	size_t mark = put_begin(out, 32);
	put_text(out, 1, slice_of(s->name));
	put_text(out, 2, slice_of(s->item));
	put_text(out, 3, slice_of(s->thread));
	put_number(out, 4, s->items);
	put_double(out, 5, s->us);
	put_text(out, 6, slice_of(s->about));
	put_end(out, mark);
}

static void put_shard(struct bytes *out, const struct wire_shard *s)
{
	size_t mark = put_begin(out, 34);
	put_number(out, 1, s->events);
	put_number(out, 2, s->queries);
	put_number(out, 3, s->recommendations);
	put_number(out, 4, s->records);
	put_number(out, 5, s->cache_bytes);
	put_number(out, 6, s->dirty);
	put_number(out, 7, s->effects_pending);
	put_number(out, 8, s->timers);
	put_end(out, mark);
}

static void put_recovery(struct bytes *out, const struct wire_recovery *r)
{
	size_t mark = put_begin(out, 35);
	put_number(out, 1, (uint64_t)r->took_ms);
	put_number(out, 2, r->stored_seq);
	put_number(out, 3, r->last_seq);
	put_number(out, 4, r->applied);
	put_number(out, 5, r->skipped);
	put_number(out, 6, r->dropped_bytes);
	put_end(out, mark);
}

void response_status(struct bytes *out, uint64_t request_id, const struct wire_status *s)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_STATUS);
	put_text(out, 1, s->version);
	put_number(out, 2, (uint64_t)s->uptime_ms);
	put_number(out, 3, s->boot_id);
	put_text(out, 4, s->pack);
	put_text(out, 5, s->pack_hash);
	put_number(out, 6, s->shards);
	put_counters(out, s);
	for (size_t i = 0; i < s->gauge_count; i++) {
		size_t mark = put_begin(out, 29);
		put_text(out, 1, slice_of(s->gauges[i].name));
		put_double(out, 2, s->gauges[i].value);
		put_text(out, 3, slice_of(s->gauges[i].unit));
		put_end(out, mark);
	}
	put_number(out, 30, (uint64_t)s->now_ms);
	put_text(out, 31, s->clock);
	for (size_t i = 0; i < s->stage_count; i++)
		put_stage(out, &s->stages[i]);
	put_text(out, 33, s->data);
	for (size_t i = 0; i < s->each_count; i++)
		put_shard(out, &s->each_shard[i]);
	put_recovery(out, &s->recovery);
	put_number(out, 36, s->open_low);
	put_number(out, 37, s->open_medium);
	put_number(out, 38, s->open_high);
	put_number(out, 39, s->open_critical);
	put_number(out, 40, s->open_nudges);
	envelope_end(out, e);
}

static void put_declared(struct bytes *out, uint32_t field, const struct wire_warm *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct wire_warm *w = &list[i];
		size_t mark = put_begin(out, field);
		put_text(out, 1, w->name);
		put_text(out, 2, w->kind);
		put_text(out, 3, w->about);
		put_number(out, 4, (uint64_t)w->since_ms);
		put_number(out, 5, w->since_seq);
		put_number(out, 6, (uint64_t)w->keep_ms);
		put_number(out, 7, w->is_new);
		put_number(out, 8, w->filled);
		put_number(out, 9, w->filling);
		put_end(out, mark);
	}
}

void response_activated(struct bytes *out, uint64_t request_id, const struct wire_activated *a)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_PACK_ACTIVATED);
	put_text(out, 1, a->name);
	put_text(out, 2, a->hash);
	put_number(out, 3, a->seq);
	put_number(out, 4, a->rules);
	put_number(out, 5, a->actions);
	put_number(out, 6, a->series_kept);
	put_number(out, 7, a->series_new);
	put_number(out, 8, a->tests);
	put_number(out, 9, a->untested);
	put_number(out, 10, a->back_to);
	put_declared(out, 11, a->declared, a->declared_count);
	put_number(out, 12, a->filling);
	put_number(out, 13, a->stopped_filling);
	envelope_end(out, e);
}

static void put_past(struct bytes *out, const struct wire_past *p)
{
	size_t mark = put_begin(out, 5);
	put_number(out, 1, p->seq);
	put_text(out, 2, p->name);
	put_text(out, 3, p->hash);
	put_number(out, 4, (uint64_t)p->time_ms);
	put_text(out, 5, p->by);
	put_number(out, 6, (uint64_t)(p->uid + 1));
	put_text(out, 7, p->origin);
	put_number(out, 8, p->back_to);
	put_number(out, 9, p->rules);
	put_number(out, 10, p->actions);
	put_number(out, 11, p->series_kept);
	put_number(out, 12, p->series_new);
	put_number(out, 13, p->tests);
	put_number(out, 14, p->untested);
	put_number(out, 15, p->active);
	put_number(out, 16, p->undone);
	put_number(out, 17, p->kept);
	put_number(out, 18, p->backfill);
	put_end(out, mark);
}

void response_history(struct bytes *out, uint64_t request_id, struct slice pack, struct slice hash,
		      const struct wire_past *past, size_t past_count, const struct wire_warm *declared,
		      size_t declared_count, const struct wire_backfill *backfill)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_RULES);
	put_text(out, 1, pack);
	put_text(out, 2, hash);
	for (size_t i = 0; i < past_count; i++)
		put_past(out, &past[i]);
	put_declared(out, 6, declared, declared_count);
	if (backfill) {
		size_t mark = put_begin(out, 7);
		put_text(out, 1, backfill->state);
		put_number(out, 2, backfill->seq);
		put_number(out, 3, backfill->first_seq);
		put_number(out, 4, backfill->done);
		put_number(out, 5, backfill->all);
		put_number(out, 6, backfill->slots);
		put_number(out, 7, backfill->subjects);
		put_text(out, 8, backfill->error);
		put_end(out, mark);
	}
	envelope_end(out, e);
}

static void put_rule(struct bytes *out, const struct wire_rule *r)
{
	size_t mark = put_begin(out, 3);
	put_text(out, 1, r->name);
	put_texts(out, 2, r->on, r->on_count);
	put_text(out, 3, r->why);
	put_number(out, 4, r->matched);
	put_number(out, 5, r->fired);
	put_number(out, 6, r->failed);
	put_number(out, 7, r->time_ns);
	put_number(out, 8, r->aside);
	put_text(out, 9, r->last_error);
	put_text(out, 10, r->about);
	put_number(out, 11, r->unknown);
	put_end(out, mark);
}

void response_rules(struct bytes *out, uint64_t request_id, struct slice pack, struct slice hash, int64_t since_ms,
		    const struct wire_rule *rules, size_t count)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_RULES);
	put_text(out, 1, pack);
	put_text(out, 2, hash);
	for (size_t i = 0; i < count; i++)
		put_rule(out, &rules[i]);
	put_number(out, 4, (uint64_t)since_ms);
	envelope_end(out, e);
}

void response_digest(struct bytes *out, uint64_t request_id, struct hash128 digest, uint64_t records, uint64_t seq)
{
	char hex[33];
	hash128_hex(digest, hex);
	struct envelope e = envelope_begin(out, request_id, RESPONSE_DIGEST);
	put_text(out, 1, slice_of(hex));
	put_number(out, 2, records);
	put_number(out, 3, seq);
	envelope_end(out, e);
}

void response_alert_list(struct bytes *out, uint64_t request_id, const struct slice *alerts, size_t count, bool more)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_ALERT_LIST);
	put_texts(out, 1, alerts, count);
	put_number(out, 2, more);
	envelope_end(out, e);
}
