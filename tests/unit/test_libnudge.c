/* libnudge against a little server in a thread: each test gives it a script, a function that serves one connection. */
#include "nudge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

typedef void (*script)(int fd, int connection);

struct server {
	pthread_t thread;
	char folder[64], path[96], address[128];
	int listener, connections;
	script serve;
};

static void *server_main(void *arg)
{
	struct server *s = arg;
	for (int i = 0; i < s->connections; i++) {
		int fd = accept(s->listener, NULL, NULL);
		if (fd < 0)
			break;
		s->serve(fd, i);
		close(fd);
	}
	return NULL;
}

static void server_listen(struct server *s)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", s->path);
	s->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_return_code(bind(s->listener, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_return_code(listen(s->listener, 5), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, server_main, s), 0);
}

static void server_start(struct server *s, script serve, int connections)
{
	memset(s, 0, sizeof(*s));
	strcpy(s->folder, "/tmp/libnudge-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof(s->path), "%s/s", s->folder);
	snprintf(s->address, sizeof(s->address), "unix:%s", s->path);
	s->serve = serve;
	s->connections = connections;
	server_listen(s);
}

static void server_stop(struct server *s)
{
	pthread_join(s->thread, NULL);
	close(s->listener);
	unlink(s->path);
	rmdir(s->folder);
}

static void must_write(int fd, const void *data, size_t len)
{
	const char *p = data;
	for (size_t at = 0; at < len;) {
		ssize_t n = send(fd, p + at, len - at, MSG_NOSIGNAL);
		if (n <= 0)
			return; /* the client has gone: some tests want that */
		at += (size_t)n;
	}
}

static bool must_read(int fd, void *data, size_t len)
{
	char *p = data;
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, p + at, len - at);
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* NULL: the client closed. */
static Nudge__V1__Request *take(int fd)
{
	size_t len = 0;
	uint8_t byte = 0x80;
	for (unsigned shift = 0; byte & 0x80; shift += 7) {
		if (!must_read(fd, &byte, 1))
			return NULL;
		len |= (size_t)(byte & 0x7f) << shift;
	}
	uint8_t *body = malloc(len + 1);
	Nudge__V1__Request *q = must_read(fd, body, len) ? nudge__v1__request__unpack(NULL, len, body) : NULL;
	free(body);
	return q;
}

static uint64_t take_id(int fd)
{
	Nudge__V1__Request *q = take(fd);
	uint64_t id = q ? q->request_id : 0;
	if (q)
		nudge__v1__request__free_unpacked(q, NULL);
	return id;
}

/* Byte by byte where `slow`, to exercise partial reads. */
static void give(int fd, uint64_t id, Nudge__V1__Response__BodyCase body_case, void *body, bool slow)
{
	Nudge__V1__Response r = NUDGE__V1__RESPONSE__INIT;
	r.request_id = id;
	r.body_case = body_case;
	r.error = body;
	size_t len = nudge__v1__response__get_packed_size(&r), n = 0;
	uint8_t *frame = malloc(len + 5);
	for (size_t rest = len; n == 0 || rest; rest >>= 7)
		frame[n++] = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
	nudge__v1__response__pack(&r, frame + n);
	for (size_t i = 0; slow && i < n + len; i++)
		must_write(fd, frame + i, 1);
	if (!slow)
		must_write(fd, frame, n + len);
	free(frame);
}

static void welcome(int fd)
{
	Nudge__V1__Welcome w = NUDGE__V1__WELCOME__INIT;
	w.version = 1;
	w.server = "test";
	w.max_frame_bytes = 1 << 20;
	give(fd, take_id(fd), NUDGE__V1__RESPONSE__BODY_WELCOME, &w, true);
}

static void digest(int fd, uint64_t id, uint64_t seq)
{
	Nudge__V1__Digest d = NUDGE__V1__DIGEST__INIT;
	d.seq = seq;
	give(fd, id, NUDGE__V1__RESPONSE__BODY_DIGEST, &d, false);
}

static void alert(int fd, uint64_t id, uint64_t seq)
{
	Nudge__V1__Alert a = NUDGE__V1__ALERT__INIT;
	a.seq = seq;
	give(fd, id, NUDGE__V1__RESPONSE__BODY_ALERT, &a, false);
}

static void until_closed(int fd)
{
	for (uint64_t id = take_id(fd); id; id = take_id(fd))
		;
}

static const Nudge__V1__GetDigest ask = NUDGE__V1__GET_DIGEST__INIT;

static struct nudge *connected(struct server *s, const struct nudge_options *options)
{
	struct nudge *n;
	int rc = nudge_connect(&n, s->address, options);
	if (rc != NUDGE_OK)
		fail_msg("%s", nudge_error(n));
	return n;
}

static void handshake_script(int fd, int connection)
{
	Nudge__V1__Request *q = take(fd);
	Nudge__V1__Welcome w = NUDGE__V1__WELCOME__INIT;
	bool good = q->body_case == NUDGE__V1__REQUEST__BODY_HELLO && q->hello->version == 1 &&
		    strcmp(q->hello->client, "me/1") == 0;
	w.version = 1;
	w.server = good ? "good" : "bad";
	give(fd, q->request_id, NUDGE__V1__RESPONSE__BODY_WELCOME, &w, true);
	nudge__v1__request__free_unpacked(q, NULL);
	until_closed(fd);
}

static void handshake(void **state)
{
	struct server s;
	server_start(&s, handshake_script, 1);
	struct nudge *n = connected(&s, &(struct nudge_options){ .client = "me/1" });
	assert_string_equal(nudge_welcome(n)->server, "good");
	assert_true(nudge_fd(n) >= 0);
	nudge_close(n);
	server_stop(&s);
}

static void refusing_script(int fd, int connection)
{
	Nudge__V1__Error e = NUDGE__V1__ERROR__INIT;
	e.code = "version";
	e.reason = "speak version 2";
	give(fd, take_id(fd), NUDGE__V1__RESPONSE__BODY_ERROR, &e, false);
}

static void refused_handshake(void **state)
{
	struct server s;
	struct nudge *n;
	server_start(&s, refusing_script, 1);
	assert_int_equal(nudge_connect(&n, s.address, NULL), NUDGE_REFUSED);
	assert_string_equal(nudge_error_code(n), "version");
	assert_string_equal(nudge_error(n), "speak version 2");
	assert_null(nudge_welcome(n));
	assert_int_equal(nudge_send(n, NUDGE_GET_DIGEST, &ask, NULL), NUDGE_CLOSED);
	nudge_close(n);
	server_stop(&s);
}

#define PIPELINED 500
/* Answers in reverse. */
static void reverse_script(int fd, int connection)
{
	uint64_t ids[PIPELINED];
	welcome(fd);
	for (int i = 0; i < PIPELINED; i++)
		ids[i] = take_id(fd);
	for (int i = PIPELINED - 1; i >= 0; i--)
		digest(fd, ids[i], ids[i] * 10);
	until_closed(fd);
}

static void pipelining_out_of_order(void **state)
{
	struct server s;
	uint64_t first = 0, id;
	Nudge__V1__Response *r;
	server_start(&s, reverse_script, 1);
	struct nudge *n = connected(&s, NULL);
	for (int i = 0; i < PIPELINED; i++) {
		assert_int_equal(nudge_send(n, NUDGE_GET_DIGEST, &ask, &id), NUDGE_OK);
		first = first ? first : id;
	}
	for (int i = PIPELINED - 1; i >= 0; i--) {
		assert_int_equal(nudge_receive(n, 5000, &r), NUDGE_OK);
		assert_int_equal(r->request_id, first + (uint64_t)i);
		assert_int_equal(r->digest->seq, r->request_id * 10);
		nudge_free(r);
	}
	assert_int_equal(nudge_receive(n, 0, &r), NUDGE_TIMEOUT);
	assert_null(r);
	assert_int_equal(nudge_receive(n, 20, &r), NUDGE_TIMEOUT);
	nudge_close(n);
	server_stop(&s);
}

static void pushing_script(int fd, int connection)
{
	Nudge__V1__Following f = NUDGE__V1__FOLLOWING__INIT;
	Nudge__V1__Error e = NUDGE__V1__ERROR__INIT;
	welcome(fd);
	uint64_t follow = take_id(fd);
	alert(fd, follow, 1); /* before its Following: never taken for the answer */
	give(fd, follow, NUDGE__V1__RESPONSE__BODY_FOLLOWING, &f, true);
	uint64_t id = take_id(fd);
	alert(fd, follow, 2);
	digest(fd, id, 77);
	id = take_id(fd);
	e.code = "busy";
	e.reason = "try again";
	give(fd, id, NUDGE__V1__RESPONSE__BODY_ERROR, &e, false);
	alert(fd, follow, 3);
	until_closed(fd);
}

static void pushed_alerts_are_kept(void **state)
{
	struct server s;
	Nudge__V1__Response *r;
	Nudge__V1__Follow follow = NUDGE__V1__FOLLOW__INIT;
	server_start(&s, pushing_script, 1);
	struct nudge *n = connected(&s, NULL);
	assert_int_equal(nudge_call(n, NUDGE_FOLLOW, &follow, &r), NUDGE_OK);
	assert_int_equal(r->body_case, NUDGE__V1__RESPONSE__BODY_FOLLOWING);
	uint64_t follow_id = r->request_id;
	nudge_free(r);
	assert_int_equal(nudge_call(n, NUDGE_GET_DIGEST, &ask, &r), NUDGE_OK);
	assert_int_equal(r->digest->seq, 77);
	nudge_free(r);
	assert_int_equal(nudge_call(n, NUDGE_GET_DIGEST, &ask, &r), NUDGE_REFUSED);
	assert_null(r);
	assert_string_equal(nudge_error_code(n), "busy");
	for (uint64_t seq = 1; seq <= 3; seq++) {
		assert_int_equal(nudge_receive(n, 5000, &r), NUDGE_OK);
		assert_int_equal(r->request_id, follow_id);
		assert_int_equal(r->alert->seq, seq);
		nudge_free(r);
	}
	nudge_close(n);
	server_stop(&s);
}

static void late_script(int fd, int connection)
{
	welcome(fd);
	uint64_t first = take_id(fd), second = take_id(fd);
	digest(fd, first, 1);
	digest(fd, second, 2);
	uint64_t third = take_id(fd);
	digest(fd, third, 3);
	until_closed(fd);
}

static void late_answers_are_dropped(void **state)
{
	struct server s;
	Nudge__V1__Response *r;
	server_start(&s, late_script, 1);
	struct nudge *n = connected(&s, &(struct nudge_options){ .call_timeout_ms = 60 });
	assert_int_equal(nudge_call(n, NUDGE_GET_DIGEST, &ask, &r), NUDGE_TIMEOUT);
	assert_null(r);
	assert_int_equal(nudge_call(n, NUDGE_GET_DIGEST, &ask, &r), NUDGE_OK);
	assert_int_equal(r->digest->seq, 2);
	nudge_free(r);
	assert_int_equal(nudge_send(n, NUDGE_GET_DIGEST, &ask, NULL), NUDGE_OK);
	assert_int_equal(nudge_receive(n, 5000, &r), NUDGE_OK);
	assert_int_equal(r->digest->seq, 3);
	nudge_free(r);
	nudge_close(n);
	server_stop(&s);
}

static void closing_script(int fd, int connection)
{
	welcome(fd);
	uint64_t id = take_id(fd);
	digest(fd, id, (uint64_t)connection); /* and closes */
}

static void closed_and_reconnected(void **state)
{
	struct server s;
	Nudge__V1__Response *r;
	server_start(&s, closing_script, 2);
	struct nudge *n = connected(&s, NULL);
	assert_int_equal(nudge_send(n, NUDGE_GET_DIGEST, &ask, NULL), NUDGE_OK);
	assert_int_equal(nudge_flush(n), NUDGE_OK);
	poll(NULL, 0, 50);
	/* what came before the end is still given */
	assert_int_equal(nudge_receive(n, 5000, &r), NUDGE_OK);
	assert_int_equal(r->digest->seq, 0);
	nudge_free(r);
	assert_int_equal(nudge_receive(n, 5000, &r), NUDGE_CLOSED);
	assert_int_equal(nudge_receive(n, 5000, &r), NUDGE_CLOSED);
	assert_int_equal(nudge_call(n, NUDGE_GET_DIGEST, &ask, &r), NUDGE_CLOSED);
	assert_int_equal(nudge_reconnect(n, 5000), NUDGE_OK);
	assert_int_equal(nudge_call(n, NUDGE_GET_DIGEST, &ask, &r), NUDGE_OK);
	assert_int_equal(r->digest->seq, 1);
	nudge_free(r);
	nudge_close(n);
	server_stop(&s);
}

static void *restart_later(void *arg)
{
	poll(NULL, 0, 200);
	server_listen(arg);
	return NULL;
}

static void reconnect_waits_for_the_server(void **state)
{
	struct server s;
	pthread_t later;
	server_start(&s, closing_script, 1);
	struct nudge *n = connected(&s, NULL);
	Nudge__V1__Response *r;
	assert_int_equal(nudge_call(n, NUDGE_GET_DIGEST, &ask, &r), NUDGE_OK);
	nudge_free(r);
	pthread_join(s.thread, NULL);
	close(s.listener);
	unlink(s.path);
	assert_int_equal(nudge_reconnect(n, 100), NUDGE_FAILED);
	assert_non_null(strstr(nudge_error(n), "is nudged running there?"));
	s.connections = 1;
	pthread_create(&later, NULL, restart_later, &s);
	assert_int_equal(nudge_reconnect(n, 5000), NUDGE_OK);
	pthread_join(later, NULL);
	nudge_close(n);
	server_stop(&s);
}

static void oversized_script(int fd, int connection)
{
	welcome(fd);
	take_id(fd);
	static const uint8_t frames[2][6] = { { 0x81, 0x80, 0x80, 0x20, 0, 0 },
					      { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	must_write(fd, frames[connection % 2], 6);
	until_closed(fd);
}

static void oversized_answers(void **state)
{
	struct server s;
	Nudge__V1__Response *r;
	server_start(&s, oversized_script, 2);
	for (int i = 0; i < 2; i++) {
		struct nudge *n = connected(&s, NULL);
		assert_int_equal(nudge_call(n, NUDGE_GET_DIGEST, &ask, &r), NUDGE_FAILED);
		assert_non_null(strstr(nudge_error(n), i ? "not framed" : "over 67108864"));
		assert_int_equal(nudge_receive(n, 0, &r), NUDGE_CLOSED);
		nudge_close(n);
	}
	server_stop(&s);
}

/* Neither side may wait for the other for ever when both send more than the sockets hold. */
static void flooding_script(int fd, int connection)
{
	Nudge__V1__Resolved big = NUDGE__V1__RESOLVED__INIT;
	welcome(fd);
	big.customer = malloc(300001);
	memset(big.customer, 'x', 300000);
	big.customer[300000] = '\0';
	for (uint64_t id = take_id(fd); id; id = take_id(fd))
		give(fd, id, NUDGE__V1__RESPONSE__BODY_RESOLVED, &big, false);
	free(big.customer);
}

static void large_both_ways(void **state)
{
	struct server s;
	Nudge__V1__Response *r;
	server_start(&s, flooding_script, 1);
	struct nudge *n = connected(&s, NULL);
	char *name = malloc(200001);
	memset(name, 'y', 200000);
	name[200000] = '\0';
	Nudge__V1__ResolveAlias q = NUDGE__V1__RESOLVE_ALIAS__INIT;
	q.alias = name;
	for (int i = 0; i < 40; i++)
		assert_int_equal(nudge_send(n, NUDGE_RESOLVE_ALIAS, &q, NULL), NUDGE_OK);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(nudge_receive(n, 10000, &r), NUDGE_OK);
		assert_int_equal(strlen(r->resolved->customer), 300000);
		nudge_free(r);
	}
	q.alias = realloc(name, (1 << 20) + 1);
	memset(q.alias, 'z', 1 << 20);
	q.alias[1 << 20] = '\0';
	assert_int_equal(nudge_send(n, NUDGE_RESOLVE_ALIAS, &q, NULL), NUDGE_INVALID);
	assert_non_null(strstr(nudge_error(n), "over the server's limit of 1048576"));
	free(q.alias);
	nudge_close(n);
	server_stop(&s);
}

static void bad_addresses(void **state)
{
	static const struct sample {
		const char *address;
		int result;
	} samples[] = {
		{ "", NUDGE_INVALID },
		{ "unix:", NUDGE_INVALID },
		{ "tcp:", NUDGE_INVALID },
		{ "tcp:host", NUDGE_INVALID },
		{ "tcp::1", NUDGE_INVALID },
		{ "unix:/nonexistent/socket", NUDGE_FAILED },
		{ "/nonexistent", NUDGE_FAILED },
		{ "tcp:127.0.0.1:1", NUDGE_FAILED },
		{ NULL, NUDGE_INVALID },
	};
	struct nudge *n;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		assert_int_equal(nudge_connect(&n, samples[i].address, NULL), samples[i].result);
		assert_true(nudge_error(n)[0] != '\0');
		nudge_close(n);
	}
	nudge_close(NULL);
	nudge_free(NULL);
}

/* The same over TCP on loopback, at a port that the kernel chooses. */
static void over_tcp(void **state)
{
	struct server s = { .serve = closing_script, .connections = 2 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(to);
	s.listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_return_code(bind(s.listener, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_return_code(listen(s.listener, 5), 0);
	assert_return_code(getsockname(s.listener, (struct sockaddr *)&to, &len), 0);
	assert_int_equal(pthread_create(&s.thread, NULL, server_main, &s), 0);
	for (uint64_t i = 0; i < 2; i++) {
		Nudge__V1__Response *r;
		snprintf(s.address, sizeof(s.address), i ? "tcp:[127.0.0.1]:%u" : "tcp:127.0.0.1:%u",
			 ntohs(to.sin_port));
		struct nudge *n = connected(&s, NULL);
		assert_int_equal(nudge_call(n, NUDGE_GET_DIGEST, &ask, &r), NUDGE_OK);
		assert_int_equal(r->digest->seq, i);
		nudge_free(r);
		nudge_close(n);
	}
	pthread_join(s.thread, NULL);
	close(s.listener);
}

static void silent_script(int fd, int connection)
{
	until_closed(fd);
}

static void a_silent_server_times_out(void **state)
{
	struct server s;
	struct nudge *n;
	server_start(&s, silent_script, 1);
	assert_int_equal(nudge_connect(&n, s.address, &(struct nudge_options){ .connect_timeout_ms = 80 }),
			 NUDGE_TIMEOUT);
	nudge_close(n);
	server_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake),
		cmocka_unit_test(refused_handshake),
		cmocka_unit_test(pipelining_out_of_order),
		cmocka_unit_test(pushed_alerts_are_kept),
		cmocka_unit_test(late_answers_are_dropped),
		cmocka_unit_test(closed_and_reconnected),
		cmocka_unit_test(reconnect_waits_for_the_server),
		cmocka_unit_test(oversized_answers),
		cmocka_unit_test(large_both_ways),
		cmocka_unit_test(over_tcp),
		cmocka_unit_test(bad_addresses),
		cmocka_unit_test(a_silent_server_times_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
