/* wire/scan.c: see scan.h. */
#include "wire/scan.h"

struct scan_number scan_long_varint(const char *at, const char *end, unsigned most)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < most && at < end; i++) {
		uint8_t byte = (uint8_t)*at++;
		v |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			if (i == 9 && byte > 1)
				break;
			return (struct scan_number){ at, v };
		}
	}
	return (struct scan_number){ NULL, 0 };
}
