/* bench/protocol_postgres.c: PostgreSQL's protocol, version 3: the functions in peers/postgres.sql by prepared
 * statements. A request is Bind, Execute and Sync, so each is a transaction of its own, committed and synced before its
 * answer; with a depth over 1 they are pipelined behind each other on a connection (a backend serves them one by one).
 * Parameters are texts, results too. An answer is all up to ReadyForQuery. */
#include "protocol.h"

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX 8192 /* of connecting and preparing */

static uint8_t *put_be(uint8_t *to, uint32_t v, unsigned bytes)
{
	while (bytes--)
		*to++ = (uint8_t)(v >> (8 * bytes));
	return to;
}

static uint32_t take_be(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* With the 0 that ends it. */
static uint8_t *put_name(uint8_t *to, const char *text)
{
	size_t len = strlen(text) + 1;
	memcpy(to, text, len);
	return to + len;
}

static uint8_t *message_begin(uint8_t *to, char kind)
{
	*to = (uint8_t)kind;
	return to + 5; /* its length comes with message_end */
}

static uint8_t *message_end(uint8_t *from, uint8_t *to)
{
	put_be(from + 1, (uint32_t)(to - from) - 1, 4);
	return to;
}

static uint8_t *put_parameter(uint8_t *to, const char *text)
{
	size_t len = strlen(text);
	to = put_be(to, (uint32_t)len, 4);
	memcpy(to, text, len);
	return to + len;
}

static uint8_t *put_whole(uint8_t *to, uint64_t v)
{
	char text[24];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	return put_parameter(to, text);
}

static uint8_t *put_run(uint8_t *to) /* Execute all rows, then Sync */
{
	uint8_t *at = message_begin(to, 'E');
	at = message_end(to, put_be(put_name(at, ""), 0, 4));
	return message_end(at, message_begin(at, 'S'));
}

static size_t postgres_encode(uint8_t *to, enum work_kind kind, uint32_t id, const struct item *items, unsigned count)
{
	const struct item *i = items;
	bool ingest = kind == WORK_INGEST;
	char mood[16];
	snprintf(mood, sizeof(mood), "%.2f", i->mood);
	uint8_t *at = put_name(message_begin(to, 'B'), "");
	at = put_name(at, ingest ? "ingest" : "recommend");
	at = put_be(at, 0, 2);
	at = put_be(at, ingest ? 9 : 4, 2);
	if (ingest)
		at = put_whole(at, i->id);
	at = put_whole(at, i->customer);
	if (ingest) {
		at = put_whole(at, i->member);
		at = put_parameter(at, workload_types[i->type]);
		at = put_parameter(at, workload_channels[i->type]);
	}
	at = put_whole(at, (uint64_t)i->time_ms);
	if (ingest)
		at = put_whole(at, i->duration);
	at = put_parameter(at, workload_intents[i->intent]);
	at = put_parameter(at, mood);
	at = message_end(to, put_be(at, 0, 2));
	return (size_t)(put_run(at) - to);
}

/* What fired: "{a,b}" of an ingest is two; each row of a recommendation is one. */
static unsigned fired_of(const uint8_t *row, size_t len)
{
	unsigned commas = 0;
	bool list = len >= 8 && row[6] == '{'; /* behind the count of columns and the text's length */
	if (!list)
		return 1;
	if (row[7] == '}')
		return 0;
	for (size_t i = 7; i < len; i++)
		commas += row[i] == ',';
	return commas + 1;
}

/* The text of an ErrorResponse: fields of a letter and a string; M is what to read. */
static void note_error(const uint8_t *fields, size_t len, struct reply *out)
{
	out->errors = 1;
	for (const uint8_t *at = fields, *end = fields + len; at < end && *at;) {
		size_t text = strnlen((const char *)at + 1, (size_t)(end - at) - 1);
		if (*at == 'M') {
			out->error = (const char *)at + 1;
			out->error_len = text;
		}
		at += text + 2;
	}
}

static void postgres_decode(const uint8_t *in, size_t len, struct reply *out)
{
	struct reply r = { 0 };
	for (size_t at = 0; len - at >= 5;) {
		size_t size = (size_t)take_be(in + at + 1) + 1;
		if (size < 5)
			errx(1, "postgres: an answer's length is none");
		if (len - at < size)
			return;
		if (in[at] == 'D')
			r.fired += fired_of(in + at + 5, size - 5);
		else if (in[at] == 'E')
			note_error(in + at + 5, size - 5, &r);
		at += size;
		if (in[at - size] == 'Z') {
			r.bytes = at;
			*out = r;
			return;
		}
	}
}

static void send_all(int fd, const uint8_t *bytes, size_t len)
{
	if (send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len) /* a few hundred bytes into an empty socket */
		err(1, "postgres takes no more");
}

/* Waits for ReadyForQuery; the socket is non-blocking already. */
static void wait_ready(int fd)
{
	uint8_t in[ANSWER_BYTES_MAX];
	size_t len = 0;
	struct reply r = { 0 };
	while (!r.bytes) {
		struct pollfd p = { fd, POLLIN, 0 };
		poll(&p, 1, 10000);
		ssize_t n = recv(fd, in + len, sizeof(in) - len, 0);
		if (n <= 0)
			errx(1, "postgres does not answer");
		len += (size_t)n;
		postgres_decode(in, len, &r);
	}
	if (r.errors)
		errx(1, "postgres: %.*s", (int)r.error_len, r.error);
}

static uint8_t *put_statement(uint8_t *to, const char *name, const char *sql)
{
	uint8_t *at = put_name(put_name(message_begin(to, 'P'), name), sql);
	return message_end(to, put_be(at, 0, 2));
}

static int postgres_connect(const char *address)
{
	uint8_t out[1024], *at = put_be(out + 4, 3 << 16, 4);
	int fd = protocol_socket(address);
	at = put_name(put_name(at, "user"), "postgres");
	*at++ = 0;
	put_be(out, (uint32_t)(at - out), 4);
	send_all(fd, out, (size_t)(at - out));
	wait_ready(fd);
	at = put_statement(out, "ingest", "SELECT ingest($1, $2, $3, $4, $5, $6, $7, $8, $9)");
	at = put_statement(at, "recommend", "SELECT * FROM recommend($1, $2, $3, $4)");
	at = message_end(at, message_begin(at, 'S'));
	send_all(fd, out, (size_t)(at - out));
	wait_ready(fd);
	return fd;
}

const struct protocol protocol_postgres = {
	"postgres", postgres_connect, postgres_encode, postgres_decode, 1, NULL, false
};
