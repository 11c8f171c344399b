/* net/server.c: the loops and the listening sockets; connections go to the loops in turn. */
#include "net/server.h"

#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/inner.h"
#include "net/listener.h"
#include "net/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
	struct listener *listeners;
	struct event **accepting;
	unsigned listener_count;
	struct loop *loops;
	unsigned loop_count, next;
	int spare; /* a file kept open, for when there are no more */
};

int server_check_address(const char *address)
{
	return listener_check(address);
}

int server_create(struct server **out, const char *const *addresses, unsigned count)
{
	struct server *s = must_calloc(1, sizeof(*s));
	s->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	s->listeners = must_calloc(count + 1, sizeof(s->listeners[0]));
	s->accepting = must_calloc(count + 1, sizeof(s->accepting[0]));
	for (unsigned i = 0; i < count; i++) {
		int result = listener_open(&s->listeners[i], addresses[i]);
		if (result != ERR_OK) {
			server_destroy(s);
			return result;
		}
		s->listener_count++;
	}
	*out = s;
	return ERR_OK;
}

const char *server_address(const struct server *s, unsigned index)
{
	return index < s->listener_count ? s->listeners[index].address : NULL;
}

static unsigned connections(const struct server *s)
{
	unsigned n = 0;
	for (unsigned i = 0; i < s->loop_count; i++)
		n += atomic_load(&s->loops[i].conn_count);
	return n;
}

/* A connection that waits would wake the loop again and again: the file kept in reserve takes it, and lets it go. */
static void refuse_for_want_of_files(struct server *s, int listening)
{
	close(s->spare);
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	s->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	log_warn("refused a connection: out of file descriptors (ulimit -n)");
}

static void on_accept(evutil_socket_t listening, short what, void *arg)
{
	struct server *s = arg;
	for (;;) {
		int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				refuse_for_want_of_files(s, listening);
			return;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* fails on a Unix socket: fine */
		if (connections(s) >= LIMIT_CONNECTIONS) {
			log_warn("refused a connection: limit_connections (%u) are open", LIMIT_CONNECTIONS);
			close(fd);
			continue;
		}
		if (!loop_hand_over(&s->loops[s->next++ % s->loop_count], fd, false))
			close(fd);
	}
}

bool inner_connect(struct server *s, unsigned shard, int *fd)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	if (shard < s->loop_count && loop_hand_over(&s->loops[shard], ends[0], true)) {
		*fd = ends[1];
		return true;
	}
	close(ends[0]);
	close(ends[1]);
	return false;
}

static int start_loops(struct server *s, struct engine *e)
{
	s->loops = must_calloc(engine_shard_count(e), sizeof(s->loops[0]));
	for (unsigned i = 0; i < engine_shard_count(e); i++) {
		int result = loop_create(&s->loops[i], engine_shard(e, i));
		s->loop_count++;
		if (result != ERR_OK)
			return result;
	}
	for (unsigned i = 0; i < s->listener_count; i++) {
		s->accepting[i] = event_new(s->loops[0].base, s->listeners[i].fd, EV_READ | EV_PERSIST, on_accept, s);
		CHECK(s->accepting[i]);
		event_add(s->accepting[i], NULL);
	}
	engine_loops_run(e);
	for (unsigned i = 0; i < s->loop_count; i++) {
		int result = loop_start(&s->loops[i]);
		if (result != ERR_OK)
			return result;
	}
	return ERR_OK;
}

int server_start(struct server *s, struct engine *e)
{
	int result = start_loops(s, e);
	if (result != ERR_OK)
		server_stop(s);
	return result;
}

void server_stop(struct server *s)
{
	for (unsigned i = 0; i < s->loop_count; i++)
		loop_stop(&s->loops[i]);
	for (unsigned i = 0; i < s->listener_count; i++) {
		if (s->accepting[i])
			event_free(s->accepting[i]);
		s->accepting[i] = NULL;
	}
	for (unsigned i = 0; i < s->loop_count; i++)
		loop_destroy(&s->loops[i]);
	free(s->loops);
	s->loops = NULL;
	s->loop_count = 0;
}

void server_destroy(struct server *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->listener_count; i++)
		listener_close(&s->listeners[i]);
	if (s->spare >= 0)
		close(s->spare);
	free(s->listeners);
	free(s->accepting);
	free(s);
}
