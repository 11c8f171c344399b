/* base/error.h: the one idiom for errors. A function that can fail returns ERR_OK (0) or a negative code from this
 * list and leaves the details in the calling thread's last error: which field, and a sentence that says what is
 * wrong, the limit, and what to do. The codes are also the wire's (error_name gives their spelling there). */
#ifndef NUDGED_BASE_ERROR_H
#define NUDGED_BASE_ERROR_H

enum error_code {
	ERR_OK = 0,
	ERR_INVALID = -1,   /* the input is wrong; field and text say how */
	ERR_LIMIT = -2,     /* a bound of base/limits.h; the text names it */
	ERR_MISSING = -3,   /* no such customer, alert, alias, file … */
	ERR_AMBIGUOUS = -4, /* an alias with several owners */
	ERR_CONFLICT = -5,  /* same id with other bytes; directory in use */
	ERR_VERSION = -6,   /* protocol or format version not known */
	ERR_BUSY = -7,      /* overload: try again */
	ERR_STORAGE = -8,   /* no disk space can be reserved */
	ERR_CORRUPT = -9,   /* checksum, chain or structure is broken */
	ERR_FOREIGN = -10,  /* not our data directory */
	ERR_IO = -11,       /* the operating system refused; errno is in the text */
	ERR_MEMORY = -12,
	ERR_RULE = -13,     /* a pack's mistake: text has file, line and what to do */
	ERR_ABORTED = -14,  /* a Lua call passed its budget or raised an error */
	ERR_TIMEOUT = -15,
	ERR_CLOSED = -16,   /* the other side went away */
	ERR_DENIED = -17,
};

/* Field and text are printable (base/printable.h), whatever a pack, a client or a file's name has put into them. */
struct error {
	int code;
	char field[80];
	char text[720];
};

/* Sets the thread's last error and returns `code`, so that `return error_set(...)` reads well.
 * `field` may be NULL: no single field is to blame. */
int error_set(int code, const char *field, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same with ": strerror(errno)" appended; code ERR_IO. */
int error_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Puts words before the last error's text (which file, which row), keeps its code. Returns the code. */
int error_prefix(const char *format, ...) __attribute__((format(printf, 1, 2)));
const struct error *error_last(void);
/* "invalid", "limit", … */
const char *error_name(int code);

#endif
