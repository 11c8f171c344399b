/* base/bucket.h: a token bucket: so many a second, and so many at once after a pause. Who asks must have one left; what is taken
 * may be more than that, and is paid for afterwards: a batch passes whole, and the next one waits until the debt is gone. */
#ifndef NUDGED_BASE_BUCKET_H
#define NUDGED_BASE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket_size {
	double per_s, burst; /* both over 0, burst at least 1 */
};

struct bucket {
	double level; /* up to the burst; under 0: a debt */
	uint64_t at_ns; /* when that was so */
};

void bucket_init(struct bucket *b, struct bucket_size size, uint64_t now_ns); /* full */
/* 0: it may. Else in how many ns it may be asked again. */
uint64_t bucket_wait_ns(struct bucket *b, struct bucket_size size, uint64_t now_ns);
void bucket_take(struct bucket *b, uint64_t count);
bool bucket_is_full(struct bucket *b, struct bucket_size size, uint64_t now_ns);

#endif
