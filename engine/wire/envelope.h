/* wire/envelope.h: a framed Response being written: put_begin for the frame, the id, put_begin for the body. */
#ifndef NUDGED_WIRE_ENVELOPE_H
#define NUDGED_WIRE_ENVELOPE_H

#include "wire/put.h"

/* Response's oneof, by field number. */
enum response_body {
	RESPONSE_ERROR = 2,
	RESPONSE_WELCOME,
	RESPONSE_PUBLISHED,
	RESPONSE_RECOMMENDATION,
	RESPONSE_OUTCOME_RECORDED,
	RESPONSE_CUSTOMER,
	RESPONSE_RESOLVED,
	RESPONSE_FOLLOWING,
	RESPONSE_ALERT,
	RESPONSE_ACKNOWLEDGED,
	RESPONSE_STATUS,
	RESPONSE_PACK_ACTIVATED,
	RESPONSE_RULES,
	RESPONSE_DIGEST,
	RESPONSE_ALERT_LIST,
	RESPONSE_MISSED,
	RESPONSE_UNFOLLOWED,
	RESPONSE_EXPLANATION,
	RESPONSE_MODELS,
	RESPONSE_MODEL_RESET,
	RESPONSE_REPORT,
	RESPONSE_FOUND,
	RESPONSE_FIGURES = 24,
	RESPONSE_ERASED,
};

struct envelope {
	size_t frame, body;
};

static inline struct envelope envelope_begin(struct bytes *out, uint64_t request_id, uint32_t body)
{
	struct envelope e = { .frame = put_begin(out, 0) };
	put_number(out, 1, request_id);
	e.body = put_begin(out, body);
	return e;
}

static inline void envelope_end(struct bytes *out, struct envelope e)
{
	put_end(out, e.body);
	put_end(out, e.frame);
}

void put_error(struct bytes *out, uint32_t field, const char *code, struct slice name, struct slice text);

#endif
