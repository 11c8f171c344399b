/* wire/found.h: customers who were found by name, as they are answered. */
#ifndef NUDGED_WIRE_FOUND_H
#define NUDGED_WIRE_FOUND_H

#include "base/bytes.h"

#include <stdint.h>

#define FOUND_MATCHED 4u

struct wire_matched {
	struct slice by, name, value, member;
};
struct wire_found_customer {
	struct slice customer, label, match, merged_from;
	struct wire_matched matched[FOUND_MATCHED];
	unsigned matched_count;
	int64_t newest_ms;
};
struct wire_found {
	struct wire_found_customer *customers;
	size_t count;
	bool more;
	unsigned indexed; /* percent */
};

void response_found(struct bytes *out, uint64_t request_id, const struct wire_found *f);

#endif
