/* nudgectl/load_errors.h: rows that cannot be loaded: each is told with its file, line and column, what is wrong and how to
 * mend it. The first few on standard error, all of them in a file as JSON lines, where one is named. */
#ifndef NUDGECTL_LOAD_ERRORS_H
#define NUDGECTL_LOAD_ERRORS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct load_errors {
	FILE *file; /* NULL: none */
	uint64_t rows, limit;
	bool stop;  /* there were as many as are allowed */
};
struct load_error {
	const char *path, *code, *field, *text;
	uint64_t line;
	unsigned column;          /* from 1; 0: not known */
	const char *column_name;  /* "" where it is not known */
	const char *customer, *type; /* of the event; "" where there is none */
};

bool load_errors_open(struct load_errors *e, const char *path, uint64_t limit); /* path NULL: no file. False: said why */
void load_errors_add(struct load_errors *e, const struct load_error *error);
int load_errors_close(struct load_errors *e, const char *path); /* an exit code */

#endif
