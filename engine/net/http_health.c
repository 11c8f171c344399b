/* net/http_health.c: /livez and /readyz, for whoever restarts the daemon and whoever sends it traffic.
 *
 * Live: every shard's loop answers. Ready: it has recovered, and has room for what is to come. */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define LIVE_WITHIN_MS 5000u
#define KNOWN_FOR_NS 100000000u /* it lives, then: who asks more often, without being anybody, does not keep the shards busy */

struct probe {
	struct http_exchange *x;
	unsigned waiting, silent;
};

static void say_ok(struct http_exchange *x)
{
	http_reply(x, 200, "text/plain; charset=utf-8", SLICE("ok\n"));
}

static void on_answer(void *arg, struct json_answer *a)
{
	struct probe *p = arg;
	char reason[120];
	p->silent += !a;
	if (--p->waiting)
		return;
	struct http_exchange *x = p->x;
	unsigned silent = p->silent;
	free(p);
	if (!silent) {
		x->http->lived_ns = clock_mono_ns();
		say_ok(x);
		return;
	}
	snprintf(reason, sizeof(reason), "%u of %u shards do not answer within %u ms", silent, x->http->shards,
		 LIVE_WITHIN_MS);
	http_problem(x, "timeout", NULL, reason);
}

void http_live(struct http_exchange *x)
{
	struct http *h = x->http;
	if (!h->server || (h->lived_ns && x->began_ns - h->lived_ns < KNOWN_FOR_NS)) { /* recovering is life */
		say_ok(x);
		return;
	}
	struct probe *p = must_calloc(1, sizeof(*p));
	json_t *nothing = json_object();
	p->x = x;
	p->waiting = h->shards + 1;
	for (unsigned i = 0; i < h->shards; i++) {
		struct http_question q = {
			.kind = "get_status", .fields = nothing, .shard = (int)i, .within_ms = LIVE_WITHIN_MS
		};
		if (http_ask(h, &q, on_answer, p) != ERR_OK)
			p->waiting--, p->silent++;
	}
	json_decref(nothing);
	on_answer(p, &(struct json_answer){ 0 });
}

void http_ready(struct http_exchange *x)
{
	struct http *h = x->http;
	char reason[200];
	if (!h->server) {
		starting_text(h->starting, reason, sizeof(reason));
		http_problem(x, "closed", NULL, reason);
	} else if (engine_storage_short(h->engine)) {
		http_problem(x, "storage", NULL, "disk space is short: less than reserve_mb is free where the journal is. Events are refused, "
			     "queries are answered; make room, and events are taken again by themselves");
	} else {
		say_ok(x);
	}
}
