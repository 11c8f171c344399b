/* state/codec.h: what the encoders and decoders of state/ share, and nobody else needs. */
#ifndef NUDGED_STATE_CODEC_H
#define NUDGED_STATE_CODEC_H

#include "base/bytes.h"
#include "state/record.h"

/* One state has one encoding, so a number may not be padded: 0x80 0x00 turns the reader bad. Most are one byte. */
uint64_t codec_long_varint(struct reader *r);
static inline uint64_t codec_varint(struct reader *r)
{
	if (r->at != r->end && !(*r->at & 0x80))
		return (uint8_t)*r->at++;
	return codec_long_varint(r);
}

static inline int64_t codec_zigzag(struct reader *r)
{
	uint64_t v = codec_varint(r);
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

#define RECORD_VERSION 2u /* on disk */

/* On disk: a bit of an outcome's kind, and what then follows it. */
#define OUTCOME_HAS_MORE 0x80u
enum { MORE_REASON = 1, MORE_TERMS = 2, MORE_REVENUE = 4, MORE_COST = 8, MORE_UNTIL = 16, MORE_END = 32 };

/* What follows the 16 bytes of header. `digest`: only what rules can tell apart (digest.c says what is left out). */
void record_put(const struct record *r, struct bytes *out, bool digest);

/* items.c */
void items_encode(const struct record *r, struct bytes *out);
bool items_decode(struct record *r, struct reader *in, struct strpool *pool); /* false: broken */

#endif
