/* net/http_parts.h: the gateway from inside. Private to the files http*.c; everything here belongs to its thread. */
#ifndef NUDGED_NET_HTTP_PARTS_H
#define NUDGED_NET_HTTP_PARTS_H

#include "access/sessions.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "net/clients.h"
#include "net/http.h"
#include "net/listener.h"
#include "wire/json_call.h"

#include <pthread.h>
#include <stdatomic.h>

struct bufferevent;
struct event;
struct event_base;
struct evconnlistener;
struct evhttp;
struct evhttp_connection;
struct evhttp_request;
struct json_publish;
struct http_aside;
struct http_delayed;
struct http_exchange;
struct queue;

/* --- http_route.c: what there is --- */

typedef void http_handler(struct http_exchange *x);

/* A route. Where `ask` names a request, it is answered by the shards: fields come from the path, from the query (GET) or
 * from the body (POST), by the message's descriptor. Else `handle` answers. */
struct http_route {
	const char *method, *path; /* "/v1/customers/{customer}": a part in braces is a field of the request */
	enum access_role role; /* of one that asks for nothing; see http_route_role */
	bool changes;        /* something: waits behind other changes, not before a query */
	const char *ask, *answer;
	const char *query;   /* fields that the query may give, space between them; NULL: all that are plain */
	const char *preset;  /* JSON of fields that the route itself says */
	http_handler *handle;
	const char *group, *summary;
	const char *refusals; /* codes of errors, beyond those of every route: "missing ambiguous" */
};
extern const struct http_route http_routes[];
extern const unsigned http_route_count;

#define HTTP_PARTS_MAX 4u
struct http_part {
	const char *name;
	size_t name_len;
	char *text; /* decoded; malloc'ed */
};
/* *allowed: the methods of routes with that path, where none has this method. */
const struct http_route *http_route_find(const char *method, const char *path, struct http_part parts[HTTP_PARTS_MAX],
					 unsigned *part_count, char *allowed, size_t allowed_size);
/* What who asks must be allowed to do: that of the request it becomes. */
enum access_role http_route_role(const struct http_route *r);
/* Whether a field may be given in the query. */
bool http_route_takes(const struct http_route *r, const ProtobufCFieldDescriptor *f);
bool http_names_have(const char *names, const char *name); /* "a b c" */

/* --- http_exchange.c: one request and its answer --- */

struct http_exchange {
	struct http *http;
	const struct http_gate *gate;
	struct evhttp_request *req;
	const struct http_route *route; /* NULL: none */
	struct http_part parts[HTTP_PARTS_MAX];
	unsigned part_count;
	struct access_grant grant; /* what its token allows, where tokens are wanted */
	bool unknown;              /* no token, or none that is known: 401 */
	bool long_headers;         /* 431 */
	bool by_session;           /* a person's, by the cookie of their browser */
	uint64_t session_ends_ns;
	char csrf[SESSION_TEXT_BYTES]; /* the session's; of answers that tell it */
	const char *caching;           /* Cache-Control; NULL: no-store. Static */
	struct http_exchange *next; /* that waits for the same */
	struct client *client, *holder; /* who asks: by address or user, and by its token. NULL: not known */
	bool guessed, late;             /* it showed a token that is not known; its refusal has waited already */
	uint64_t began_ns;
	size_t body_bytes;
	bool aside; /* some of it was done by the other thread */
	bool gone; /* the connection, while the answer was being streamed */
	void (*when_gone)(void *arg); /* for who waits for the client to take more; NULL: nobody does */
	void *gone_arg;
};

#define HTTP_JSON "application/json"
#define HTTP_LINES "application/x-ndjson"
#define HTTP_PROBLEM "application/problem+json"

void http_on_request(struct evhttp_request *req, void *gate);
void http_go_on(struct http_exchange *x); /* once its turn has come */
void http_count(struct http *h, const struct http_route *r, int status); /* an answer; r NULL: of no route */
const char *http_header(const struct http_exchange *x, const char *name); /* of the request; NULL: none */
struct slice http_body(const struct http_exchange *x);                     /* lent */
size_t http_body_size(const struct http_exchange *x);
/* The body's type without parameters, in lower case; "" where there is none. */
void http_body_type(const struct http_exchange *x, char *out, size_t size);
/* Query and path as fields of `d`, over the preset ones. *out: a new reference. */
int http_fields(struct http_exchange *x, const ProtobufCMessageDescriptor *d, json_t **out);
json_t *http_parse(struct slice text); /* NULL: last error */

void http_dump(struct bytes *out, const json_t *value); /* as one line */

void http_set_header(struct http_exchange *x, const char *name, const char *value); /* of the answer */
/* Each ends the exchange. */
void http_reply(struct http_exchange *x, int status, const char *type, struct slice body);
void http_reply_json(struct http_exchange *x, int status, json_t *body); /* takes it */
void http_problem(struct http_exchange *x, const char *code, const char *field, const char *reason);
void http_problem_last(struct http_exchange *x);
void http_problem_of(struct http_exchange *x, json_t *error); /* an Error message */
json_t *http_problem_body(int status, const char *code, const char *field, const char *reason); /* field may be NULL */
int http_status_of(const char *code);
const char *http_phrase(int status); /* of those that evhttp does not know; NULL: it does */
const char *http_title_of(const char *code);
/* An answer in pieces. `drained` is called once all of it has gone to the system. */
void http_stream_begin(struct http_exchange *x, const char *type);
void http_stream_put(struct http_exchange *x, struct slice piece, void (*drained)(struct evhttp_connection *c, void *arg), void *arg);
size_t http_stream_backlog(const struct http_exchange *x);
void http_stream_end(struct http_exchange *x);

/* --- http_aside.c: what takes long --- */

typedef int http_work(void *arg);
typedef void http_worked(void *arg, int result); /* not ERR_OK: the last error says why */
/* `does`, then `then`: at once where there is little to do, else the one on another thread and the other when the loop
 * comes to it. Where too much waits already, or at the end, only `then`, with ERR_BUSY or ERR_CLOSED. */
void http_do(struct http_exchange *x, size_t bytes, http_work *does, http_worked *then, void *arg);
unsigned http_aside_count(const struct http *h);
int http_aside_start(struct http *h);
void http_aside_end(struct http *h); /* also where it was never started */

/* --- http_authorise.c --- */

/* Whether it came over TLS: what it is told (a cookie) may be Secure, and must be. */
bool http_is_secure(const struct http_exchange *x);

/* The one place that says whether a request may be: ERR_OK, or ERR_DENIED and the last error. */
int http_authorise(enum access_role role, struct http_exchange *x);
/* The same for what goes on: whether a stream may. */
bool http_may_go_on(enum access_role role, struct http_exchange *x);

/* --- http_session.c: browsers, and who is logged in with them --- */

int http_check_site(const struct http_exchange *x);       /* ERR_DENIED: a page of another site asks */
bool http_session_is_shown(const struct http_exchange *x); /* a cookie, and no token */
/* As access_admit, by the cookie; what changes something must show that a page of ours asks. */
int http_session_admit(struct http_exchange *x);
bool http_session_goes_on(struct http_exchange *x); /* or there was none */
void http_sessions_end(struct http *h);

/* --- http_limits.c --- */

bool http_within_limits(struct http_exchange *x); /* false: it is answered (429) */
void http_charge(struct http_exchange *x, uint64_t count); /* what it asks beyond the one request that it is */
void http_limits_leave(struct http_exchange *x);
/* True: the problem is told later, since it is one of many. */
bool http_delay(struct http_exchange *x, const char *code, const char *field, const char *reason);
void http_limits_tick(struct http *h);

/* --- http_link.c: to the shards and back --- */

struct http_link {
	struct http *http;
	struct bufferevent *bev;
	/* False: the link is gone, do not touch it. */
	bool (*answered)(struct http_link *l, struct json_answer *a);
	void (*lost)(struct http_link *l);
	bool held; /* do not read on */
};
int http_link_open(struct http_link *l, struct http *h, unsigned shard);
void http_link_close(struct http_link *l);
void http_link_send(struct http_link *l, struct slice frame);
void http_link_hold(struct http_link *l, bool hold);

/* answer NULL: none came, the last error says why. The answer's body is lent; who works at it in another thread takes it and puts
 * NULL there: it is never shared. */
typedef void http_then(void *arg, struct json_answer *answer);
struct http_asked {
	uint64_t id, until_ns;
	http_then *then; /* NULL: free */
	void *arg;
};
struct http_question {
	const char *kind;
	json_t *fields;                     /* or: */
	const struct json_publish *publish; /* or: */
	const struct bytes *message;
	bool changes;
	int shard;                          /* -1: any */
	uint32_t within_ms;                 /* 0: LIMIT_HTTP_ANSWER_MS */
};
int http_ask(struct http *h, const struct http_question *q, http_then *then, void *arg);
int http_links_open(struct http *h);
void http_links_close(struct http *h);
void http_links_tick(struct http *h);

/* --- http_peer.c: connections and their bounds --- */

struct http_peer {
	struct http *http;
	const struct http_gate *gate; /* that it came in through */
	struct bufferevent *bev;
	struct http_peer *next, **at;
	int fd; /* as last seen; -1: never */
	uint64_t since_ns;   /* when the request began of which some is here; 0: none */
	uint64_t touched_ns; /* last byte, or answer */
	size_t held, untaken; /* bytes that wait to be read; of answers that the client has not taken */
	bool busy, doomed;
	bool answered; /* once at least: it gives its place away after those that never asked anything whole */
	bool waits;    /* for a place: see http_door.c */
	bool welcome;  /* once at least it asked what it may ask */
	bool good;     /* and takes no more than its share: see http_turn.c */
	bool ahead;    /* some of its next request was here before it was answered: see http_ahead.c */
	int turn;
	uint64_t owes_ns, owes_at_ns;
	struct ssl_st *ssl; /* NULL: plain */
	struct client *client; /* NULL: not met yet, or not let in */
	bool met;
	uint64_t opened_ns;
};
struct bufferevent *http_peer_open(struct event_base *base, void *gate);
struct http_peer *http_peer_of(struct http *h, struct evhttp_request *req); /* NULL: it has left */
void http_peer_busy(struct http *h, struct evhttp_request *req); /* until the request is done */
void http_peer_end(struct http_peer *p); /* it is let go; once, again does nothing */
bool http_peer_is_freed(const struct http_peer *p); /* by evhttp */
struct client *http_peer_client(struct http *h, struct evhttp_request *req); /* held: client_leave; may be NULL */
void http_peers_sweep(struct http *h); /* those who have left */
void http_peers_tick(struct http *h);
void http_peers_forget(struct http *h); /* at the end */

/* --- http_gate.c: where they come in --- */

struct http_gate {
	struct http *http;
	struct listener listener;
	struct tls *tls; /* NULL: it is plain */
	char address[176];
	bool unix_socket;
	struct evhttp *evhttp;
	struct evconnlistener *accepting;
};
int http_gate_bind(struct http *h, const char *address, struct tls *tls); /* address: as the listener spells it */
int http_gates_begin(struct http *h);
void http_gates_let_in(struct http *h, bool on);
void http_gates_end(struct http *h);   /* with their connections */
void http_gates_close(struct http *h); /* their sockets, at last */

/* --- http_unread.c: what evhttp refuses by itself --- */

void http_unread_counts(struct http *h); /* where it is counted from now on */

/* --- http_door.c: who is let in --- */

void http_door_open(int listening);
void http_door_knock(struct http *h);   /* at http_peer_open */
void http_door_arrived(struct http *h); /* after it, when evhttp has set its socket */
void http_door_next_round(struct http *h);
void http_door_left(struct http_peer *p); /* it is on its way out */
void http_door_unload(struct http *h); /* whose are most bytes leave, until they are within the limit */
void http_door_tick(struct http *h);

/* --- http_turn.c: whose turn it is --- */

struct event_base *http_turns_base(void); /* NULL: no memory, or no files */
void http_turns_begin(struct http *h); /* once the door is made: what is made later is of the last class, if it asks for none */
void http_turn_ours(struct event *e);     /* before it is added: it comes before all clients */
void http_turn_link(struct bufferevent *link);
/* What is done between the two is owed by that peer (NULL: by nobody). Another may end what one began: then it is owed by parts. */
void http_turn_begin(struct http *h);
void http_turn_end(struct http *h, struct http_peer *p);
void http_turn_read(struct http_peer *p, size_t bytes); /* while it is read; p->touched_ns is now */
void http_turn_answered(struct http_peer *p);
void http_turns_tick(struct http *h, uint64_t since_ns);

/* --- http_ahead.c: what was sent ahead of an answer --- */

struct http_ahead {
	struct http_exchange *first, *last; /* that wait */
	struct event *turn;
	int64_t saved_ns; /* of the thread's CPU time; below 0: owed */
	uint64_t paid_at_ns;
};
void http_ahead_begin(struct http *h); /* once there are classes: its turn is in the last */
bool http_ahead_waits(struct http_exchange *x); /* then it goes on later */
void http_ahead_owe(struct http *h, uint64_t ns);
void http_ahead_end(struct http *h); /* all that wait go on */

/* --- what answers by itself --- */

void http_publish(struct http_exchange *x);   /* http_publish.c */
void http_follow(struct http_exchange *x);    /* http_follow.c */
void http_followers_tick(struct http *h);
void http_followers_end(struct http *h);
void http_report(struct http_exchange *x);    /* http_exchange.c */
void http_openapi(struct http_exchange *x);   /* http_openapi.c */
void http_metrics(struct http_exchange *x);   /* http_metrics.c */
void http_history_tick(struct http *h);       /* http_history.c */
void http_live(struct http_exchange *x);      /* http_health.c */
void http_ready(struct http_exchange *x);
void http_to_console(struct http_exchange *x); /* http_console.c */
void http_console(struct http_exchange *x);
void http_session(struct http_exchange *x);    /* http_session.c */
void http_session_begin(struct http_exchange *x);
void http_session_end(struct http_exchange *x);

/* --- the gateway --- */

#define HTTP_CODES 24u
struct http_follower;
struct http_refused;
struct http {
	struct http_gate gates[LIMIT_HTTP_ADDRESSES];
	unsigned gate_count;
	struct clients *clients;
	struct event *arrived; /* set off for new peers, once they have their sockets */
	struct event *next_round; /* of the loop: more of them are let in */
	unsigned arrivals;
	uint64_t work_ns; /* CPU time, when what is being done began */
	uint64_t good_ns; /* that those in good standing took since the last tick */
	unsigned share;   /* of the thread, that one of them may take */
	struct http_ahead ahead;
	struct http_delayed *delayed; /* answers that wait */
	struct event_base *base;
	struct event *handed, *tick;
	struct http_aside *aside; /* NULL: there is none, or no more */
	struct queue *queue;
	pthread_t thread;
	bool started, stopping;
	bool refused; /* nobody more is let in until the next tick */
	struct server *server, *to_serve; /* server NULL: the engine is not running yet */
	struct engine *engine;
	const char *version;
	struct access *access; /* NULL: tokens are not wanted */
	const struct starting *starting;
	int64_t started_ms; /* since 1970 */
	struct http_exchange *scrapers; /* who wait for /metrics, oldest first */
	bool scraping;
	uint64_t lived_ns; /* when all shards had last answered, for /livez */
	uint64_t now_ns, sample_ns; /* sample_ns: when the next of the daemon's figures is due */
	struct http_link *links; /* two a shard: for changes, and for queries, which never wait for those */
	unsigned shards, next_shard;
	struct http_asked asked[LIMIT_HTTP_ASKED];
	unsigned asked_count;
	uint64_t generation;
	struct bytes scratch;
	struct http_peer *peers;
	unsigned peers_in, peers_waiting; /* without those on their way out */
	unsigned crowds[LIMIT_HTTP_CONNECTIONS + LIMIT_HTTP_WAITING + 2u]; /* sources that have so many connections */
	unsigned largest_crowd;
	struct http_peer **by_fd; /* may be stale: see peer_of */
	unsigned fd_cap;
	size_t held_bytes, untaken_bytes; /* of all peers */
	size_t body_bytes;                /* of requests that are being answered */
	struct http_follower *followers;
	unsigned follower_count;
	struct sessions sessions;
	struct http_refused *refusals; /* of logins, on their way */
	unsigned refusal_count;
	char *openapi;
	struct http_count {
		uint64_t codes[HTTP_CODES];
	} *counts; /* one a route, and one for what has none */
	struct histogram seconds;
	uint64_t evicted, late, denied;
};
const unsigned *http_codes(void); /* HTTP_CODES of them, 0 after the last: statuses that are counted */
const char *http_version(const struct http *h);

#endif
