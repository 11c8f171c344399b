/* wire/report.h: a report, as it is answered. */
#ifndef NUDGED_WIRE_REPORT_H
#define NUDGED_WIRE_REPORT_H

#include "state/value.h"
#include "wire/response.h"

struct wire_column {
	struct slice name, unit, help;
	bool key;
};

struct wire_report {
	struct slice name, about, pack;
	int64_t since_ms, until_ms;
	const struct wire_column *columns;
	size_t column_count;
	const struct value *cells; /* row by row */
	size_t row_count, more;    /* more: rows left out */
	const struct slice *notes;
	size_t note_count;
};

#endif
