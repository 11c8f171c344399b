/* nudgectl/options.c: --name VALUE, --name=VALUE and --flag, for one command and the options that all share. */
#include "command.h"
#include "report.h"

#include "base/error.h"
#include "base/nearest.h"
#include "wire/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_count(const char *text, uint64_t *out)
{
	char *end;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-')
		return false;
	*out = v;
	return true;
}

static bool read_number(const char *text, double *out)
{
	char *end;
	double v = strtod(text, &end);
	if (end == text || *end || !isfinite(v))
		return false;
	*out = v;
	return true;
}

static bool read_time(const char *name, const char *text, int64_t *out)
{
	uint64_t ms;
	if (read_count(text, &ms) && ms <= INT64_MAX) {
		*out = (int64_t)ms;
		return true;
	}
	char whole[32];
	if (strlen(text) == strlen("2026-01-31")) {
		snprintf(whole, sizeof(whole), "%sT00:00:00Z", text);
		text = whole;
	}
	return json_parse_time(name, text, out) == ERR_OK;
}

static bool read_point(const char *text, struct point *out)
{
	char *end;
	errno = 0;
	unsigned long long seq = strtoull(text, &end, 10);
	if (errno || end == text || *end != '-' || *text == '-')
		return false;
	uint64_t index;
	if (!read_count(end + 1, &index) || index > UINT32_MAX)
		return false;
	*out = (struct point){ seq, (uint32_t)index };
	return true;
}

bool option_read(const struct option_spec *o, const char *text)
{
	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)o->value = true;
		return true;
	case OPTION_TEXT:
		*(const char **)o->value = text;
		return true;
	case OPTION_COUNT:
		if (read_count(text, o->value))
			return true;
		report_usage("--%s takes a whole number, not \"%s\"", o->name, text);
		return false;
	case OPTION_NUMBER:
		if (read_number(text, o->value))
			return true;
		report_usage("--%s takes a number, not \"%s\"", o->name, text);
		return false;
	case OPTION_TIME:
		if (read_time(o->name, text, o->value))
			return true;
		report_usage("--%s takes a time such as 2026-01-31T10:00:00Z, a date (its 00:00 UTC) or UTC milliseconds, "
			     "not \"%s\"", o->name, text);
		return false;
	case OPTION_POINT:
		if (read_point(text, o->value))
			return true;
		report_usage("%s%s takes an alert's id such as 1042-0, not \"%s\"", o->help ? "--" : "", o->name, text);
		return false;
	}
	return false;
}

#define NAMES_MAX 32
#define STEM_BYTES 3 /* with so many in common, one name that begins the other is what was meant: --language, --lang */

static const char *same_stem(const char *wrong, const char *const *names)
{
	for (; *names; names++) {
		size_t n = strlen(wrong), m = strlen(*names), common = n < m ? n : m;
		if (common >= STEM_BYTES && memcmp(wrong, *names, common) == 0)
			return *names;
	}
	return NULL;
}

static int unknown_option(const struct option_spec *global, const struct command *command, const char *text, size_t len)
{
	const char *names[NAMES_MAX + 1];
	char wrong[64];
	unsigned count = 0;
	for (const struct option_spec *o = global; o->name && count < NAMES_MAX; o++)
		names[count++] = o->name;
	for (const struct option_spec *o = command ? command->options : NULL; o && o->name && count < NAMES_MAX; o++)
		names[count++] = o->name;
	names[count] = NULL;
	snprintf(wrong, sizeof(wrong), "%.*s", (int)len, text);
	const char *nearest = nearest_name(wrong, names);
	if (!nearest)
		nearest = same_stem(wrong, names);
	return report_usage("unknown option --%s%s%s%s%s%s", wrong, command ? " of " : "", command ? command->name : "",
			    nearest ? "; did you mean --" : "", nearest ? nearest : "", nearest ? "?" : "");
}

static const struct option_spec *find(const struct option_spec *list, const char *name, size_t len)
{
	for (; list && list->name; list++)
		if (strlen(list->name) == len && memcmp(list->name, name, len) == 0)
			return list;
	return NULL;
}

/* Reads the option at argv[*at]; *at is left on its last word. */
static bool take_option(const struct option_spec *global, const struct command *command, int argc, char **argv, int *at)
{
	const char *name = argv[*at] + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_spec *o = find(global, name, len);
	if (!o && command)
		o = find(command->options, name, len);
	if (!o) {
		unknown_option(global, command, name, len);
		return false;
	}
	if (o->kind == OPTION_FLAG) {
		if (!equals)
			return option_read(o, NULL);
		report_usage("--%s takes no value", o->name);
		return false;
	}
	if (!equals && ++*at >= argc) {
		report_usage("--%s needs a value: %s", o->name, o->arg);
		return false;
	}
	return option_read(o, equals ? equals + 1 : argv[*at]);
}

int options_parse(struct context *c, const struct command *command, int argc, char **argv)
{
	const struct option_spec global[] = {
		{ "socket", OPTION_TEXT, &c->address, "ADDR", NULL },
		{ "token-file", OPTION_TEXT, &c->token_file, "FILE", NULL },
		{ "tls-ca", OPTION_TEXT, &c->tls_ca, "FILE", NULL },
		{ "tls-cert", OPTION_TEXT, &c->tls_cert, "FILE", NULL },
		{ "tls-key", OPTION_TEXT, &c->tls_key, "FILE", NULL },
		{ "json", OPTION_FLAG, &c->json, NULL, NULL },
		{ 0 },
	};
	int kept = 0;
	bool only_args = false;
	for (int i = 0; i < argc; i++) {
		if (only_args || strncmp(argv[i], "--", 2) != 0) {
			if (!only_args && argv[i][0] == '-' && argv[i][1]) {
				report_usage("unknown option %s", argv[i]);
				return -1;
			}
			argv[kept++] = argv[i];
			/* before the command is known, only what stands in front of it is ours */
			if (!command) {
				for (i++; i < argc; i++)
					argv[kept++] = argv[i];
				break;
			}
		} else if (argv[i][2] == '\0') {
			only_args = true;
		} else if (!take_option(global, command, argc, argv, &i)) {
			return -1;
		}
	}
	return kept;
}
