/* script/names.h: every name that a pack and its tests see, as the sandbox has them when it runs: for what editors are
 * told (rules/stubs), and for the test that holds the two against each other. */
#ifndef NUDGED_SCRIPT_NAMES_H
#define NUDGED_SCRIPT_NAMES_H

/* of: "" for globals, a library ("string"), or a kind of value ("Term", "Series", "Case", "Context"; of tests "Subject",
 * "Step", "Answer"). Sorted by name within each. What is Lua's own, such as `pairs`, is among them. */
typedef void (*name_seen)(void *arg, const char *of, const char *name);

void names_of_packs(name_seen seen, void *arg);
void names_of_tests(name_seen seen, void *arg);

#endif
