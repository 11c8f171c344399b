/* nudgectl/load_progress.h: how far a load has come, in a small file beside what is loaded, so that one that was stopped
 * or killed goes on there. It names the files as they were, the mapping and the daemon; a load of anything else begins
 * anew. It says only what was acknowledged, and goes when the load is done. */
#ifndef NUDGECTL_LOAD_PROGRESS_H
#define NUDGECTL_LOAD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct load_progress {
	char *path;           /* of the file; NULL: none is kept */
	char *what;           /* the files, the mapping and the daemon's address, in one text */
	uint64_t rows;        /* settled, of all files together */
	uint64_t saved_ns;
	bool failed;          /* it cannot be written: said so already */
};

/* `path`: NULL for "FILE.loading" beside the first of the files. Reads what is there: p->rows is 0 where the load is
 * another, or new. */
void load_progress_open(struct load_progress *p, const char *path, char *const *files, unsigned count, const char *map,
			int64_t as_of_ms, const char *address);
void load_progress_save(struct load_progress *p, uint64_t rows, bool now); /* at most once a second, unless now */
void load_progress_done(struct load_progress *p);                          /* the load is whole: the file goes */
void load_progress_close(struct load_progress *p);

#endif
