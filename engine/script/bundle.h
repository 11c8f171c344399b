/* script/bundle.h: a pack's folder as bytes: what is hashed, sent to the daemon, and kept in the journal, so that a
 * journal replays without the folder. It includes the time zone's table, since tzdata differs from machine to
 * machine. */
#ifndef NUDGED_SCRIPT_BUNDLE_H
#define NUDGED_SCRIPT_BUNDLE_H

#include "base/bytes.h"
#include "base/hash.h"

struct bundle_file {
	char *path;          /* relative, '/', no "..": "pack.lua", "lib/words.lua" */
	struct bytes content;
};

struct bundle {
	struct bundle_file *files; /* sorted by path */
	unsigned count;
	char *zone_name;           /* as declared; NULL before it is known */
	struct bytes zone;         /* TZif bytes; empty: UTC */
};

/* Reads *.lua (and *.md is left out, tests/ too) below a folder. Bounds: LIMIT_PACK_*. Refuses links that leave it, and a
 * folder without pack.lua, with the one that may be meant. */
int bundle_read(struct bundle *out, const char *folder);
/* The same of what may lack its pack.lua: for who tells all that is wrong with it. */
int bundle_read_any(struct bundle *out, const char *folder);
/* The pack's tests, which its hash does not know, as a bundle of their own: paths begin with "tests/". None is no
 * error. */
int bundle_read_tests(struct bundle *out, const char *folder);
/* What came with the pack and is no part of it moves to `tests`: files below tests/. */
void bundle_take_tests(struct bundle *b, struct bundle *tests);
int bundle_add(struct bundle *b, struct slice path, struct slice content); /* from the wire; checks the path */
/* Finds out which zone the pack declares (by loading it once) and takes its table from /usr/share/zoneinfo. ERR_RULE
 * for an unknown zone. */
int bundle_resolve_zone(struct bundle *b);
void bundle_encode(const struct bundle *b, struct bytes *out);
int bundle_decode(struct bundle *out, struct slice in); /* ERR_CORRUPT */
/* An encoded bundle with something behind it: `in` is left with what is behind. All of it where it is broken. */
struct slice bundle_cut(struct slice *in);
struct hash128 bundle_hash(const struct bundle *b);     /* of files and zone */
void bundle_finish(struct bundle *b);

#endif
