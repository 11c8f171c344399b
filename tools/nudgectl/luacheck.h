/* nudgectl/luacheck.h: what luacheck (Debian package lua-check) says of a pack's Lua, as findings. */
#ifndef NUDGECTL_LUACHECK_H
#define NUDGECTL_LUACHECK_H

#include "script/bundle.h"
#include "script/findings.h"

enum luacheck { LUACHECK_RAN, LUACHECK_MISSING, LUACHECK_FAILED };

/* Runs in the pack's folder over its files and tests, with the folder's own .luacheckrc, else with the one that comes
 * with this nudgectl. What goes wrong beyond that luacheck is not installed is told in error_last(). */
enum luacheck luacheck_run(struct findings *out, const char *folder, const struct bundle *pack,
			   const struct bundle *tests);

#endif
