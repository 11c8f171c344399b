/* net/console_files.h: the console as the build made it (tools/console/embed.mjs), each file compressed. */
#ifndef NUDGED_NET_CONSOLE_FILES_H
#define NUDGED_NET_CONSOLE_FILES_H

#include <stddef.h>

struct console_file {
	const char *name;          /* "index.html", "console.4F5A2C81.js": what is in such a name never changes; NULL: no more */
	const char *type, *etag;   /* with its quotes */
	const unsigned char *gzip; /* as gzip has it */
	size_t gzip_len, len;      /* of what is in it */
};
extern const struct console_file console_files[];
extern const char *const console_missing; /* why there are none; NULL: they are there */

#endif
