/* proto/follow.c: alerts, each once, through lost connections and restarts of the daemon. Over libnudge's own calls: nothing
 * here that a caller could not do. */
#include "nudge.h"

#include "connection.h"

#define RECONNECT_STEP_MS 2000

static int64_t left_of(int64_t deadline)
{
	int64_t left = deadline - connection_now_ms();
	return left > 0 ? left : 0;
}

static int begin(struct nudge *n, struct nudge_follow *f)
{
	Nudge__V1__Follow ask = NUDGE__V1__FOLLOW__INIT;
	Nudge__V1__Response *answer;
	ask.to = (char *)(f->to ? f->to : "");
	ask.after_seq = f->seq;
	ask.after_index = f->index;
	ask.from_now = f->from_now && !f->seq;
	int rc = nudge_call(n, NUDGE_FOLLOW, &ask, &answer);
	if (rc != NUDGE_OK)
		return rc;
	f->id = answer->request_id;
	if (ask.from_now) { /* from here on, also after a connection that was lost before the first alert */
		f->seq = answer->following->seq;
		f->index = UINT32_MAX;
	}
	nudge_free(answer);
	return NUDGE_OK;
}

/* NUDGE_TIMEOUT where the daemon is not back in time: it is tried again with the next call. */
static int come_back(struct nudge *n, struct nudge_follow *f, int64_t deadline)
{
	f->id = 0;
	while (left_of(deadline) > 0) {
		int64_t step = left_of(deadline) < RECONNECT_STEP_MS ? left_of(deadline) : RECONNECT_STEP_MS;
		int rc = nudge_reconnect(n, (int)step);
		if (rc == NUDGE_OK || rc == NUDGE_REFUSED || rc == NUDGE_INVALID)
			return rc;
	}
	return NUDGE_TIMEOUT;
}

static bool is_seen(const struct nudge_follow *f, const Nudge__V1__Alert *a)
{
	return a->seq < f->seq || (a->seq == f->seq && a->index <= f->index);
}

/* True: it is the caller's. Else it was an alert that is known, or word that some were missed: those come again. */
static bool take(struct nudge_follow *f, Nudge__V1__Response *r)
{
	bool pushed = r->request_id == f->id;
	if (pushed && r->body_case == NUDGE__V1__RESPONSE__BODY_ALERT) {
		bool seen = is_seen(f, r->alert);
		if (!seen) {
			f->seq = r->alert->seq;
			f->index = r->alert->index;
		}
		return !seen;
	}
	if (pushed && r->body_case == NUDGE__V1__RESPONSE__BODY_MISSED)
		f->id = 0;
	/* pushed on a connection before this one */
	return r->body_case != NUDGE__V1__RESPONSE__BODY_ALERT && r->body_case != NUDGE__V1__RESPONSE__BODY_MISSED;
}

int nudge_next_alert(struct nudge *n, struct nudge_follow *f, int timeout_ms, Nudge__V1__Response **out)
{
	int64_t deadline = timeout_ms < 0 ? INT64_MAX / 2 : connection_now_ms() + timeout_ms;
	*out = NULL;
	for (;;) {
		int rc = f->id ? NUDGE_OK : begin(n, f);
		Nudge__V1__Response *r = NULL;
		int64_t left = left_of(deadline);
		if (rc == NUDGE_OK)
			rc = nudge_receive(n, left > INT32_MAX ? -1 : (int)left, &r);
		if (rc == NUDGE_CLOSED || rc == NUDGE_FAILED)
			rc = come_back(n, f, deadline);
		if (rc != NUDGE_OK)
			return rc;
		if (r && take(f, r)) {
			*out = r;
			bool ended = r->request_id == f->id && r->body_case == NUDGE__V1__RESPONSE__BODY_ERROR;
			f->id = ended ? 0 : f->id;
			return ended ? NUDGE_REFUSED : NUDGE_OK;
		}
		nudge_free(r);
	}
}
