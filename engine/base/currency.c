/* base/currency.c: see currency.h. */
#include "base/currency.h"

#include <string.h>

int currency_exponent(struct slice iso)
{
	static const char none[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
	static const char three[] = "BHD IQD JOD KWD LYD OMR TND";
	if (iso.len != 3)
		return 2;
	for (size_t i = 0; i + 3 < sizeof(none); i += 4)
		if (memcmp(none + i, iso.data, 3) == 0)
			return 0;
	for (size_t i = 0; i + 3 < sizeof(three); i += 4)
		if (memcmp(three + i, iso.data, 3) == 0)
			return 3;
	return 2;
}

void currency_put_bare(struct bytes *out, double minor, struct slice iso)
{
	static const double scales[] = { 1, 10, 100, 1000 };
	int exponent = iso.len ? currency_exponent(iso) : 0;
	bytes_printf(out, "%.*f", exponent, minor / scales[exponent]);
}

void currency_put(struct bytes *out, double minor, struct slice iso)
{
	currency_put_bare(out, minor, iso);
	if (iso.len)
		bytes_printf(out, " %.*s", (int)iso.len, iso.data);
}
