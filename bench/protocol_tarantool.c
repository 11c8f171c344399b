/* bench/protocol_tarantool.c: Tarantool's binary protocol: calls of the functions in peers/tarantool.lua, MessagePack.
 * Answers carry the request's id (sync) and may come out of order. */
#include "protocol.h"

#include <err.h>
#include <string.h>
#include <unistd.h>

enum { KEY_TYPE = 0x00, KEY_SYNC = 0x01, KEY_TUPLE = 0x21, KEY_FUNCTION = 0x22, KEY_DATA = 0x30, KEY_ERROR = 0x31 };
enum { TYPE_CALL = 10, GREETING_BYTES = 128 };

static uint8_t *put_big(uint8_t *to, uint64_t v, unsigned bytes)
{
	while (bytes--)
		*to++ = (uint8_t)(v >> (8 * bytes));
	return to;
}

static uint8_t *put_uint(uint8_t *to, uint64_t v)
{
	*to++ = 0xcf;
	return put_big(to, v, 8);
}

static uint8_t *put_double(uint8_t *to, double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	*to++ = 0xcb;
	return put_big(to, bits, 8);
}

static uint8_t *put_text(uint8_t *to, const char *text)
{
	size_t len = strlen(text); /* all of ours are shorter than 32 */
	*to++ = (uint8_t)(0xa0 | len);
	memcpy(to, text, len);
	return to + len;
}

static size_t tarantool_encode(uint8_t *to, enum work_kind kind, uint32_t id, const struct item *items, unsigned count)
{
	const struct item *i = items;
	uint8_t *at = to + 5;
	*at++ = 0x82;
	*at++ = KEY_TYPE;
	*at++ = TYPE_CALL;
	*at++ = KEY_SYNC;
	at = put_uint(at, id);
	*at++ = 0x82;
	*at++ = KEY_FUNCTION;
	at = put_text(at, kind == WORK_INGEST ? "ingest" : "recommend");
	*at++ = KEY_TUPLE;
	if (kind == WORK_INGEST) {
		*at++ = 0x98;
		at = put_uint(at, i->id);
		at = put_uint(at, i->customer);
		*at++ = (uint8_t)i->member;
		at = put_text(at, workload_types[i->type]);
		at = put_text(at, workload_channels[i->type]);
		at = put_double(at, (double)i->time_ms);
		at = put_text(at, workload_intents[i->intent]);
		*at++ = 0x82;
		at = put_text(at, "duration");
		at = put_double(at, i->duration);
		at = put_text(at, "mood");
		at = put_double(at, i->mood);
	} else {
		*at++ = 0x94;
		at = put_uint(at, i->customer);
		at = put_double(at, (double)i->time_ms);
		at = put_text(at, workload_intents[i->intent]);
		at = put_double(at, i->mood);
	}
	to[0] = 0xce;
	put_big(to + 1, (uint64_t)(at - to) - 5, 4);
	return (size_t)(at - to);
}

static uint64_t take_uint(const uint8_t **at)
{
	uint8_t head = *(*at)++;
	unsigned bytes = head == 0xcc ? 1 : head == 0xcd ? 2 : head == 0xce ? 4 : head == 0xcf ? 8 : 0;
	uint64_t v = 0;
	if (head < 128)
		return head;
	if (!bytes)
		errx(1, "tarantool: a number was due in an answer's header");
	while (bytes--)
		v = v << 8 | *(*at)++;
	return v;
}

static void tarantool_decode(const uint8_t *in, size_t len, struct reply *out)
{
	if (len < 5)
		return;
	size_t size = (size_t)in[1] << 24 | (size_t)in[2] << 16 | (size_t)in[3] << 8 | in[4];
	uint64_t code = 0;
	if (in[0] != 0xce)
		errx(1, "tarantool: an answer begins with %02x", in[0]);
	if (len < size + 5)
		return;
	const uint8_t *at = in + 5;
	out->bytes = size + 5;
	out->has_id = true;
	for (unsigned keys = *at++ & 15; keys; keys--) {
		uint8_t key = *at++;
		uint64_t v = take_uint(&at);
		if (key == KEY_TYPE)
			code = v;
		else if (key == KEY_SYNC)
			out->id = (uint32_t)v;
	}
	if (code) {
		out->errors = 1;
		out->error = (const char *)at;
		out->error_len = (size_t)(in + out->bytes - at);
		return;
	}
	/* { data: [ [ fired … ] ] }: the list the function returned, as an array in a 32-bit or a short header */
	if (out->bytes - (size_t)(at - in) < 8 || at[1] != KEY_DATA)
		return;
	at += at[2] == 0xdd ? 7 : 3;
	out->fired = *at == 0xdd ? at[4] : *at & 15;
}

static int tarantool_connect(const char *address)
{
	char greeting[GREETING_BYTES];
	int fd = protocol_socket(address);
	for (size_t got = 0; got < sizeof(greeting);) {
		ssize_t n = read(fd, greeting + got, sizeof(greeting) - got);
		if (n > 0)
			got += (size_t)n;
		else if (n == 0)
			errx(1, "tarantool closed the connection before its greeting");
	}
	return fd;
}

const struct protocol protocol_tarantool = {
	"tarantool", tarantool_connect, tarantool_encode, tarantool_decode, 1, NULL, false
};
