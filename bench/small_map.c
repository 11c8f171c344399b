/* bench/small_map.c: preloaded into a daemon that runs under valgrind, whose address space has no room for the store's
 * sparse map of 1 TiB: the map becomes 8 GiB. Nothing else changes. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

#define SMALL ((size_t)8 << 30)

int mdb_env_set_mapsize(void *env, size_t size);

int mdb_env_set_mapsize(void *env, size_t size)
{
	int (*real)(void *, size_t) = (int (*)(void *, size_t))dlsym(RTLD_NEXT, "mdb_env_set_mapsize");
	if (!real)
		abort();
	return real(env, size < SMALL ? size : SMALL);
}
