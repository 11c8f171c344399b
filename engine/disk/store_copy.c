/* disk/store_copy.c: a store as of one moment, compacted, into another file. LMDB writes it from a read transaction of its
 * own into a pipe, as fast as it is read from there: so the other end sets the pace. What was deleted is not in it, nor
 * are free pages: only what the tables hold. */
#include "base/error.h"
#include "base/limits.h"
#include "disk/store_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE_BYTES (256u * KIB)
#define PUSH_BYTES (4u * MIB)

struct source {
	struct store *store;
	int fd, result;
};

static void *feed(void *arg)
{
	struct source *s = arg;
	s->result = mdb_env_copyfd2(s->store->env, s->fd, MDB_CP_COMPACT);
	close(s->fd);
	return NULL;
}

/* Reads on to the end, so that the writing side never waits for ever; writes as long as that goes well. */
static int drain(int from, struct file *to, struct pace *pace)
{
	const struct file_layer *files = file_system();
	char *piece = malloc(PIECE_BYTES);
	uint64_t offset = 0, pushed = 0;
	int r = piece ? ERR_OK : error_set(ERR_MEMORY, NULL, "no memory to copy with");
	ssize_t n;
	while (piece && ((n = read(from, piece, PIECE_BYTES)) > 0 || (n < 0 && errno == EINTR))) {
		if (n < 0 || r != ERR_OK)
			continue;
		r = files->write(files->self, to, offset, piece, (size_t)n);
		offset += (uint64_t)n;
		if (r == ERR_OK && offset - pushed >= PUSH_BYTES && files->push) {
			r = files->push(files->self, to, pushed, (size_t)(offset - pushed));
			pushed = offset;
		}
		pace_took(pace, (uint64_t)n);
	}
	free(piece);
	return r == ERR_OK ? files->sync(files->self, to) : r;
}

int store_copy(struct store *s, const char *path, struct pace *pace)
{
	const struct file_layer *files = file_system();
	struct source source = { .store = s };
	struct file *to;
	pthread_t thread;
	int ends[2];
	int r = files->open(files->self, path, true, &to);
	if (r != ERR_OK)
		return r;
	if (pipe2(ends, O_CLOEXEC) != 0) {
		r = error_errno("cannot make a pipe");
		files->close(files->self, to);
		return r;
	}
	source.fd = ends[1];
	if (pthread_create(&thread, NULL, feed, &source) == 0) {
		r = drain(ends[0], to, pace);
		pthread_join(thread, NULL);
		if (r == ERR_OK && source.result != 0)
			r = store_failed(s, source.result, "copy it");
	} else {
		r = error_errno("cannot start a thread to copy with");
		close(ends[1]);
	}
	close(ends[0]);
	files->close(files->self, to);
	return r;
}
