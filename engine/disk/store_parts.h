/* disk/store_parts.h: a store from inside, for the files of the store; nobody else may include it. */
#ifndef NUDGED_DISK_STORE_PARTS_H
#define NUDGED_DISK_STORE_PARTS_H

#include "disk/file.h"
#include "disk/store.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>

#define READERS 32u /* pooled read transactions; more at once are begun and thrown away */

struct store {
	MDB_env *env;
	MDB_dbi tables[STORE_TABLES];
	unsigned lacks; /* bits: tables that are not there, and so empty */
	struct file *lock;
	char *folder;
	uint64_t map_bytes;
	pthread_rwlock_t gate; /* held for reading by whoever is in a transaction; for writing while the file changes (store_renew.c) */
	pthread_mutex_t pool_lock;
	MDB_txn *pool[READERS];
	unsigned pooled;
	uint64_t checked_ns; /* when dead readers were last cleared; the writing thread's */
	_Atomic uint64_t commits;
};

/* The error of an LMDB call, as ours. */
int store_failed(const struct store *s, int r, const char *what);

/* Between processes: who opens the store's files holds it LOCK_SH meanwhile, who changes them (store_renew.c) LOCK_EX: the
 * lock file of one data file with another would corrupt both. -1: no such lock here; else store_unguard. */
int store_guard(const struct store *s, int how);
void store_unguard(int guard);

int store_env_open(struct store *s, bool read_only); /* LMDB's part, and its tables; guarded */
void store_env_close(struct store *s);

static inline bool store_lacks(const struct store *s, enum store_table table)
{
	return s->lacks >> table & 1;
}

const char *store_table_name(enum store_table table);

#endif
