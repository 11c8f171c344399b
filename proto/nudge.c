/* proto/nudge.c: libnudge's calls (nudge.h): messages over a connection (connection.h).
 *
 * Requests of nudge_call have ids with CALL_BIT set, those of nudge_send do not. So an answer that comes after its
 * nudge_call gave up is known for what it is and dropped, and nudge_receive gives only what somebody still waits for.
 */
#include "nudge.h"

#include "connection.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_BIT (1ull << 62)
#define OUTPUT_FLUSH_BYTES (64u * 1024u)
#define REQUEST_MAX_DEFAULT (1024u * 1024u) /* until Welcome says */
#define PREFIX_BYTES 5
#define WAIT_FIRST_MS 50
#define WAIT_MAX_MS 2000
#define PROTOCOL_VERSION 1
#define TOKEN_MAX 256

struct kept {
	struct kept *next;
	Nudge__V1__Response *response;
};

struct nudge {
	struct connection c;
	char *address, *client, *token, *token_file, *tls_ca, *tls_cert, *tls_key;
	struct nudge_options options;
	Nudge__V1__Response *welcome;
	struct kept *kept, **kept_end; /* what came while nudge_call waited for something else */
	uint64_t last_id, follow_id; /* of the Follow that goes on: it may be refused later, where the token is revoked */
	char code[24];
};

const char *nudge_error(const struct nudge *n)
{
	return n ? n->c.error : "no memory";
}

const char *nudge_error_code(const struct nudge *n)
{
	return n ? n->code : "";
}

const Nudge__V1__Welcome *nudge_welcome(const struct nudge *n)
{
	return n->welcome ? n->welcome->welcome : NULL;
}

int nudge_fd(const struct nudge *n)
{
	return n->c.fd;
}

void nudge_free(Nudge__V1__Response *r)
{
	if (r)
		nudge__v1__response__free_unpacked(r, NULL);
}

static int64_t deadline_in(int timeout_ms)
{
	return timeout_ms < 0 ? INT64_MAX : connection_now_ms() + timeout_ms;
}

static int keep(struct nudge *n, Nudge__V1__Response *r)
{
	struct kept *k = malloc(sizeof(*k));
	if (!k) {
		nudge_free(r);
		return connection_fail(&n->c, NUDGE_FAILED, "no memory to keep an answer");
	}
	*k = (struct kept){ NULL, r };
	*n->kept_end = k;
	n->kept_end = &k->next;
	return NUDGE_OK;
}

static Nudge__V1__Response *take_kept(struct nudge *n)
{
	struct kept *k = n->kept;
	if (!k)
		return NULL;
	Nudge__V1__Response *r = k->response;
	n->kept = k->next;
	if (!n->kept)
		n->kept_end = &n->kept;
	free(k);
	return r;
}

/* Framing or encoding is lost: nothing after it can be trusted. */
static int give_up(struct nudge *n, int result)
{
	connection_close(&n->c);
	return result;
}

static bool is_pushed(const Nudge__V1__Response *r)
{
	return r->body_case == NUDGE__V1__RESPONSE__BODY_ALERT || r->body_case == NUDGE__V1__RESPONSE__BODY_MISSED;
}

/* The next message off the socket, whatever it is. */
static int next_response(struct nudge *n, int64_t deadline, Nudge__V1__Response **out)
{
	for (;;) {
		const uint8_t *body;
		size_t len;
		int rc = n->c.fd < 0 ? NUDGE_OK : connection_frame(&n->c, &body, &len);
		if (rc != NUDGE_OK)
			return give_up(n, rc);
		if (n->c.fd >= 0 && body) {
			*out = nudge__v1__response__unpack(NULL, len, body);
			if (*out)
				return NUDGE_OK;
			connection_fail(&n->c, NUDGE_FAILED, "the server's answer of %zu bytes is not a Response", len);
			return give_up(n, NUDGE_FAILED);
		}
		if (n->c.fd >= 0 && n->c.ended)
			return give_up(n, NUDGE_CLOSED);
		rc = connection_pump(&n->c, deadline);
		if (rc != NUDGE_OK)
			return rc;
	}
}

static int send_request(struct nudge *n, uint64_t id, Nudge__V1__Request__BodyCase body_case, const void *body)
{
	Nudge__V1__Request request = NUDGE__V1__REQUEST__INIT;
	request.request_id = id;
	request.body_case = body_case;
	request.hello = (Nudge__V1__Hello *)(uintptr_t)body; /* all bodies are pointers in one union */
	size_t most = nudge_welcome(n) && nudge_welcome(n)->max_frame_bytes ? nudge_welcome(n)->max_frame_bytes
									    : REQUEST_MAX_DEFAULT;
	size_t len = nudge__v1__request__get_packed_size(&request);
	if (len > most)
		return connection_fail(&n->c, NUDGE_INVALID,
				       "a request of %zu bytes is over the server's limit of %zu: send "
				       "fewer events at once",
				       len, most);
	if (n->c.fd < 0)
		return connection_fail(&n->c, NUDGE_CLOSED, "not connected: nudge_reconnect connects anew");
	uint8_t *to = connection_room(&n->c, PREFIX_BYTES + len);
	if (!to)
		return connection_fail(&n->c, NUDGE_FAILED, "no memory for a request of %zu bytes", len);
	size_t prefix = 0;
	for (size_t rest = len; prefix == 0 || rest; rest >>= 7)
		to[prefix++] = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
	nudge__v1__request__pack(&request, to + prefix);
	connection_wrote(&n->c, prefix + len);
	return NUDGE_OK;
}

/* Pending output goes as far as it goes; a lost connection shows when reading. */
int nudge_flush(struct nudge *n)
{
	return connection_flush(&n->c, deadline_in(n->options.call_timeout_ms));
}

static int flush_if_full(struct nudge *n)
{
	return connection_pending(&n->c) > OUTPUT_FLUSH_BYTES ? nudge_flush(n) : NUDGE_OK;
}

int nudge_send(struct nudge *n, Nudge__V1__Request__BodyCase body_case, const void *body, uint64_t *id)
{
	int rc = send_request(n, n->last_id + 1, body_case, body);
	if (rc != NUDGE_OK)
		return rc;
	n->last_id++;
	if (id)
		*id = n->last_id;
	return flush_if_full(n);
}

int nudge_send_raw(struct nudge *n, const void *frame, size_t len)
{
	if (n->c.fd < 0)
		return connection_fail(&n->c, NUDGE_CLOSED, "not connected: nudge_reconnect connects anew");
	uint8_t *to = connection_room(&n->c, len);
	if (!to)
		return connection_fail(&n->c, NUDGE_FAILED, "no memory for a request of %zu bytes", len);
	memcpy(to, frame, len);
	connection_wrote(&n->c, len);
	return flush_if_full(n);
}

/* An answer to a nudge_call that is over (the one being waited for has `awaited`). */
static bool is_late(const struct nudge *n, const Nudge__V1__Response *r, uint64_t awaited)
{
	return r->request_id & CALL_BIT && r->request_id != awaited && r->request_id != n->follow_id && !is_pushed(r);
}

int nudge_receive(struct nudge *n, int timeout_ms, Nudge__V1__Response **out)
{
	int64_t deadline = deadline_in(timeout_ms);
	*out = NULL;
	if (n->c.fd >= 0)
		connection_flush(&n->c, connection_now_ms()); /* as far as it goes; waiting goes on below */
	*out = take_kept(n);
	while (!*out) {
		int rc = next_response(n, deadline, out);
		if (rc != NUDGE_OK)
			return rc;
		if (is_late(n, *out, 0)) {
			nudge_free(*out);
			*out = NULL;
		}
	}
	return NUDGE_OK;
}

static int refused(struct nudge *n, Nudge__V1__Response *r)
{
	const Nudge__V1__Error *e = r->error;
	snprintf(n->code, sizeof(n->code), "%s", e->code);
	connection_fail(&n->c, NUDGE_REFUSED, "%s", e->reason[0] ? e->reason : e->code);
	nudge_free(r);
	return NUDGE_REFUSED;
}

static int call(struct nudge *n, Nudge__V1__Request__BodyCase body_case, const void *body, int64_t deadline,
		Nudge__V1__Response **out)
{
	uint64_t id = ++n->last_id | CALL_BIT;
	Nudge__V1__Response *r;
	*out = NULL;
	n->code[0] = '\0';
	int rc = send_request(n, id, body_case, body);
	while (rc == NUDGE_OK) {
		rc = next_response(n, deadline, &r);
		if (rc != NUDGE_OK)
			return rc;
		bool is_error = r->body_case == NUDGE__V1__RESPONSE__BODY_ERROR;
		if (is_error && (r->request_id == id || r->request_id == 0))
			return refused(n, r);
		if (r->request_id == id && !is_pushed(r)) {
			if (r->body_case == NUDGE__V1__RESPONSE__BODY_FOLLOWING)
				n->follow_id = id;
			*out = r;
			return NUDGE_OK;
		}
		if (is_late(n, r, id))
			nudge_free(r);
		else
			rc = keep(n, r);
	}
	return rc;
}

int nudge_call(struct nudge *n, Nudge__V1__Request__BodyCase body_case, const void *body, Nudge__V1__Response **out)
{
	return call(n, body_case, body, deadline_in(n->options.call_timeout_ms), out);
}

static int handshake(struct nudge *n, int64_t deadline)
{
	Nudge__V1__Hello hello = NUDGE__V1__HELLO__INIT;
	Nudge__V1__Response *r;
	char token[TOKEN_MAX];
	int rc = connection_token(&n->c, n->token, n->token_file, token, sizeof(token));
	if (rc != NUDGE_OK)
		return rc;
	hello.token = token;
	hello.version = PROTOCOL_VERSION;
	hello.client = n->client;
	hello.no_wait = n->options.no_wait;
	nudge_free(n->welcome);
	n->welcome = NULL;
	rc = call(n, NUDGE__V1__REQUEST__BODY_HELLO, &hello, deadline, &r);
	memset(token, 0, sizeof(token));
	if (rc == NUDGE_OK && r->body_case != NUDGE__V1__RESPONSE__BODY_WELCOME) {
		nudge_free(r);
		rc = connection_fail(&n->c, NUDGE_FAILED, "the server at %s did not answer Hello with Welcome",
				     n->address);
	}
	if (rc == NUDGE_OK)
		n->welcome = r;
	return rc;
}

static int connect_once(struct nudge *n, int64_t deadline)
{
	n->code[0] = '\0';
	int rc = connection_open(&n->c, n->address, deadline);
	if (rc == NUDGE_OK && !n->options.no_hello)
		rc = handshake(n, deadline);
	return rc == NUDGE_OK ? rc : give_up(n, rc);
}

/* *copy: of a text that the caller may free. False: no memory. */
static bool copy_of(const char **text, char **copy)
{
	*copy = *text ? strdup(*text) : NULL;
	bool whole = *copy || !*text;
	*text = *copy;
	return whole;
}

static struct nudge *create(const char *address, const struct nudge_options *options)
{
	struct nudge *n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->c.fd = -1;
	n->kept_end = &n->kept;
	if (options)
		n->options = *options;
	if (n->options.connect_timeout_ms <= 0)
		n->options.connect_timeout_ms = 5000;
	if (n->options.call_timeout_ms <= 0)
		n->options.call_timeout_ms = 10000;
	n->address = strdup(address ? address : "");
	n->client = strdup(n->options.client ? n->options.client : "libnudge");
	n->options.client = n->client;
	bool whole = copy_of(&n->options.token, &n->token) & copy_of(&n->options.token_file, &n->token_file) &
		     copy_of(&n->options.tls_ca, &n->tls_ca) & copy_of(&n->options.tls_cert, &n->tls_cert) &
		     copy_of(&n->options.tls_key, &n->tls_key);
	n->c.files = (struct connection_tls){ n->tls_ca, n->tls_cert, n->tls_key };
	if (n->address && n->client && whole)
		return n;
	nudge_close(n);
	return NULL;
}

int nudge_connect(struct nudge **out, const char *address, const struct nudge_options *options)
{
	*out = create(address, options);
	if (!*out)
		return NUDGE_FAILED;
	return connect_once(*out, deadline_in((*out)->options.connect_timeout_ms));
}

int nudge_reconnect(struct nudge *n, int timeout_ms)
{
	int64_t deadline = deadline_in(timeout_ms);
	for (int64_t wait_ms = WAIT_FIRST_MS;; wait_ms = wait_ms * 2 < WAIT_MAX_MS ? wait_ms * 2 : WAIT_MAX_MS) {
		int64_t attempt = deadline_in(n->options.connect_timeout_ms);
		int rc = connect_once(n, attempt < deadline ? attempt : deadline);
		bool recovering = rc == NUDGE_REFUSED && strcmp(n->code, "closed") == 0;
		if (rc == NUDGE_OK || rc == NUDGE_INVALID || (rc == NUDGE_REFUSED && !recovering))
			return rc;
		int64_t left = deadline - connection_now_ms();
		/* the last attempt has a little time: without any it would only say so, rather than what the one before was told */
		int64_t most_ms = left - WAIT_FIRST_MS;
		if (most_ms <= 0)
			return rc;
		poll(NULL, 0, (int)(wait_ms < most_ms ? wait_ms : most_ms));
	}
}

void nudge_close(struct nudge *n)
{
	if (!n)
		return;
	for (Nudge__V1__Response *r = take_kept(n); r; r = take_kept(n))
		nudge_free(r);
	nudge_free(n->welcome);
	connection_finish(&n->c);
	free(n->address);
	free(n->client);
	free(n->token);
	free(n->token_file);
	free(n->tls_ca);
	free(n->tls_cert);
	free(n->tls_key);
	free(n);
}
