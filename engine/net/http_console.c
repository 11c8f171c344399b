/* net/http_console.c: the console's page and what belongs to it, out of the daemon itself (console_files.h).
 *
 * The page may load nothing but what is here and ask nobody but this daemon, has no script or style of its own text, and may
 * not be shown inside another page: these headers say so, and browsers keep to it. What has a hash in its name is kept by
 * browsers for ever; the page, which names it, is asked for each time (304 where it is the same). */
#include "net/console_files.h"
#include "net/http_parts.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define KEPT "public, max-age=31536000, immutable"
#define ASKED_AGAIN "no-cache"

static const struct {
	const char *name, *value;
} guards[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; "
	  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Embedder-Policy", "require-corp" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()" },
};

static void guard(struct http_exchange *x)
{
	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++)
		http_set_header(x, guards[i].name, guards[i].value);
}

void http_to_console(struct http_exchange *x)
{
	http_set_header(x, "Location", "/console/");
	http_reply(x, 302, "text/plain; charset=utf-8", SLICE("the console is at /console/\n"));
}

/* "gzip", "br, gzip;q=0.5", not "gzip;q=0". */
static bool takes_gzip(const struct http_exchange *x)
{
	const char *line = http_header(x, "Accept-Encoding"), *at = line ? strcasestr(line, "gzip") : NULL;
	if (!at)
		return false;
	at += 4 + strspn(at + 4, " \t");
	if (*at == ',' || *at == '\0')
		return true;
	return *at == ';' && (at = strcasestr(at, "q=")) && strtod(at + 2, NULL) > 0;
}

static bool has_it(const struct http_exchange *x, const struct console_file *f)
{
	const char *line = http_header(x, "If-None-Match");
	return line && strstr(line, f->etag);
}

static void reply_inflated(struct http_exchange *x, const struct console_file *f)
{
	char *text = must_calloc(1, f->len + 1);
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)f->gzip,
		       .avail_in = (unsigned)f->gzip_len,
		       .next_out = (unsigned char *)text,
		       .avail_out = (unsigned)f->len + 1 };
	CHECK(inflateInit2(&z, 16 + MAX_WBITS) == Z_OK); /* 16: as gzip has it */
	CHECK(inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == f->len);
	inflateEnd(&z);
	http_reply(x, 200, f->type, (struct slice){ text, f->len });
	free(text);
}

static void reply_file(struct http_exchange *x, const struct console_file *f)
{
	char weak[64]; /* it is the same in either encoding */
	snprintf(weak, sizeof(weak), "W/%s", f->etag);
	guard(x);
	http_set_header(x, "ETag", weak);
	http_set_header(x, "Vary", "Accept-Encoding");
	x->caching = f == console_files ? ASKED_AGAIN : KEPT;
	if (has_it(x, f)) {
		http_reply(x, 304, f->type, (struct slice){ "", 0 });
	} else if (takes_gzip(x)) {
		http_set_header(x, "Content-Encoding", "gzip");
		http_reply(x, 200, f->type, (struct slice){ (const char *)f->gzip, f->gzip_len });
	} else {
		reply_inflated(x, f);
	}
}

static void reply_missing(struct http_exchange *x)
{
	char text[900];
	int len = snprintf(text, sizeof(text),
			   "This nudged was built without its console: %s.\n\n"
			   "To have it, install node (18 or newer) and npm (on Debian: apt-get install nodejs npm), and build again where\n"
			   "npm reaches its registry: meson setup --reconfigure BUILD && ninja -C BUILD. tools/demo and tools/test do so.\n\n"
			   "All else is there: /v1/openapi.json says what can be asked over HTTP.\n",
			   console_missing);
	guard(x);
	http_reply(x, 404, "text/plain; charset=utf-8", (struct slice){ text, (size_t)len });
}

void http_console(struct http_exchange *x)
{
	const char *name = x->part_count ? x->parts[0].text : "index.html";
	char reason[160];
	if (!x->part_count && console_missing) {
		reply_missing(x);
		return;
	}
	for (const struct console_file *f = console_files; f->name; f++)
		if (strcmp(f->name, name) == 0) {
			reply_file(x, f);
			return;
		}
	snprintf(reason, sizeof(reason), "the console has no %.80s; it begins at /console/", name);
	http_problem(x, "missing", NULL, reason);
}
