/* tools/console/none.c: a daemon that was built without its console, where node or npm were not there. */
#include "net/console_files.h"

const struct console_file console_files[] = { { 0 } };
const char *const console_missing = "node (18 or newer) and npm were not there";
