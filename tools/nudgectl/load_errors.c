/* nudgectl/load_errors.c: see load_errors.h. */
#include "load_errors.h"

#include "command.h"
#include "report.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#define SHOWN 10

bool load_errors_open(struct load_errors *e, const char *path, uint64_t limit)
{
	*e = (struct load_errors){ .limit = limit };
	if (!path)
		return true;
	e->file = fopen(path, "w");
	if (!e->file)
		report_failed("cannot write %s: %s", path, strerror(errno));
	return e->file != NULL;
}

static void put_text(json_t *j, const char *name, const char *text)
{
	if (text && *text)
		json_object_set_new(j, name, json_string(text));
}

static void write_error(FILE *file, const struct load_error *error)
{
	json_t *j = json_pack("{ss sI}", "file", error->path, "line", (json_int_t)error->line);
	if (error->column)
		json_object_set_new(j, "column", json_integer(error->column));
	put_text(j, "name", error->column_name);
	put_text(j, "customer", error->customer);
	put_text(j, "type", error->type);
	put_text(j, "code", error->code);
	put_text(j, "field", error->field);
	put_text(j, "reason", error->text);
	json_dumpf(j, file, JSON_COMPACT);
	fputc('\n', file);
	json_decref(j);
}

void load_errors_add(struct load_errors *e, const struct load_error *error)
{
	char column[160] = "";
	if (error->column)
		snprintf(column, sizeof(column), ", column %u (%s)", error->column, error->column_name);
	if (e->rows++ < SHOWN)
		report_note("%s, line %llu%s: %s", error->path, (unsigned long long)error->line, column, error->text);
	else if (e->rows == SHOWN + 1)
		report_note(e->file ? "more are in the file of errors" : "more are not shown; --errors FILE writes them all");
	if (e->file)
		write_error(e->file, error);
	e->stop = e->limit && e->rows >= e->limit;
}

int load_errors_close(struct load_errors *e, const char *path)
{
	if (!e->file)
		return EXIT_DONE;
	bool bad = ferror(e->file) != 0;
	bad = fclose(e->file) != 0 || bad;
	e->file = NULL;
	return bad ? report_failed("cannot write all of %s: %s", path, strerror(errno)) : EXIT_DONE;
}
