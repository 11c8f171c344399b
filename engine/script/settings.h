/* script/settings.h: settings.conf, the numbers of a pack that a business owner changes without Lua.
 *
 *     # How much a goal counts when actions are ranked.
 *     lever.goal.grow = 80 %          # 0 to 200 %
 *     balance = 50 %                  # the customer's share of the value
 *     unwanted_offers = 3 offers      # 1 to 10 offers a month
 *     callback_within = 24h
 *
 * One `key = value` a line; what follows a # is for people. A value is a number, with its unit behind it (percent are
 * hundredths), or a text. The pack asks for each by name: setting("unwanted_offers", { at_least = 1, at_most = 10, unit =
 * "offers" }), but for those that the engine itself knows: lever.goal.X, lever.group.X, lever.action.X, balance. A key
 * that nobody asks for is refused: it would change nothing. Part of the bundle, so of the pack's hash. */
#ifndef NUDGED_SCRIPT_SETTINGS_H
#define NUDGED_SCRIPT_SETTINGS_H

#include "base/arena.h"
#include "script/bundle.h"

#define SETTINGS_FILE "settings.conf"

struct setting {
	const char *key, *text; /* the value as written, without the comment */
	double number;          /* NAN: it is a text */
	const char *unit;       /* "" where none is written */
	int line;
	bool used;
};
struct settings {
	struct setting *list;
	unsigned count;
	int bad_line;           /* 0: all is well */
	const char *bad;        /* what is wrong there */
};

/* None where the bundle has no such file. Texts in the arena. */
void settings_read(struct settings *out, const struct bundle *bundle, struct arena *arena);
struct setting *settings_find(struct settings *s, const char *key); /* NULL: it is not there */

#endif
