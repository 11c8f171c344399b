/* net/mistaken.c: see mistaken.h. */
#include "net/mistaken.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

bool mistaken_is_http(struct slice said)
{
	static const char *const begins[] = { "GET /", "POST /", "HEAD /", "PUT /", "DELETE /", "OPTIONS ", "PATCH /", "PRI * HTTP/2" };
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		size_t len = strlen(begins[i]);
		if (said.len >= len && memcmp(said.data, begins[i], len) == 0)
			return true;
	}
	return false;
}

/* "127.0.0.1:8443"; empty of a Unix socket. */
static void own_address(int fd, char *out, size_t size)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&at;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&at;
	char host[INET6_ADDRSTRLEN] = "";
	*out = '\0';
	if (getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		return;
	if (at.ss_family == AF_INET && inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host)))
		snprintf(out, size, "%s:%u", host, ntohs(v4->sin_port));
	else if (at.ss_family == AF_INET6 && inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host)))
		snprintf(out, size, "[%s]:%u", host, ntohs(v6->sin6_port));
}

struct slice mistaken_answer(int fd, bool tls, bool gateway, char out[MISTAKEN_BYTES])
{
	char address[80], detail[320], body[512];
	own_address(fd, address, sizeof(address));
	if (gateway)
		snprintf(detail, sizeof(detail), "this port speaks TLS: https://%s", address);
	else
		snprintf(detail, sizeof(detail), "this is no port for HTTP: it speaks the protobuf protocol (nudge.proto)%s; HTTP is where nudged has "
			 "--http (http = … in its configuration)", tls ? " over TLS" : "");
	int len = snprintf(body, sizeof(body), "{\"type\":\"urn:nudged:problem:invalid\",\"title\":\"The request is not right\",\"status\":400,\"code\":\"invalid\","
			   "\"detail\":\"%s\"}\n", detail);
	len = snprintf(out, MISTAKEN_BYTES, "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
		       "Content-Length: %d\r\n\r\n%s", len, body);
	return (struct slice){ out, (size_t)len };
}
