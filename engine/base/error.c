/* base/error.c: the calling thread's last error. */
#include "base/error.h"

#include "base/printable.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct error last;

int error_set(int code, const char *field, const char *format, ...)
{
	/* into a buffer first: the arguments may point into the last error's text */
	char text[sizeof(last.text)], name[sizeof(last.field)];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printable_copy(name, sizeof(name), field ? field : "");
	last.code = code;
	memcpy(last.field, name, sizeof(name));
	printable_copy(last.text, sizeof(last.text), text);
	return code;
}

int error_errno(const char *format, ...)
{
	int number = errno;
	char text[sizeof(last.text)];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(ERR_IO, NULL, "%s: %s", text, strerror(number));
}

int error_prefix(const char *format, ...)
{
	char text[sizeof(last.text)];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* what does not fit is cut at the end: the prefix says where, the start of the text says what */
	size_t len = strlen(text);
	const char *parts[] = { ": ", last.text };
	for (size_t i = 0; i < 2; i++)
		for (const char *from = parts[i]; *from && len < sizeof(text) - 1; from++)
			text[len++] = *from;
	text[len] = '\0';
	printable_copy(last.text, sizeof(last.text), text);
	return last.code;
}

const struct error *error_last(void)
{
	return &last;
}

const char *error_name(int code)
{
	switch (code) {
	case ERR_OK: return "ok";
	case ERR_INVALID: return "invalid";
	case ERR_LIMIT: return "limit";
	case ERR_MISSING: return "missing";
	case ERR_AMBIGUOUS: return "ambiguous";
	case ERR_CONFLICT: return "conflict";
	case ERR_VERSION: return "version";
	case ERR_BUSY: return "busy";
	case ERR_STORAGE: return "storage";
	case ERR_CORRUPT: return "corrupt";
	case ERR_FOREIGN: return "foreign";
	case ERR_IO: return "io";
	case ERR_MEMORY: return "memory";
	case ERR_RULE: return "rule";
	case ERR_ABORTED: return "aborted";
	case ERR_TIMEOUT: return "timeout";
	case ERR_CLOSED: return "closed";
	case ERR_DENIED: return "denied";
	}
	return "unknown";
}
