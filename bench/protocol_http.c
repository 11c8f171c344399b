/* bench/protocol_http.c: nudged over HTTP: one request an item, as JSON, answered in order on a connection that stays
 * open. The address is HOST:PORT, HOST in numbers. */
#include "protocol.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int http_connect(const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	const char *port = strrchr(address, ':');
	char host[INET_ADDRSTRLEN];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	snprintf(host, sizeof(host), "%.*s", port ? (int)(port - address) : 0, address);
	if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
		errx(1, "%s: not an address like 127.0.0.1:8080", address);
	to.sin_port = htons((uint16_t)strtoul(port + 1, NULL, 10));
	/* whoever comes back must not keep the others waiting: what fails is seen at the first send */
	if (fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS))
		err(1, "%s", address);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static int put_recommend(char *to, size_t size, const struct item *i)
{
	return snprintf(to, size,
			"{\"customer\":\"c%08llu\",\"member\":\"0\",\"intent\":\"%s\",\"mood\":%.2f,\"has_mood\":true}",
			(unsigned long long)i->customer, workload_intents[i->intent], i->mood);
}

static int put_event(char *to, size_t size, const struct item *i)
{
	return snprintf(to, size,
			"{\"id\":\"%012llu\",\"source\":\"load-http\",\"customer\":\"c%08llu\",\"member\":\"%u\","
			"\"type\":\"%s\",\"channel\":\"%s\",\"time_ms\":%lld,"
			"\"attributes\":{\"duration\":%u,\"intent\":\"%s\",\"mood\":%.2f}}",
			(unsigned long long)i->id, (unsigned long long)i->customer, i->member,
			workload_types[i->type], workload_channels[i->type], (long long)i->time_ms, i->duration,
			workload_intents[i->intent], i->mood);
}

static size_t http_encode(uint8_t *to, enum work_kind kind, uint32_t id, const struct item *i, unsigned count)
{
	char body[REQUEST_ITEM_BYTES];
	bool asks = kind == WORK_RECOMMEND;
	int len = asks ? put_recommend(body, sizeof(body), i) : put_event(body, sizeof(body), i);
	len = snprintf((char *)to, REQUEST_ITEM_BYTES,
		       "POST /v1/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
		       "Content-Length: %d\r\n\r\n%s",
		       asks ? "recommendations" : "events", len, body);
	if ((size_t)len >= REQUEST_ITEM_BYTES)
		errx(1, "a request of %d bytes", len);
	return (size_t)len;
}

static void http_decode(const uint8_t *in, size_t len, struct reply *out)
{
	static const char length[] = "\r\nContent-Length: ";
	const char *text = (const char *)in, *body = memmem(in, len, "\r\n\r\n", 4);
	if (len >= 5 && memcmp(in, "HTTP/", 5) != 0)
		errx(1, "http: an answer begins with %.5s", text);
	if (!body)
		return;
	body += 4;
	const char *says = memmem(in, (size_t)(body - text), length, sizeof(length) - 1);
	size_t bytes = says ? strtoul(says + sizeof(length) - 1, NULL, 10) : 0;
	if (!says)
		errx(1, "http: an answer without its length");
	if ((size_t)(body - text) + bytes > len)
		return;
	out->bytes = (size_t)(body - text) + bytes;
	if (memcmp(text + 9, "200", 3) != 0 || memmem(body, bytes, "\"REFUSED\"", 9)) {
		out->errors = 1;
		out->error = body;
		out->error_len = bytes;
	}
}

const struct protocol protocol_http = { "http", http_connect, http_encode, http_decode, 1, NULL, true };
