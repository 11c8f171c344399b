/* net/server.c: the loops and the listening sockets; connections go to the loops in turn. */
#include "net/server.h"

#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/seldom.h"
#include "net/greeter.h"
#include "net/inner.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/porch.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Where clients come in. */
struct gate {
	struct server *server;
	struct listener listener;
	struct event *accepting; /* in the first loop, with the greeter, or with the porch */
	int spare;               /* a file kept open, for when there are no more */
};

struct server {
	struct gate *gates;
	unsigned gate_count;
	struct tls *tls;
	struct clients *clients;
	struct greeter *greeter; /* of TLS; NULL: none is wanted */
	struct porch *porch;     /* until there are loops */
	struct loop *loops;
	unsigned loop_count;
	_Atomic unsigned next;
	struct seldom refused;
};

int server_check_address(const char *address)
{
	return listener_check(address);
}

bool server_is_tls(const char *address)
{
	return listener_is_tls(address);
}

bool server_is_open(const char *address)
{
	return listener_is_open(address);
}

static void say(struct server *s, const char *what, const char *why)
{
	uint64_t others;
	if (!seldom_told(&s->refused, &others))
		return;
	if (others)
		log_warn("%s a connection: %s (and %llu more, for whatever reason)", what, why, (unsigned long long)others);
	else
		log_warn("%s a connection: %s", what, why);
}

static unsigned connections(const struct server *s)
{
	unsigned n = s->porch ? porch_count(s->porch) : 0;
	for (unsigned i = 0; i < s->loop_count; i++)
		n += atomic_load(&s->loops[i].conn_count);
	return n;
}

/* The loop that has most of those who have said no Hello yet; NULL: none has any. */
static struct loop *most_strangers(const struct server *s)
{
	struct loop *most = NULL;
	for (unsigned i = 0; i < s->loop_count; i++) {
		struct loop *l = &s->loops[i];
		if (atomic_load(&l->strangers) > (most ? atomic_load(&most->strangers) : 0))
			most = l;
	}
	return most;
}

/* Where all places are taken: one of who has said nothing yet is given away. */
static bool has_room(const struct server *s)
{
	return connections(s) < LIMIT_CONNECTIONS || (s->porch ? porch_make_room(s->porch) : most_strangers(s) != NULL);
}

static bool pass(void *arg, const struct arrival *a)
{
	struct server *s = arg;
	struct arrival in = *a;
	if (s->porch) {
		porch_take(s->porch, a);
		return true;
	}
	struct loop *to = &s->loops[atomic_fetch_add(&s->next, 1) % s->loop_count];
	in.makes_room = connections(s) >= LIMIT_CONNECTIONS;
	if (in.makes_room) {
		to = most_strangers(s);
		say(s, "closed", "limit_connections are open, and it had said no Hello for longest");
	}
	return to && loop_hand_over(to, &in);
}

static int open_gates(struct server *s, const char *const *addresses, unsigned count)
{
	int result = ERR_OK;
	for (unsigned i = 0; i < count && result == ERR_OK; i++) {
		struct gate *g = &s->gates[i];
		g->server = s;
		g->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
		result = listener_open(&g->listener, addresses[i], clients_unix_mode(s->clients));
		s->gate_count++;
		if (result == ERR_OK && g->listener.tls && !s->greeter)
			result = greeter_create(&s->greeter, s->tls, pass, s);
	}
	return result;
}

int server_create(struct server **out, const char *const *addresses, unsigned count, struct tls *tls, struct clients *clients)
{
	struct server *s = must_calloc(1, sizeof(*s));
	s->gates = must_calloc(count + 1, sizeof(s->gates[0]));
	s->tls = tls;
	s->clients = clients;
	int result = open_gates(s, addresses, count);
	if (result == ERR_OK)
		*out = s;
	else
		server_destroy(s);
	return result;
}

const char *server_address(const struct server *s, unsigned index)
{
	return index < s->gate_count ? s->gates[index].listener.address : NULL;
}

/* A connection that waits would wake the loop again and again: the file kept in reserve takes it, and lets it go. */
static void refuse_for_want_of_files(struct gate *g, int listening)
{
	close(g->spare);
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	g->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	say(g->server, "refused", "out of file descriptors (ulimit -n)");
}

static void on_accept(evutil_socket_t listening, short what, void *arg)
{
	struct gate *g = arg;
	struct server *s = g->server;
	for (;;) {
		int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				refuse_for_want_of_files(g, listening);
			return;
		}
		struct arrival a = { .stream = { .fd = fd }, .clients = s->clients };
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* fails on a Unix socket: fine */
		if (!has_room(s)) {
			say(s, "refused", "limit_connections are open");
			arrival_drop(&a);
		} else if (!(a.client = clients_meet(s->clients, fd, g->listener.tls))) {
			arrival_drop(&a);
		} else if (g->listener.tls) {
			greeter_meet(s->greeter, &a);
		} else if (!pass(s, &a)) {
			arrival_drop(&a);
		}
	}
}

bool inner_connect(struct server *s, unsigned shard, int *fd)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	struct arrival a = { .stream = { .fd = ends[0] }, .inner = true };
	if (shard < s->loop_count && loop_hand_over(&s->loops[shard], &a)) {
		*fd = ends[1];
		return true;
	}
	close(ends[0]);
	close(ends[1]);
	return false;
}

static void accept_in(struct gate *g, struct event_base *base)
{
	if (g->accepting)
		event_free(g->accepting);
	g->accepting = event_new(base, g->listener.fd, EV_READ | EV_PERSIST, on_accept, g);
	CHECK(g->accepting);
	event_add(g->accepting, NULL);
}

int server_wait(struct server *s, const struct starting *starting)
{
	int result = porch_create(&s->porch, starting);
	if (result != ERR_OK)
		return result;
	for (unsigned i = 0; i < s->gate_count; i++)
		if (!s->gates[i].listener.tls)
			accept_in(&s->gates[i], porch_base(s->porch));
	return porch_start(s->porch);
}

/* Who has waited comes to the loops. */
static void leave_porch(struct server *s)
{
	struct porch *p = s->porch;
	struct arrival a;
	s->porch = NULL;
	while (p && porch_next(p, &a))
		if (!pass(s, &a))
			arrival_drop(&a);
	porch_destroy(p);
}

static int start_loops(struct server *s, struct engine *e)
{
	porch_stop(s->porch);
	s->loops = must_calloc(engine_shard_count(e), sizeof(s->loops[0]));
	for (unsigned i = 0; i < engine_shard_count(e); i++) {
		int result = loop_create(&s->loops[i], engine_shard(e, i));
		s->loop_count++;
		if (result != ERR_OK)
			return result;
	}
	for (unsigned i = 0; i < s->gate_count; i++) {
		struct gate *g = &s->gates[i];
		accept_in(g, g->listener.tls ? greeter_base(s->greeter) : s->loops[0].base);
	}
	leave_porch(s);
	engine_loops_run(e);
	for (unsigned i = 0; i < s->loop_count; i++) {
		int result = loop_start(&s->loops[i]);
		if (result != ERR_OK)
			return result;
	}
	return s->greeter ? greeter_start(s->greeter) : ERR_OK;
}

int server_start(struct server *s, struct engine *e)
{
	int result = start_loops(s, e);
	if (result != ERR_OK)
		server_stop(s);
	return result;
}

size_t server_gauges(void *server, struct wire_gauge *out, size_t room)
{
	struct server *s = server;
	struct clients_stats c;
	struct greeter_stats g = { 0 };
	struct tls_state t = { 0 };
	clients_stats(s->clients, &c);
	if (s->greeter)
		greeter_stats(s->greeter, &g);
	if (s->tls)
		tls_state(s->tls, &t);
	const struct wire_gauge all[] = {
		{ "limited_rate", "times", (double)c.rate },
		{ "limited_connections", "times", (double)c.connections },
		{ "limited_failures", "times", (double)c.failures },
		{ "limited_users", "times", (double)c.users },
		{ "clients_known", "clients", c.known },
		{ "tls_certificate_expires", "timestamp", (double)t.expires },
		{ "tls_certificate_refused", "files", t.refused },
		{ "tls_handshakes", "handshakes", (double)g.done },
		{ "tls_handshakes_failed", "handshakes", (double)g.failed },
		{ "tls_client_crl_expires", "timestamp", (double)t.crl_expires },
	};
	size_t count = !s->tls ? 5 : sizeof(all) / sizeof(all[0]) - !t.crl_expires;
	CHECK(count <= room);
	memcpy(out, all, count * sizeof(all[0]));
	return count;
}

void server_stop(struct server *s)
{
	greeter_stop(s->greeter);
	for (unsigned i = 0; i < s->loop_count; i++)
		loop_stop(&s->loops[i]);
	for (unsigned i = 0; i < s->gate_count; i++) {
		if (s->gates[i].accepting)
			event_free(s->gates[i].accepting);
		s->gates[i].accepting = NULL;
	}
	for (unsigned i = 0; i < s->loop_count; i++)
		loop_destroy(&s->loops[i]);
	free(s->loops);
	s->loops = NULL;
	s->loop_count = 0;
}

uint64_t server_cpu_ns(const struct server *s, unsigned shard)
{
	struct timespec t = { 0 };
	clockid_t clock;
	if (shard < s->loop_count && s->loops[shard].started &&
	    pthread_getcpuclockid(s->loops[shard].thread, &clock) == 0)
		clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void server_destroy(struct server *s)
{
	if (!s)
		return;
	porch_stop(s->porch);
	for (unsigned i = 0; i < s->gate_count; i++) {
		if (s->gates[i].accepting)
			event_free(s->gates[i].accepting);
		listener_close(&s->gates[i].listener);
		if (s->gates[i].spare >= 0)
			close(s->gates[i].spare);
	}
	porch_destroy(s->porch);
	greeter_destroy(s->greeter);
	free(s->gates);
	free(s);
}
