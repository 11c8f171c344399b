/* disk/store.h: LMDB behind the write-behind store (DIR/state). Knows keys and bytes, no customers. Only this layer
 * includes lmdb.h; what is odd about LMDB 0.9.24 is written down in store.c.
 *
 * Commits are relaxed (MDB_NOMETASYNC: integrity kept, the last transactions may vanish and the journal replays them);
 * store_sync makes all of them durable, and must be called before journal segments are retired. Records carry their own
 * checksum (LMDB has none): a broken one is ERR_CORRUPT. */
#ifndef NUDGED_DISK_STORE_H
#define NUDGED_DISK_STORE_H

#include "base/bytes.h"
#include "disk/pace.h"

#include <stdint.h>

struct store;

enum store_table {
	STORE_RECORDS, /* key: slot, kind, id   value: the record's bytes */
	STORE_DUE,     /* key: due time (big-endian, so that it sorts), slot, kind, id   value: none */
	STORE_OUTBOX,  /* key: sequence, index (big-endian)   value: the open alert's bytes */
	STORE_META,    /* key: a name   value: the caller's */
	STORE_NAMES,   /* key: slot, kind, id   value: what the words were made of (find/index.h) */
	STORE_RENAMED, /* the same, of what they are not made of yet */
	STORE_WORDS,   /* key: find/rows.h   value: none */
	STORE_TABLES
};

/* Opens or creates DIR/state. Refuses a directory in use by another process (ERR_CONFLICT), a foreign one
 * (ERR_FOREIGN), a later format (ERR_VERSION). map_bytes 0: 1 TiB, sparse. Read-only
 * (tools, also beside the daemon) takes no lock and makes nothing: tables that an older build's store lacks are empty. Never twice in one process. Names in STORE_META that
 * begin with "nudged." are the store's own. */
int store_open(struct store **out, const char *dir, uint64_t map_bytes, bool read_only);
/* The same in DIR/name: another store of the same data directory. */
int store_open_named(struct store **out, const char *dir, const char *name, uint64_t map_bytes, bool read_only);
void store_close(struct store *s); /* NULL-safe */

/* Reads. Any thread; `out` is overwritten. ERR_MISSING where there is none. */
int store_get(struct store *s, enum store_table table, struct slice key, struct bytes *out);
/* Calls `each` for keys >= from in order until it returns non-zero (which is then returned) or the end. Chunked: no
 * read transaction stays open longer than 1,024 rows. Slices are lent for the call. */
int store_scan(struct store *s, enum store_table table, struct slice from,
	       int (*each)(void *arg, struct slice key, struct slice value), void *arg);

/* Writes: one thread at a time. A transaction is small (a few MiB at most). */
struct store_write;
int store_begin(struct store *s, struct store_write **out);
int store_put(struct store_write *w, enum store_table table, struct slice key, struct slice value);
int store_delete(struct store_write *w, enum store_table table, struct slice key); /* a missing key is fine */
/* What is there in this transaction: ERR_MISSING, or lent until its next write. */
int store_peek(struct store_write *w, enum store_table table, struct slice key, struct slice *value);
int store_empty(struct store_write *w, enum store_table table);
int store_commit(struct store_write *w);  /* frees w, also when it fails */
void store_abort(struct store_write *w);  /* NULL-safe */
int store_sync(struct store *s);          /* all commits so far are durable when it returns */

/* Writes what the store holds at one moment into a file that is not there yet, compacted, and syncs it. It may go on beside
 * everything else, in another process too. */
int store_copy(struct store *s, const char *path, struct pace *pace);

/* Writes all rows into a new file, which then holds nothing that was ever deleted, and syncs it. Nobody writes meanwhile. */
int store_rebuild(struct store *s, const char *path);
/* The same, and the new file takes the old one's place; others may read meanwhile, nobody writes. */
int store_renew(struct store *s);

struct store_stats {
	uint64_t records, due, outbox, names, renamed, words, used_bytes, commits, reader_lag;
};
int store_stats(struct store *s, struct store_stats *out);

#endif
