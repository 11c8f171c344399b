/* nudgectl/csv.h: records of a CSV file (RFC 4180: quotes, doubled quotes, line breaks within them), plain or gzip; or its
 * lines as they are. */
#ifndef NUDGECTL_CSV_H
#define NUDGECTL_CSV_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define CSV_FIELDS_MAX 1024u
#define CSV_RECORD_BYTES_MAX (1024u * 1024u)

struct csv {
	void *file;                 /* gzFile, which reads plain files too */
	double size_bytes;          /* as it lies on disk; 0 where nobody knows */
	uint64_t line, record_line; /* current; where the current record began */
	struct bytes text;          /* of the current record, fields one after another */
	struct slice fields[CSV_FIELDS_MAX];
	unsigned count;
	int pushed; /* a character read too far; -1: none */
	char error[160];
};

/* False with the reason in csv->error. "-" is standard input. */
bool csv_open(struct csv *c, const char *path);
void csv_close(struct csv *c);
/* 1: fields and count are the next record's, lent until the next call. 0: the end. -1: csv->error. Empty lines are
 * passed over. */
int csv_next(struct csv *c);
/* The next line that is not blank, in c->text, without its end: 1, 0 and -1 as above. */
int csv_line(struct csv *c);
int csv_peek(struct csv *c); /* the next character, which stays to be read; -1: the end */
double csv_part(const struct csv *c); /* how much of the file is read, 0 to 1; negative where nobody knows */

#endif
