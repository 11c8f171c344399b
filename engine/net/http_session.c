/* net/http_session.c: browsers. A person logs in with a token and has a session (access/sessions.h) from then on, by a cookie
 * that scripts cannot read and that no other site's page can make a browser send (HttpOnly, SameSite=Strict; Secure over TLS).
 *
 *     POST /console/session {"token"}   begins one           GET: whose it is, if anybody's       DELETE: ends it
 *
 * A cookie is sent by the browser, not by the page: so what changes something must also show the session's CSRF token, which
 * only a page of ours has been told, and that it came from one (Origin, Sec-Fetch-Site). Programs show their token with
 * each request instead, and need nothing of this. Where no tokens are wanted nobody logs in; where a page came from counts
 * all the same.
 *
 * Whoever shows a wrong token waits a second for the answer, and few can wait at once: others with wrong ones are sent away.
 * Who has a right one gets in meanwhile. */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOGIN_BYTES 4096u
#define CSRF_HEADER "X-Nudged-CSRF"

/* A refusal on its way. */
struct http_refused {
	struct http_exchange *x;
	struct event *timer;
	struct error why;
	struct http_refused *next, **at;
};

static bool is_get(const struct http_exchange *x)
{
	enum evhttp_cmd_type method = evhttp_request_get_command(x->req);
	return method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD;
}

static bool header_is(const struct http_exchange *x, const char *name, const char *value)
{
	const char *line = http_header(x, name);
	return line && strcmp(line, value) == 0;
}

/* Where the page came from that asks, as browsers say it. A link may lead here from anywhere; nothing else may. */
int http_check_site(const struct http_exchange *x)
{
	const char *site = http_header(x, "Sec-Fetch-Site");
	if (!site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)
		return ERR_OK;
	if (is_get(x) && header_is(x, "Sec-Fetch-Mode", "navigate") && header_is(x, "Sec-Fetch-Dest", "document"))
		return ERR_OK;
	return error_set(ERR_DENIED, "Sec-Fetch-Site", "pages of other sites may not ask here");
}

/* --- the cookie --- */

/* Browsers tell cookies apart by host, not by port: two daemons of a machine each need a name. */
static void cookie_name(const struct http_exchange *x, char *out, size_t size)
{
	const char *port = x->gate->unix_socket ? NULL : strrchr(x->gate->address, ':');
	snprintf(out, size, "%snudged%s%s", http_is_secure(x) ? "__Host-" : "", port ? "-" : "", port ? port + 1 : "");
}

/* The session's id; empty: there is no such cookie. */
static struct slice cookie(const struct http_exchange *x)
{
	char name[64];
	cookie_name(x, name, sizeof(name));
	size_t len = strlen(name);
	const char *at = http_header(x, "Cookie");
	while (at && *at) {
		at += strspn(at, "; \t");
		size_t pair = strcspn(at, ";");
		if (pair > len && strncmp(at, name, len) == 0 && at[len] == '=')
			return (struct slice){ at + len + 1, pair - len - 1 };
		at += pair;
	}
	return (struct slice){ "", 0 };
}

static void set_cookie(struct http_exchange *x, const char *id)
{
	char name[64], line[256];
	cookie_name(x, name, sizeof(name));
	snprintf(line, sizeof(line), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", name, id, http_is_secure(x) ? "; Secure" : "",
		 *id ? "" : "; Max-Age=0");
	http_set_header(x, "Set-Cookie", line);
}

/* --- asking by it --- */

bool http_session_is_shown(const struct http_exchange *x)
{
	return !http_header(x, "Authorization") && cookie(x).len;
}

static int unknown(struct http_exchange *x)
{
	x->unknown = true;
	return access_refuse(x->http->access);
}

static int check_csrf(struct http_exchange *x, struct slice id)
{
	if (!session_csrf_is(id, http_header(x, CSRF_HEADER)))
		error_set(ERR_DENIED, CSRF_HEADER, "what a page asks for by a session must show the session's csrf in " CSRF_HEADER);
	else if (!http_header(x, "Origin") && !header_is(x, "Sec-Fetch-Site", "same-origin"))
		error_set(ERR_DENIED, "Origin", "what a page asks for by a session must say where the page came from");
	else
		return ERR_OK;
	return access_refuse(x->http->access);
}

int http_session_admit(struct http_exchange *x)
{
	struct http *h = x->http;
	struct slice id = cookie(x);
	struct access_grant *g = sessions_find(&h->sessions, id, clock_mono_ns(), &x->session_ends_ns);
	if (!g)
		return unknown(x);
	access_allows(h->access, g, ROLE_NONE); /* as the file says now */
	x->grant = *g;
	if (g->revoked) {
		sessions_end(&h->sessions, id);
		error_set(ERR_DENIED, "Cookie", "the session is over (the token %s was revoked)", x->grant.name);
		return unknown(x);
	}
	x->by_session = true;
	return is_get(x) ? ERR_OK : check_csrf(x, id);
}

bool http_session_goes_on(struct http_exchange *x)
{
	return !x->by_session || sessions_find(&x->http->sessions, cookie(x), x->http->now_ns, NULL);
}

/* --- who it is --- */

static json_t *role_names(uint32_t roles)
{
	json_t *list = json_array();
	for (unsigned role = ROLE_PUBLISH; role < ROLES; role++)
		if (roles >> role & 1)
			json_array_append_new(list, json_string(role_name((enum access_role)role)));
	return list;
}

/* The daemon says how its clock goes, and then where the pack's customers live: what times and amounts are told by. */
struct telling {
	struct http_exchange *x;
	json_t *body;
};

static void lend(json_t *body, const json_t *from, const char *name)
{
	json_t *value = json_object_get(from, name);
	if (value)
		json_object_set(body, name, value);
}

static void told(struct telling *t)
{
	http_reply_json(t->x, 200, t->body);
	free(t);
}

static void on_words(void *arg, struct json_answer *a)
{
	struct telling *t = arg;
	const json_t *words = a ? json_object_get(a->body, "words") : NULL;
	lend(t->body, words, "zone");
	lend(t->body, words, "currency");
	told(t);
}

static void ask_next(struct telling *t, const char *kind, json_t *fields, http_then *then)
{
	struct http_question q = { .kind = kind, .fields = fields, .shard = -1 };
	if (!t->x->http->server || http_ask(t->x->http, &q, then, t) != ERR_OK)
		told(t);
	json_decref(fields);
}

static void on_status(void *arg, struct json_answer *a)
{
	struct telling *t = arg;
	if (!a || !a->kind || strcmp(a->kind, "status") != 0) {
		told(t);
		return;
	}
	json_object_set_new(t->body, "serving", json_true());
	lend(t->body, a->body, "version");
	lend(t->body, a->body, "clock");
	lend(t->body, a->body, "now_ms");
	ask_next(t, "get_rules", json_pack("{s:b}", "words", 1), on_words);
}

static void answer(struct http_exchange *x)
{
	struct telling *t = must_calloc(1, sizeof(*t));
	t->x = x;
	t->body = json_pack("{s:b, s:b}", "tokens", x->http->access != NULL, "serving", 0);
	if (x->by_session) {
		json_int_t left_ms = (json_int_t)((x->session_ends_ns - clock_mono_ns()) / 1000000u);
		json_object_set_new(t->body, "name", json_string(x->grant.name));
		json_object_set_new(t->body, "roles", role_names(x->grant.roles));
		json_object_set_new(t->body, "csrf", json_string(x->csrf));
		json_object_set_new(t->body, "ends_in_ms", json_integer(left_ms));
	}
	ask_next(t, "get_status", json_object(), on_status);
}

void http_session(struct http_exchange *x)
{
	if (x->http->access && !cookie(x).len) { /* how every visit begins: not a refusal */
		http_reply_json(x, 200, json_pack("{s:b}", "tokens", 1));
		return;
	}
	if (x->http->access && http_session_admit(x) != ERR_OK) {
		x->http->denied++;
		http_problem_last(x);
		return;
	}
	if (x->by_session)
		session_csrf(cookie(x), x->csrf);
	answer(x);
}

void http_session_end(struct http_exchange *x)
{
	if (x->http->access && cookie(x).len) {
		if (http_session_admit(x) != ERR_OK && !x->unknown) { /* one that is over may be ended again */
			x->http->denied++;
			http_problem_last(x);
			return;
		}
		x->unknown = false;
		sessions_end(&x->http->sessions, cookie(x));
		set_cookie(x, "");
	}
	http_reply(x, 204, HTTP_JSON, (struct slice){ "", 0 });
}

/* --- logging in --- */

static void say_refused(struct http_refused *r)
{
	*r->at = r->next;
	if (r->next)
		r->next->at = r->at;
	r->x->http->refusal_count--;
	event_free(r->timer);
	http_problem(r->x, error_name(r->why.code), r->why.field, r->why.text);
	free(r);
}

static void on_waited(evutil_socket_t fd, short what, void *arg)
{
	say_refused(arg);
}

/* With the last error, later; at once where it stops, for then nothing is waited for. */
static void refuse_later(struct http_exchange *x)
{
	static const struct timeval wait = { .tv_sec = LIMIT_LOGIN_REFUSED_MS / 1000 };
	struct http *h = x->http;
	h->denied++;
	if (h->stopping) {
		http_problem_last(x);
		return;
	}
	struct http_refused *r = must_calloc(1, sizeof(*r));
	r->x = x;
	r->why = *error_last();
	r->timer = evtimer_new(h->base, on_waited, r);
	CHECK(r->timer);
	r->next = h->refusals;
	r->at = &h->refusals;
	if (r->next)
		r->next->at = &r->next;
	h->refusals = r;
	h->refusal_count++;
	evtimer_add(r->timer, &wait);
}

void http_sessions_end(struct http *h)
{
	while (h->refusals)
		say_refused(h->refusals);
	sessions_finish(&h->sessions);
}

/* *token: a new reference to {"token": "..."}; its text is in it. */
static int read_token(struct http_exchange *x, json_t **body)
{
	char type[80];
	http_body_type(x, type, sizeof(type));
	*body = NULL;
	if (strcmp(type, HTTP_JSON) != 0) /* what a form can send without asking first is not taken */
		return error_set(ERR_INVALID, "Content-Type", "the body must be application/json, and be called so");
	if (x->body_bytes > LOGIN_BYTES)
		return error_set(ERR_LIMIT, NULL, "the body has more than %u bytes: a token is shorter", LOGIN_BYTES);
	*body = http_parse(http_body(x));
	if (!*body)
		return error_last()->code;
	if (json_string_length(json_object_get(*body, "token")) == 0)
		return error_set(ERR_INVALID, "token", "the body must be {\"token\": \"...\"}, which nudgectl token new has said");
	return ERR_OK;
}

static void log_in(struct http_exchange *x, const char *token)
{
	struct http *h = x->http;
	char id[SESSION_TEXT_BYTES];
	struct slice old = cookie(x);
	if (access_admit(h->access, &x->grant, slice_of(token), "token") != ERR_OK) {
		x->unknown = h->refusal_count < LIMIT_LOGINS_REFUSED;
		if (x->unknown)
			refuse_later(x);
		else
			http_problem(x, "busy", NULL, "limit_logins_refused tokens have been refused just now; try again");
		return;
	}
	if (old.len)
		sessions_end(&h->sessions, old); /* a new one for who logs in: nobody else can have put it there */
	sessions_begin(&h->sessions, &x->grant, clock_mono_ns(), id);
	set_cookie(x, id);
	session_csrf(slice_of(id), x->csrf);
	x->by_session = true;
	x->session_ends_ns = clock_mono_ns() + LIMIT_SESSION_MS * 1000000ull;
	answer(x);
}

void http_session_begin(struct http_exchange *x)
{
	json_t *body;
	if (!x->http->access) {
		answer(x);
		return;
	}
	if (read_token(x, &body) != ERR_OK)
		http_problem_last(x);
	else
		log_in(x, json_string_value(json_object_get(body, "token")));
	json_decref(body);
}
