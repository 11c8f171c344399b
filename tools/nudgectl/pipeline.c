/* nudgectl/pipeline.c: see pipeline.h. */
#include "pipeline.h"

#include "report.h"

#include "base/check.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH_EVENTS 256           /* enough to make the request's own cost small, few enough that batches overlap */
#define BATCH_BYTES (256u * 1024u) /* a quarter of the frame limit */
#define IN_FLIGHT 32u
#define BUSY_WAIT_MS_FIRST 20
#define BUSY_WAIT_MS_LAST 1000
#define BUSY_TRIES 120 /* two minutes in which nothing was accepted */

#define SHARED_BATCH_EVENTS 128 /* what waits behind such a batch waits half a millisecond */

struct parcel {
	struct parcel *next;
	uint64_t id, sent_ns;
	Nudge__V1__Event **events;
	uint64_t *lines;
	size_t count, cap, bytes;
	Nudge__V1__Outcome *outcome; /* then there are no events */
};

static struct parcel *parcel_create(size_t cap)
{
	struct parcel *p = must_calloc(1, sizeof(*p));
	p->cap = cap;
	p->events = must_calloc(cap, sizeof(*p->events));
	p->lines = must_calloc(cap, sizeof(*p->lines));
	return p;
}

static void parcel_destroy(struct parcel *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++)
		if (p->events[i])
			nudge__v1__event__free_unpacked(p->events[i], NULL);
	if (p->outcome)
		nudge__v1__outcome__free_unpacked(p->outcome, NULL);
	free(p->events);
	free(p->lines);
	free(p);
}

static void destroy_list(struct parcel *p)
{
	while (p) {
		struct parcel *next = p->next;
		parcel_destroy(p);
		p = next;
	}
}

int pipeline_init(struct pipeline *p, struct context *c)
{
	memset(p, 0, sizeof(*p));
	p->c = c;
	p->last = &p->first;
	p->max_events = BATCH_EVENTS;
	p->max_in_flight = IN_FLIGHT;
	int code = context_connect(c);
	if (code != EXIT_DONE)
		return code;
	const Nudge__V1__Welcome *w = nudge_welcome(c->nudge);
	if (w && w->max_batch_events && w->max_batch_events < p->max_events)
		p->max_events = w->max_batch_events;
	if (w && w->max_in_flight && w->max_in_flight < p->max_in_flight)
		p->max_in_flight = w->max_in_flight;
	return EXIT_DONE;
}

void pipeline_finish(struct pipeline *p)
{
	parcel_destroy(p->open);
	destroy_list(p->first);
	destroy_list(p->again);
	p->open = p->first = p->again = NULL;
}

static void count_refusal(struct pipeline *p, const Nudge__V1__Error *e, uint64_t line)
{
	p->refused++;
	const char *code = e ? e->code : "unknown", *field = e ? e->field : "";
	/* "events[17].type" is the same kind of refusal as "events[3].type" */
	const char *part = strchr(field, ']');
	part = part ? part + (part[1] == '.' ? 2 : 1) : field;
	for (unsigned i = 0; i < p->refusal_count; i++) {
		struct refusal *r = &p->refusals[i];
		if (strcmp(r->code, code) == 0 && strcmp(r->field, part) == 0) {
			r->count++;
			return;
		}
	}
	if (p->refusal_count == PIPELINE_REASONS)
		return;
	struct refusal *r = &p->refusals[p->refusal_count++];
	snprintf(r->code, sizeof(r->code), "%s", code);
	snprintf(r->field, sizeof(r->field), "%s", part);
	snprintf(r->reason, sizeof(r->reason), "%s", e ? e->reason : "");
	r->line = line;
	r->count = 1;
}

static bool is_busy(const Nudge__V1__Error *e)
{
	return e && strcmp(e->code, "busy") == 0;
}

static void refuse_event(struct pipeline *p, const Nudge__V1__Event *e, uint64_t line, const Nudge__V1__Error *why)
{
	count_refusal(p, why, line);
	if (e && p->refused_event)
		p->refused_event(p->arg, e, line, why);
}

/* True when the event is settled, false when it must be sent again. e: NULL for an outcome. */
static bool count_ack(struct pipeline *p, const Nudge__V1__Ack *ack, const Nudge__V1__Event *e, uint64_t line)
{
	switch (ack->result) {
	case NUDGE__V1__ACK__RESULT__ACCEPTED:
		p->accepted++;
		for (size_t i = 0; i < ack->n_alerts; i++)
			(*(ack->alerts[i]->historical ? &p->historical : &p->alerts))++;
		break;
	case NUDGE__V1__ACK__RESULT__DUPLICATE:
		p->duplicates++;
		p->too_old += ack->error != NULL;
		break;
	default:
		if (is_busy(ack->error))
			return false;
		refuse_event(p, e, line, ack->error);
	}
	p->answered++;
	return true;
}

/* Keeps in the parcel only what must be sent again. */
static void settle_acks(struct pipeline *p, struct parcel *parcel, Nudge__V1__Ack *const *acks, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < parcel->count; i++) {
		if (i >= count || count_ack(p, acks[i], parcel->events[i], parcel->lines[i])) {
			nudge__v1__event__free_unpacked(parcel->events[i], NULL);
			continue;
		}
		parcel->events[kept] = parcel->events[i];
		parcel->lines[kept++] = parcel->lines[i];
	}
	parcel->count = kept;
}

static void settle_error(struct pipeline *p, struct parcel *parcel, const Nudge__V1__Error *e)
{
	if (is_busy(e))
		return;
	for (size_t i = 0; i < parcel->count; i++) {
		refuse_event(p, parcel->events[i], parcel->lines[i], e);
		nudge__v1__event__free_unpacked(parcel->events[i], NULL);
	}
	p->answered += parcel->count;
	parcel->count = 0;
	if (parcel->outcome) {
		count_refusal(p, e, parcel->lines[0]);
		p->answered++;
		nudge__v1__outcome__free_unpacked(parcel->outcome, NULL);
		parcel->outcome = NULL;
	}
}

static void settle(struct pipeline *p, struct parcel *parcel, const Nudge__V1__Response *r)
{
	if (r->body_case == NUDGE__V1__RESPONSE__BODY_PUBLISHED) {
		settle_acks(p, parcel, r->published->acks, r->published->n_acks);
	} else if (r->body_case == NUDGE__V1__RESPONSE__BODY_OUTCOME_RECORDED && parcel->outcome) {
		if (count_ack(p, r->outcome_recorded->ack, NULL, parcel->lines[0])) {
			nudge__v1__outcome__free_unpacked(parcel->outcome, NULL);
			parcel->outcome = NULL;
		}
	} else {
		settle_error(p, parcel, r->body_case == NUDGE__V1__RESPONSE__BODY_ERROR ? r->error : NULL);
	}
}

/* The list of what must be sent again is kept in the order of the input. */
static void keep_again(struct pipeline *p, struct parcel *parcel)
{
	struct parcel **at = &p->again;
	while (*at && (*at)->lines[0] < parcel->lines[0])
		at = &(*at)->next;
	parcel->next = *at;
	*at = parcel;
}

static struct parcel *take_in_flight(struct pipeline *p, uint64_t id)
{
	for (struct parcel **at = &p->first; *at; at = &(*at)->next) {
		struct parcel *found = *at;
		if (found->id != id)
			continue;
		*at = found->next;
		if (p->last == &found->next)
			p->last = at;
		p->in_flight--;
		return found;
	}
	return NULL;
}

/* The daemon was restarted, say. What was under way may have been applied: its ids tell. */
static bool come_back(struct pipeline *p, int result)
{
	if (!p->patience_ms || (result != NUDGE_CLOSED && result != NUDGE_FAILED))
		return false;
	report_note("the connection is lost; waiting up to %s for it to come back",
		    duration_text(p->patience_ms / 1000.0));
	if (nudge_reconnect(p->c->nudge, p->patience_ms) != NUDGE_OK)
		return false;
	while (p->first) {
		struct parcel *parcel = p->first;
		p->first = parcel->next;
		keep_again(p, parcel);
	}
	p->last = &p->first;
	p->in_flight = 0;
	return true;
}

static int lost(struct pipeline *p, int result)
{
	if (come_back(p, result))
		return EXIT_DONE;
	p->lost = true;
	return context_lost(p->c, result, "sending");
}

/* As much longer than the daemon was at it as our share is smaller than all. */
static void rest(const struct pipeline *p, const struct parcel *parcel)
{
	if (p->share <= 0)
		return;
	double wait_ns = (double)(clock_mono_ns() - parcel->sent_ns) * (1 - p->share) / p->share;
	uint64_t whole = wait_ns < 10e9 ? (uint64_t)wait_ns : 10000000000u;
	struct timespec pause = { (time_t)(whole / 1000000000u), (long)(whole % 1000000000u) };
	nanosleep(&pause, NULL);
}

static int receive_one(struct pipeline *p)
{
	Nudge__V1__Response *r = NULL;
	int result = nudge_receive(p->c->nudge, 60000, &r);
	if (result != NUDGE_OK)
		return lost(p, result);
	struct parcel *parcel = take_in_flight(p, r->request_id);
	if (parcel) {
		rest(p, parcel);
		settle(p, parcel, r);
		if (parcel->count || parcel->outcome)
			keep_again(p, parcel);
		else
			parcel_destroy(parcel);
	}
	nudge_free(r);
	return EXIT_DONE;
}

static int send_parcel(struct pipeline *p, struct parcel *parcel)
{
	int result;
	if (parcel->outcome) {
		result = nudge_send(p->c->nudge, NUDGE_OUTCOME, parcel->outcome, &parcel->id);
	} else {
		Nudge__V1__Publish publish = NUDGE__V1__PUBLISH__INIT;
		publish.n_events = parcel->count;
		publish.events = parcel->events;
		result = nudge_send(p->c->nudge, NUDGE_PUBLISH, &publish, &parcel->id);
	}
	if (result == NUDGE_OK && p->share > 0)
		result = nudge_flush(p->c->nudge);
	parcel->sent_ns = clock_mono_ns();
	parcel->next = NULL;
	*p->last = parcel;
	p->last = &parcel->next;
	p->in_flight++;
	return result == NUDGE_OK ? EXIT_DONE : lost(p, result);
}

static int drain_in_flight(struct pipeline *p)
{
	int code = EXIT_DONE;
	while (p->in_flight && code == EXIT_DONE)
		code = receive_one(p);
	return code;
}

/* What was refused as busy, one request at a time, with waits that double. */
static int send_again(struct pipeline *p)
{
	long wait_ms = BUSY_WAIT_MS_FIRST;
	int tries = 0;
	int code = drain_in_flight(p);
	while (p->again && code == EXIT_DONE) {
		if (tries++ == BUSY_TRIES)
			return report_failed("nudged has been busy for too long; try again later, what was taken is "
					     "not applied twice");
		struct timespec pause = { wait_ms / 1000, wait_ms % 1000 * 1000000 };
		nanosleep(&pause, NULL);
		wait_ms = wait_ms * 2 < BUSY_WAIT_MS_LAST ? wait_ms * 2 : BUSY_WAIT_MS_LAST;
		struct parcel *parcel = p->again;
		p->again = parcel->next;
		uint64_t before = p->answered;
		code = send_parcel(p, parcel);
		if (code == EXIT_DONE)
			code = drain_in_flight(p);
		if (p->answered != before) {
			tries = 0;
			wait_ms = BUSY_WAIT_MS_FIRST;
		}
	}
	return code;
}

static int send_open(struct pipeline *p)
{
	struct parcel *parcel = p->open;
	p->open = NULL;
	int code = EXIT_DONE;
	while (p->in_flight >= p->max_in_flight && code == EXIT_DONE)
		code = receive_one(p);
	if (code == EXIT_DONE && p->again)
		code = send_again(p);
	if (code != EXIT_DONE) {
		parcel_destroy(parcel);
		return code;
	}
	return send_parcel(p, parcel);
}

int pipeline_event(struct pipeline *p, Nudge__V1__Event *e, uint64_t line)
{
	if (!p->open)
		p->open = parcel_create(p->max_events);
	struct parcel *open = p->open;
	open->events[open->count] = e;
	open->lines[open->count++] = line;
	open->bytes += nudge__v1__event__get_packed_size(e);
	p->sent++;
	return open->count == open->cap || open->bytes >= BATCH_BYTES ? send_open(p) : EXIT_DONE;
}

int pipeline_outcome(struct pipeline *p, Nudge__V1__Outcome *o, uint64_t line)
{
	int code = p->open ? send_open(p) : EXIT_DONE;
	if (code != EXIT_DONE) {
		nudge__v1__outcome__free_unpacked(o, NULL);
		return code;
	}
	p->open = parcel_create(1);
	p->open->outcome = o;
	p->open->lines[0] = line;
	p->sent++;
	return send_open(p);
}

int pipeline_drain(struct pipeline *p)
{
	if (p->lost)
		return EXIT_FAILED;
	int code = p->open ? send_open(p) : EXIT_DONE;
	if (code == EXIT_DONE)
		code = drain_in_flight(p);
	return code == EXIT_DONE && p->again ? send_again(p) : code;
}

void pipeline_share(struct pipeline *p, double share)
{
	if (share >= 1 || share <= 0)
		return;
	p->share = share;
	p->max_in_flight = 1;
	p->max_events = p->max_events < SHARED_BATCH_EVENTS ? p->max_events : SHARED_BATCH_EVENTS;
}

uint64_t pipeline_unsettled(const struct pipeline *p)
{
	uint64_t least = UINT64_MAX;
	const struct parcel *const lists[] = { p->first, p->again, p->open };
	for (unsigned i = 0; i < 3; i++)
		for (const struct parcel *at = lists[i]; at; at = i < 2 ? at->next : NULL)
			least = at->lines[0] < least ? at->lines[0] : least;
	return least;
}

void pipeline_put_alerts(const struct pipeline *p)
{
	if (p->alerts)
		printf(", %s raised", plural_text(p->alerts, "alert", "alerts"));
	if (p->historical)
		printf(", %s recorded as history, not pushed", plural_text(p->historical, "alert", "alerts"));
}

/* Most reasons begin with the name of the field: once is enough. */
static bool names_field(const struct refusal *r)
{
	return strncmp(r->reason, r->field, strlen(r->field)) == 0;
}

void pipeline_tell(const struct pipeline *p, const char *unit)
{
	if (p->too_old)
		report_note("%s of the duplicates are older than the ids that are kept of their customer. That is "
			    "harmless where the same input was sent before, in the same order: they were applied then. "
			    "Else they came too late: nobody can tell whether they were applied before, so they were not "
			    "applied now.", count_text(p->too_old));
	for (unsigned i = 0; i < p->refusal_count; i++) {
		const struct refusal *r = &p->refusals[i];
		const char *field = names_field(r) ? "" : r->field;
		report_note("refused (%s%s%s) %s, first %s %llu: %s", r->code, *field ? ": " : "", field,
			count_text(r->count), unit, (unsigned long long)r->line, r->reason);
	}
}

json_t *pipeline_json(const struct pipeline *p)
{
	json_t *reasons = json_array();
	for (unsigned i = 0; i < p->refusal_count; i++) {
		const struct refusal *r = &p->refusals[i];
		json_array_append_new(reasons, json_pack("{ss ss ss sI sI}", "code", r->code, "field", r->field,
							 "reason", r->reason, "count", (json_int_t)r->count, "first",
							 (json_int_t)r->line));
	}
	return json_pack("{sI sI sI sI sI sI so}", "accepted", (json_int_t)p->accepted, "duplicates",
			 (json_int_t)p->duplicates, "too_old", (json_int_t)p->too_old, "refused",
			 (json_int_t)p->refused, "alerts", (json_int_t)p->alerts, "alerts_historical",
			 (json_int_t)p->historical, "refusals", reasons);
}
