/* base/nearest.c: see nearest.h. The usual table of edit distances, of which three rows are kept. */
#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

#define NAME_BYTES 30 /* longer ones are not compared */

static unsigned least_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned rows[3][NAME_BYTES + 1];
	if (n > NAME_BYTES || m > NAME_BYTES)
		return NAME_BYTES;
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			now[j] = least_of(before[j - 1] + (a[i - 1] != b[j - 1]), least_of(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least_of(now[j], earlier[j - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

/* Bytes at both ends that two names share: of two that are equally near to "whn", "when" shares more than "why". */
static size_t shared(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), most = n < m ? n : m, front = 0, back = 0;
	while (front < most && a[front] == b[front])
		front++;
	while (front + back < most && a[n - 1 - back] == b[m - 1 - back])
		back++;
	return front + back;
}

const char *nearest_name(const char *wrong, const char *const *names)
{
	const char *best = NULL;
	size_t wrong_len = strlen(wrong);
	unsigned least = wrong_len <= 4 ? 2 : 3; /* so many edits or more are another word */
	for (; *names; names++) {
		size_t len = strlen(*names);
		if ((len > wrong_len ? len - wrong_len : wrong_len - len) > least)
			continue;
		unsigned d = distance(wrong, *names);
		if (d < least || (best && d == least && shared(wrong, *names) > shared(wrong, best))) {
			least = d;
			best = *names;
		}
	}
	return best;
}
