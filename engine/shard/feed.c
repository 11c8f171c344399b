/* shard/feed.c: one array ordered by id, with a head that moves on as old alerts are forgotten. Alerts arrive in order,
 * so adding is appending; only recovery, which meets stored alerts first, inserts. */
#include "shard/feed.h"

#include "base/check.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>

struct item {
	uint64_t seq, ordinal;
	uint32_t index;
	bool open;
	uint8_t severity; /* enum feed_severity */
	int64_t expires_ms;
	struct subject *subject;
	char *to;
	struct bytes message; /* an encoded Alert */
};

struct feed {
	pthread_mutex_t lock;
	struct item *items;
	size_t head, count, cap; /* live items are items[head … head + count) */
	uint64_t ordinals, newest_ms;
	struct feed_place dropped; /* the newest one forgotten */
};

struct feed *feed_create(void)
{
	struct feed *f = must_calloc(1, sizeof(*f));
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

static void item_finish(struct item *i)
{
	free(i->subject);
	free(i->to);
	bytes_finish(&i->message);
}

void feed_destroy(struct feed *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++)
		item_finish(&f->items[f->head + i]);
	free(f->items);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static int id_compare(uint64_t seq_a, uint32_t index_a, uint64_t seq_b, uint32_t index_b)
{
	if (seq_a != seq_b)
		return seq_a < seq_b ? -1 : 1;
	return (index_a > index_b) - (index_a < index_b);
}

/* The first item whose id is after (seq, index), or at it where `at` is set; as an offset from the head. */
static size_t find(const struct feed *f, uint64_t seq, uint32_t index, bool at)
{
	size_t low = 0, high = f->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct item *i = &f->items[f->head + middle];
		int c = id_compare(i->seq, i->index, seq, index);
		if (c < 0 || (c == 0 && !at))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct item *find_exact(struct feed *f, uint64_t seq, uint32_t index)
{
	size_t at = find(f, seq, index, true);
	if (at == f->count)
		return NULL;
	struct item *i = &f->items[f->head + at];
	return i->seq == seq && i->index == index ? i : NULL;
}

static void drop_front(struct feed *f)
{
	struct item *i = &f->items[f->head];
	f->dropped = (struct feed_place){ i->seq, i->index, i->ordinal };
	item_finish(i);
	f->head++;
	f->count--;
}

static void trim(struct feed *f)
{
	while (f->count > LIMIT_FEED_ALERTS) {
		const struct item *i = &f->items[f->head];
		if (i->open && i->expires_ms > (int64_t)f->newest_ms && f->count <= LIMIT_OPEN_ALERTS)
			return;
		drop_front(f);
	}
}

static void make_room(struct feed *f)
{
	if (f->head + f->count < f->cap)
		return;
	if (f->head > f->cap / 2) {
		memmove(f->items, f->items + f->head, f->count * sizeof(f->items[0]));
		f->head = 0;
		return;
	}
	f->cap = f->cap ? f->cap * 2 : 64;
	f->items = must_realloc(f->items, f->cap * sizeof(f->items[0]));
}

static uint8_t severity_of(struct slice name)
{
	static const char *const names[] = { "low", "medium", "high", "critical", NUDGE_SEVERITY };
	for (uint8_t i = 0; i < FEED_OTHER; i++)
		if (slice_equal(name, slice_of(names[i])))
			return i;
	return FEED_OTHER;
}

void feed_add(struct feed *f, const struct wire_alert *alert, const struct subject *subject)
{
	pthread_mutex_lock(&f->lock);
	if (!find_exact(f, alert->seq, alert->index)) {
		make_room(f);
		size_t at = f->head + find(f, alert->seq, alert->index, false), end = f->head + f->count;
		memmove(&f->items[at + 1], &f->items[at], (end - at) * sizeof(f->items[0]));
		struct item *i = &f->items[at];
		*i = (struct item){ .seq = alert->seq,
				    .index = alert->index,
				    .ordinal = ++f->ordinals,
				    .open = true,
				    .severity = severity_of(alert->severity),
				    .expires_ms = alert->expires_ms ? alert->expires_ms : INT64_MAX };
		i->subject = must_malloc(sizeof(*subject));
		*i->subject = *subject;
		i->to = must_strndup(alert->to.data ? alert->to.data : "", alert->to.len);
		alert_encode(alert, &i->message);
		f->count++;
		if (alert->time_ms > (int64_t)f->newest_ms)
			f->newest_ms = (uint64_t)alert->time_ms;
		trim(f);
	}
	pthread_mutex_unlock(&f->lock);
}

bool feed_close(struct feed *f, uint64_t seq, uint32_t index, const char *state)
{
	pthread_mutex_lock(&f->lock);
	struct item *i = find_exact(f, seq, index);
	if (i && i->open) {
		i->open = false;
		/* In protobuf the last of two equal fields wins: the new state is appended, nothing is re-encoded. */
		struct wire_alert patch = { .state = slice_of(state) };
		alert_encode(&patch, &i->message);
	}
	pthread_mutex_unlock(&f->lock);
	return i != NULL;
}

bool feed_subject(struct feed *f, uint64_t seq, uint32_t index, struct subject *out)
{
	pthread_mutex_lock(&f->lock);
	struct item *i = find_exact(f, seq, index);
	if (i)
		*out = *i->subject;
	pthread_mutex_unlock(&f->lock);
	return i != NULL;
}

bool feed_message(struct feed *f, uint64_t seq, uint32_t index, struct bytes *out)
{
	pthread_mutex_lock(&f->lock);
	struct item *i = find_exact(f, seq, index);
	if (i)
		bytes_put(out, i->message.data, i->message.len);
	pthread_mutex_unlock(&f->lock);
	return i != NULL;
}

static void take_out(struct feed *f, size_t at)
{
	struct item *i = &f->items[f->head + at];
	item_finish(i);
	memmove(i, i + 1, (--f->count - at) * sizeof(*i));
}

void feed_forget(struct feed *f, uint64_t seq, uint32_t index)
{
	pthread_mutex_lock(&f->lock);
	struct item *i = find_exact(f, seq, index);
	if (i)
		take_out(f, (size_t)(i - f->items) - f->head);
	pthread_mutex_unlock(&f->lock);
}

void feed_forget_those(struct feed *f, bool (*goes)(void *arg, uint64_t seq, const struct subject *subject), void *arg)
{
	size_t kept = 0;
	pthread_mutex_lock(&f->lock);
	for (size_t at = 0; at < f->count; at++) {
		struct item *i = &f->items[f->head + at];
		if (goes(arg, i->seq, i->subject))
			item_finish(i);
		else
			f->items[f->head + kept++] = *i;
	}
	f->count = kept;
	pthread_mutex_unlock(&f->lock);
}

static bool is_of(void *arg, uint64_t seq, const struct subject *subject)
{
	return subject_equal(subject, arg);
}

void feed_forget_subject(struct feed *f, const struct subject *subject)
{
	feed_forget_those(f, is_of, (void *)(uintptr_t)subject);
}

static void put_item(const struct item *i, struct bytes *out)
{
	bytes_put_u32(out, (uint32_t)i->message.len);
	bytes_put(out, i->message.data, i->message.len);
}

uint64_t feed_read(struct feed *f, struct feed_place *place, uint64_t durable, struct slice to, size_t budget,
		   struct bytes *out)
{
	uint64_t missed = 0;
	pthread_mutex_lock(&f->lock);
	if (id_compare(place->seq, place->index, f->dropped.seq, f->dropped.index) < 0) {
		missed = place->ordinal ? f->dropped.ordinal - place->ordinal : f->dropped.ordinal;
		*place = f->dropped;
	}
	for (size_t at = find(f, place->seq, place->index, false); at < f->count && out->len < budget; at++) {
		const struct item *i = &f->items[f->head + at];
		if (i->seq > durable)
			break;
		*place = (struct feed_place){ i->seq, i->index, i->ordinal };
		if (to.len == 0 || slice_equal(to, slice_of(i->to)))
			put_item(i, out);
	}
	pthread_mutex_unlock(&f->lock);
	return missed;
}

void feed_list(struct feed *f, struct feed_place place, uint64_t durable, struct slice to, int64_t now_ms,
	       unsigned limit, struct bytes *out, bool *more)
{
	unsigned listed = 0;
	*more = false;
	pthread_mutex_lock(&f->lock);
	for (size_t at = find(f, place.seq, place.index, false); at < f->count; at++) {
		const struct item *i = &f->items[f->head + at];
		if (i->seq > durable)
			break;
		if (!i->open || i->expires_ms <= now_ms || (to.len && !slice_equal(to, slice_of(i->to))))
			continue;
		if (listed == limit) {
			*more = true;
			break;
		}
		put_item(i, out);
		listed++;
	}
	pthread_mutex_unlock(&f->lock);
}

struct feed_place feed_end(struct feed *f)
{
	struct feed_place place = { 0 };
	pthread_mutex_lock(&f->lock);
	if (f->count) {
		const struct item *i = &f->items[f->head + f->count - 1];
		place = (struct feed_place){ i->seq, i->index, i->ordinal };
	} else {
		place = f->dropped;
	}
	pthread_mutex_unlock(&f->lock);
	return place;
}

#define COUNTED_AT_ONCE 4096u

void feed_open_counts(struct feed *f, int64_t now_ms, uint64_t out[FEED_SEVERITIES])
{
	struct feed_place place = { 0 };
	size_t at, end;
	memset(out, 0, FEED_SEVERITIES * sizeof(out[0]));
	do {
		pthread_mutex_lock(&f->lock);
		at = find(f, place.seq, place.index, false);
		end = f->count - at > COUNTED_AT_ONCE ? at + COUNTED_AT_ONCE : f->count;
		for (; at < end; at++) {
			const struct item *i = &f->items[f->head + at];
			out[i->severity] += i->open && i->expires_ms > now_ms;
			place = (struct feed_place){ .seq = i->seq, .index = i->index };
		}
		bool more = end < f->count;
		pthread_mutex_unlock(&f->lock);
		if (!more)
			return;
	} while (true);
}

uint64_t feed_open_count(struct feed *f, int64_t now_ms)
{
	uint64_t by[FEED_SEVERITIES], all = 0;
	feed_open_counts(f, now_ms, by);
	for (unsigned i = 0; i < FEED_SEVERITIES; i++)
		all += by[i];
	return all;
}
