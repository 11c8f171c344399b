/* nudgectl/sim_emit.c: events into the bucket of their day, and a day's bucket to standard output in order of time. */
#include "sim.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void put_field(struct bytes *b, const char *name, const char *value)
{
	if (value)
		bytes_printf(b, "\"%s\":\"%s\",", name, value);
}

static void put_attributes(struct bytes *b, const char *format, va_list args)
{
	char *text;
	CHECK(vasprintf(&text, format, args) >= 0);
	if (*text)
		bytes_printf(b, ",\"attributes\":{%s}", text);
	free(text);
}

void sim_event(struct sim *s, struct house *h, const struct sim_head *head, const char *attributes, ...)
{
	unsigned number = ++h->events; /* also of those that the end cuts off: ids do not depend on it */
	if (head->time_ms < s->start_ms || head->time_ms >= s->end_ms)
		return;
	struct bucket *b = &s->buckets[sim_day_of(s, head->time_ms)];
	if (b->count == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 256;
		b->events = must_realloc(b->events, b->cap * sizeof(*b->events));
	}
	struct sim_event *e = &b->events[b->count++];
	*e = (struct sim_event){ .time_ms = head->time_ms, .order = s->order++, .at = b->text.len };
	bytes_printf(&b->text, "{\"id\":\"s%llu-%s-%u-%u\",", (unsigned long long)s->seed, s->start_day, h->number,
		     number);
	put_field(&b->text, "source", head->source);
	put_field(&b->text, "customer", h->id);
	put_field(&b->text, "member", head->member);
	put_field(&b->text, "agent", head->agent);
	put_field(&b->text, "contact", head->contact);
	put_field(&b->text, "type", head->type);
	put_field(&b->text, "channel", head->channel);
	bytes_printf(&b->text, "\"time_ms\":%lld", (long long)head->time_ms);
	va_list args;
	va_start(args, attributes);
	put_attributes(&b->text, attributes, args);
	va_end(args);
	bytes_printf(&b->text, "}\n");
	e->len = b->text.len - e->at;
}

static int by_time(const void *a, const void *b)
{
	const struct sim_event *x = a, *y = b;
	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

bool sim_print_day(struct sim *s, unsigned day)
{
	struct bucket *b = &s->buckets[day];
	bool good = true;
	if (b->count)
		qsort(b->events, b->count, sizeof(*b->events), by_time);
	for (size_t i = 0; i < b->count && good; i++)
		good = fwrite(b->text.data + b->events[i].at, 1, b->events[i].len, stdout) == b->events[i].len;
	bytes_finish(&b->text);
	free(b->events);
	*b = (struct bucket){ 0 };
	return good;
}
