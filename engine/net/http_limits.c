/* net/http_limits.c: how much one client may ask over HTTP (clients.h): who asks more than client_rate is answered 429 with
 * Retry-After at once, since a request that waits would hold a place; and who shows tokens that are not known again and again gets
 * its answers late. What asks for nothing (/livez and the like) is not counted. */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND_NS 1000000000ull

struct http_delayed {
	struct http_delayed *next;
	struct http_exchange *x;
	uint64_t until_ns;
	char code[24], field[80], reason[720];
};

static struct client *who(struct http_exchange *x)
{
	return x->holder ? x->holder : x->client;
}

bool http_within_limits(struct http_exchange *x)
{
	char after[24], reason[256];
	if (x->http->access && x->grant.generation && x->grant.name[0])
		x->holder = clients_token(x->http->clients, x->grant.name, false);
	uint64_t wait_ns = client_is_limited(who(x)) ? client_wait_ns(who(x)) : 0;
	if (!wait_ns) {
		http_charge(x, 1);
		return true;
	}
	snprintf(after, sizeof(after), "%llu", (unsigned long long)((wait_ns + SECOND_NS - 1) / SECOND_NS));
	snprintf(reason, sizeof(reason), "%s asks more than client_rate allows (an event of a batch counts as one request): ask again in "
		 "%s s", who(x)->name, after);
	http_set_header(x, "Retry-After", after);
	http_problem(x, "rate", NULL, reason);
	return false;
}

void http_charge(struct http_exchange *x, uint64_t count)
{
	if (client_is_limited(who(x)))
		client_charge(who(x), count);
}

void http_limits_leave(struct http_exchange *x)
{
	client_leave(x->client, false);
	client_leave(x->holder, false);
}

bool http_delay(struct http_exchange *x, const char *code, const char *field, const char *reason)
{
	struct http *h = x->http;
	if (!x->guessed || x->late || h->stopping || !client_failed(x->client))
		return false;
	struct http_delayed *d = must_calloc(1, sizeof(*d));
	x->late = true;
	d->x = x;
	d->until_ns = clock_mono_ns() + LIMIT_DENIED_MS * 1000000ull;
	snprintf(d->code, sizeof(d->code), "%s", code);
	snprintf(d->field, sizeof(d->field), "%s", field ? field : "");
	snprintf(d->reason, sizeof(d->reason), "%s", reason);
	d->next = h->delayed;
	h->delayed = d;
	return true;
}

/* Those whose time has come; all of them at the end. */
void http_limits_tick(struct http *h)
{
	for (struct http_delayed **at = &h->delayed; *at;) {
		struct http_delayed *d = *at;
		if (!h->stopping && h->now_ns < d->until_ns) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		http_problem(d->x, d->code, d->field, d->reason);
		free(d);
	}
}
