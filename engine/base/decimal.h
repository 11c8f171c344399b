/* base/decimal.h: decimal digits of whole numbers, and of those with a point put into them, without printf's long way
 * through a double's digits. Header only. */
#ifndef NUDGED_BASE_DECIMAL_H
#define NUDGED_BASE_DECIMAL_H

#include <stdint.h>

#define DECIMAL_BYTES 32u /* 20 digits, a point, leading zeros up to 9 decimals */

/* whole / 10^decimals, written backwards from `end`; returns where it begins. 1205 with 2 decimals: 12.05 */
static inline char *decimal_before(char *end, uint64_t whole, unsigned decimals)
{
	for (unsigned i = 0; i < decimals; i++, whole /= 10)
		*--end = (char)('0' + whole % 10);
	if (decimals)
		*--end = '.';
	do
		*--end = (char)('0' + whole % 10);
	while (whole /= 10);
	return end;
}

#endif
