/* nudgectl/rules_home.c: goes up from the binary. A prefix has share/nudged/rules below it; a source tree rules/; and
 * Meson says in a build folder, wherever that is, which source it is of. */
#include "rules_home.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool holds(char out[PATH_MAX], const char *folder, const char *below)
{
	char stubs[PATH_MAX + 32];
	if (snprintf(out, PATH_MAX, "%s%s", folder, below) >= PATH_MAX)
		return false;
	snprintf(stubs, sizeof(stubs), "%s/stubs/nudged.lua", out);
	return access(stubs, R_OK) == 0;
}

/* meson-info.json is Meson's own note about a build folder, for other programs to read. */
static bool source_holds(char out[PATH_MAX], const char *build)
{
	char path[PATH_MAX + 32];
	const char *source = NULL;
	snprintf(path, sizeof(path), "%s/meson-info/meson-info.json", build);
	json_t *info = json_load_file(path, 0, NULL);
	bool found = info && json_unpack(info, "{s{ss}}", "directories", "source", &source) == 0 &&
		     holds(out, source, "/rules");
	json_decref(info);
	return found;
}

bool rules_home(char out[PATH_MAX])
{
	char folder[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	folder[len > 0 ? len : 0] = '\0';
	for (char *slash; (slash = strrchr(folder, '/')) != NULL;) {
		*slash = '\0';
		if (holds(out, folder, "/share/nudged/rules") || holds(out, folder, "/rules") ||
		    source_holds(out, folder))
			return true;
	}
	return holds(out, NUDGED_RULES, "");
}
