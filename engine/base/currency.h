/* base/currency.h: how many decimals a currency's amounts have (ISO 4217), which come in its smallest unit. */
#ifndef NUDGED_BASE_CURRENCY_H
#define NUDGED_BASE_CURRENCY_H

#include "base/bytes.h"
#include "base/slice.h"

int currency_exponent(struct slice iso); /* 0, 2 or 3; 2 where it is none */

/* 100050 of EUR: "1000.50 EUR", or "1000.50" where another amount follows; without a currency the number as it is. */
void currency_put(struct bytes *out, double minor, struct slice iso);
void currency_put_bare(struct bytes *out, double minor, struct slice iso);

#endif
