/* bench/protocol_redis.c: Redis: FCALL of the functions in peers/redis.lua. Answers come in order. An ingest answers
 * with a list of what fired; a recommendation with up to three lists. */
#include "protocol.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *put_bulk(uint8_t *to, const char *text)
{
	return to + sprintf((char *)to, "$%zu\r\n%s\r\n", strlen(text), text);
}

static uint8_t *put_whole(uint8_t *to, uint64_t v)
{
	char text[24];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	return put_bulk(to, text);
}

static size_t redis_encode(uint8_t *to, enum work_kind kind, uint32_t id, const struct item *items, unsigned count)
{
	const struct item *i = items;
	char key[32], mood[16];
	uint8_t *at = to;
	snprintf(key, sizeof(key), "c%08llu", (unsigned long long)i->customer);
	snprintf(mood, sizeof(mood), "%.2f", i->mood);
	if (kind == WORK_RECOMMEND) {
		at += sprintf((char *)at, "*7\r\n$8\r\nFCALL_RO\r\n$9\r\nrecommend\r\n$1\r\n1\r\n");
		at = put_bulk(at, key);
		at = put_whole(at, (uint64_t)i->time_ms);
		at = put_bulk(at, workload_intents[i->intent]);
		return (size_t)(put_bulk(at, mood) - to);
	}
	at += sprintf((char *)at, "*12\r\n$5\r\nFCALL\r\n$6\r\ningest\r\n$1\r\n1\r\n");
	at = put_bulk(at, key);
	at = put_whole(at, i->id);
	at = put_whole(at, i->member);
	at = put_bulk(at, workload_types[i->type]);
	at = put_bulk(at, workload_channels[i->type]);
	at = put_whole(at, (uint64_t)i->time_ms);
	at = put_whole(at, i->duration);
	at = put_bulk(at, workload_intents[i->intent]);
	return (size_t)(put_bulk(at, mood) - to);
}

/* Length of one whole value, 0 where it is not all there. */
static size_t value_bytes(const uint8_t *in, size_t len)
{
	const uint8_t *end = memchr(in, '\n', len);
	if (!end)
		return 0;
	size_t used = (size_t)(end - in) + 1;
	long n = in[0] == '$' || in[0] == '*' ? strtol((const char *)in + 1, NULL, 10) : 0;
	switch (in[0]) {
	case '-':
	case '+':
	case ':':
		return used;
	case '$':
		return n < 0 ? used : used + (size_t)n + 2 <= len ? used + (size_t)n + 2 : 0;
	case '*':
		for (; n > 0; n--) {
			size_t one = used < len ? value_bytes(in + used, len - used) : 0;
			if (!one)
				return 0;
			used += one;
		}
		return used;
	default:
		errx(1, "redis: an answer begins with %c", in[0]);
	}
}

static void redis_decode(const uint8_t *in, size_t len, struct reply *out)
{
	out->bytes = value_bytes(in, len);
	if (!out->bytes)
		return;
	if (in[0] == '*')
		out->fired = (unsigned)strtol((const char *)in + 1, NULL, 10);
	if (in[0] == '-') {
		out->errors = 1;
		out->error = (const char *)in + 1;
		out->error_len = out->bytes - 3;
	}
}

const struct protocol protocol_redis = { "redis", protocol_socket, redis_encode, redis_decode, 1, NULL, false };
