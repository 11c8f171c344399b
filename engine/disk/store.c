/* disk/store.c: the one gate to LMDB 0.9.24, and what is odd about it:
 *
 * - Its environment never grows: the map is 1 TiB of address space, sparse on disk. Files never shrink.
 * - MDB_NOMETASYNC: a commit flushes its pages but not the page that points to them. After a power cut the last commits
 *   may be gone, never torn; the journal replays them. store_sync is what makes them stay.
 * - A full disk surfaces as EIO from commit, and commits work again once there is space (tried).
 * - A read transaction that stays open keeps all pages freed since from being used again: so scans let go after 1,024
 *   rows, and transactions are pooled, reset, not left open (MDB_NOTLS: they belong to no thread).
 * - It has no checksums: each value is stored behind an xxh3 of itself, seeded with that of its key, so that a value in
 *   another key's place is found out too.
 * - It lets several processes in, and must never be opened twice in one: our own lock refuses both.
 * - Values are not aligned; keys have at most 511 bytes.
 *
 *     DIR/state/NUDGED   the mark and identity (folder.h)        DIR/state/lock   the process that writes
 *     DIR/state/data.mdb, lock.mdb                               META "nudged.identity": that data.mdb belongs here */
#include "disk/store.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "disk/folder.h"
#include "disk/store_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>

#ifdef __SANITIZE_THREAD__
#define MAP_BYTES (1ull << 34) /* the sanitizer leaves too little address space for more than a few stores of 1 TiB */
#else
#define MAP_BYTES (1ull << 40)
#endif
#define KEY_BYTES_MAX 511u
#define SUM_BYTES 8u
#define SCAN_ROWS 1024u
#define READER_CHECK_NS (60ull * 1000000000ull)
#define IDENTITY_KEY "nudged.identity"

struct store_write {
	struct store *store;
	MDB_txn *txn;
};

static const char *const table_names[STORE_TABLES] = {
	[STORE_RECORDS] = "records",
	[STORE_DUE] = "due",
	[STORE_OUTBOX] = "outbox",
	[STORE_META] = "meta",
	[STORE_NAMES] = "names",
	[STORE_RENAMED] = "renamed",
	[STORE_WORDS] = "words",
};

const char *store_table_name(enum store_table table)
{
	return table_names[table];
}

static bool disk_is_full(const struct store *s)
{
	uint64_t bytes;
	return file_system()->free_bytes(NULL, s->folder, &bytes) == ERR_OK && bytes < MIB;
}

/* The error of an LMDB call, as ours. */
int store_failed(const struct store *s, int r, const char *what)
{
	int code = ERR_IO;
	if (r == MDB_NOTFOUND)
		code = ERR_MISSING;
	else if (r == MDB_MAP_FULL || r == ENOSPC || (r == EIO && disk_is_full(s)))
		code = ERR_STORAGE;
	else if (r == MDB_CORRUPTED || r == MDB_PAGE_NOTFOUND || r == MDB_INVALID)
		code = ERR_CORRUPT;
	else if (r == MDB_VERSION_MISMATCH)
		code = ERR_VERSION;
	else if (r == ENOMEM)
		code = ERR_MEMORY;
	return error_set(code, NULL, "%s: cannot %s: %s", s->folder, what, mdb_strerror(r));
}

static uint64_t sum_of(MDB_val key, struct slice value)
{
	return hash64(value, hash64((struct slice){ key.mv_data, key.mv_size }, 0));
}

/* The value behind its checksum. */
static int unwrap(const struct store *s, MDB_val key, MDB_val stored, struct slice *value)
{
	uint64_t sum = 0;
	*value = (struct slice){ "", 0 };
	if (stored.mv_size >= SUM_BYTES) {
		memcpy(&sum, stored.mv_data, SUM_BYTES);
		*value = (struct slice){ (const char *)stored.mv_data + SUM_BYTES, stored.mv_size - SUM_BYTES };
	}
	if (stored.mv_size >= SUM_BYTES && sum == sum_of(key, *value))
		return ERR_OK;
	return error_set(ERR_CORRUPT, NULL, "%s: a record's checksum does not match (%zu bytes); the journal can rebuild it",
			 s->folder, stored.mv_size);
}

static int read_begin(struct store *s, MDB_txn **out)
{
	*out = NULL;
	pthread_rwlock_rdlock(&s->gate);
	pthread_mutex_lock(&s->pool_lock);
	if (s->pooled)
		*out = s->pool[--s->pooled];
	pthread_mutex_unlock(&s->pool_lock);
	int r = *out ? mdb_txn_renew(*out) : mdb_txn_begin(s->env, NULL, MDB_RDONLY, out);
	if (r == 0)
		return ERR_OK;
	if (*out)
		mdb_txn_abort(*out);
	pthread_rwlock_unlock(&s->gate);
	return store_failed(s, r, "begin to read");
}

static void read_end(struct store *s, MDB_txn *txn)
{
	mdb_txn_reset(txn);
	pthread_mutex_lock(&s->pool_lock);
	bool keep = s->pooled < READERS;
	if (keep)
		s->pool[s->pooled++] = txn;
	pthread_mutex_unlock(&s->pool_lock);
	if (!keep)
		mdb_txn_abort(txn);
	pthread_rwlock_unlock(&s->gate);
}

/* Of a store that an older build wrote, and that is not to be written to now, a table may be missing. */
static bool may_lack(enum store_table table)
{
	return table == STORE_NAMES || table == STORE_RENAMED || table == STORE_WORDS;
}

static int open_tables(struct store *s, bool read_only)
{
	MDB_txn *txn;
	int r = mdb_txn_begin(s->env, NULL, read_only ? MDB_RDONLY : 0, &txn);
	if (r != 0)
		return store_failed(s, r, "begin");
	for (int t = 0; r == 0 && t < STORE_TABLES; t++) {
		r = mdb_dbi_open(txn, table_names[t], read_only ? 0 : MDB_CREATE, &s->tables[t]);
		if (r == MDB_NOTFOUND && read_only && may_lack(t)) {
			s->lacks |= 1u << t;
			r = 0;
		}
	}
	if (r != 0) {
		mdb_txn_abort(txn);
		return store_failed(s, r, "open its tables");
	}
	r = mdb_txn_commit(txn);
	return r == 0 ? ERR_OK : store_failed(s, r, "commit");
}

static int open_env(struct store *s, bool read_only)
{
	int dead;
	int r = mdb_env_create(&s->env);
	if (r == 0)
		r = mdb_env_set_maxdbs(s->env, STORE_TABLES);
	if (r == 0)
		r = mdb_env_set_mapsize(s->env, s->map_bytes ? s->map_bytes : MAP_BYTES);
	if (r == 0)
		r = mdb_env_open(s->env, s->folder, MDB_NOMETASYNC | MDB_NOTLS | (read_only ? MDB_RDONLY : 0), 0640);
	if (r == 0)
		r = mdb_reader_check(s->env, &dead);
	return r == 0 ? ERR_OK : store_failed(s, r, "open it");
}

int store_env_open(struct store *s, bool read_only)
{
	int r = open_env(s, read_only);
	return r == ERR_OK ? open_tables(s, read_only) : r;
}

void store_env_close(struct store *s)
{
	while (s->pooled)
		mdb_txn_abort(s->pool[--s->pooled]);
	if (s->env)
		mdb_env_close(s->env);
	s->env = NULL;
}

/* That data.mdb is this folder's, and not copied in from elsewhere. */
static int check_identity(struct store *s, struct hash128 identity, bool created)
{
	struct bytes kept = { 0 };
	struct slice ours = { (const char *)&identity, sizeof(identity) };
	int r = store_get(s, STORE_META, SLICE(IDENTITY_KEY), &kept);
	if (r == ERR_MISSING) {
		MDB_stat st;
		struct store_write *w = NULL;
		r = store_begin(s, &w);
		if (r == ERR_OK && !created && mdb_stat(w->txn, s->tables[STORE_RECORDS], &st) == 0 && st.ms_entries)
			r = error_set(ERR_FOREIGN, NULL, "%s: data.mdb has records and no identity", s->folder);
		if (r == ERR_OK)
			r = store_put(w, STORE_META, SLICE(IDENTITY_KEY), ours);
		if (r == ERR_OK) {
			r = store_commit(w);
			w = NULL;
		}
		store_abort(w);
		if (r == ERR_OK)
			r = store_sync(s);
		if (r == ERR_OK)
			r = file_system()->sync_folder(NULL, s->folder);
	} else if (r == ERR_OK && !slice_equal(bytes_slice(&kept), ours)) {
		r = error_set(ERR_FOREIGN, NULL, "%s: data.mdb belongs to another data directory", s->folder);
	}
	bytes_finish(&kept);
	return r;
}

int store_open(struct store **out, const char *dir, uint64_t map_bytes, bool read_only)
{
	return store_open_named(out, dir, "state", map_bytes, read_only);
}

int store_open_named(struct store **out, const char *dir, const char *name, uint64_t map_bytes, bool read_only)
{
	struct store *s = must_calloc(1, sizeof(*s));
	struct hash128 identity;
	bool created;
	pthread_mutex_init(&s->pool_lock, NULL);
	pthread_rwlock_init(&s->gate, NULL);
	s->map_bytes = map_bytes;
	s->folder = folder_path(dir, name);
	int r = folder_open(file_system(), dir, name, read_only, &identity, &s->lock, &created);
	int guard = r == ERR_OK ? store_guard(s, LOCK_SH) : -1;
	if (r == ERR_OK)
		r = store_env_open(s, read_only);
	store_unguard(guard);
	if (r == ERR_OK)
		r = check_identity(s, identity, created);
	if (r < 0) {
		store_close(s);
		s = NULL;
	}
	*out = s;
	return r;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_env_close(s);
	if (s->lock)
		file_system()->close(NULL, s->lock);
	pthread_mutex_destroy(&s->pool_lock);
	pthread_rwlock_destroy(&s->gate);
	free(s->folder);
	free(s);
}

static int check_key(const struct store *s, struct slice key)
{
	if (key.len == 0 || key.len > KEY_BYTES_MAX)
		return error_set(ERR_LIMIT, NULL, "%s: a key of %zu bytes, 1 to %u are possible", s->folder, key.len, KEY_BYTES_MAX);
	return ERR_OK;
}

static MDB_val val_of(struct slice s)
{
	return (MDB_val){ s.len, (void *)(uintptr_t)s.data };
}

int store_get(struct store *s, enum store_table table, struct slice key, struct bytes *out)
{
	MDB_txn *txn;
	MDB_val k = val_of(key), stored;
	struct slice value;
	bytes_clear(out);
	int r = check_key(s, key);
	if (r == ERR_OK && store_lacks(s, table))
		r = store_failed(s, MDB_NOTFOUND, "read");
	if (r == ERR_OK)
		r = read_begin(s, &txn);
	if (r < 0)
		return r;
	int found = mdb_get(txn, s->tables[table], &k, &stored);
	if (found != 0)
		r = store_failed(s, found, "read");
	else
		r = unwrap(s, k, stored, &value);
	if (r == ERR_OK)
		bytes_put(out, value.data, value.len);
	read_end(s, txn);
	return r;
}

struct scan {
	struct store *store;
	enum store_table table;
	struct bytes from;  /* the key to go on from */
	bool behind;        /* that one was given already */
	int (*each)(void *arg, struct slice key, struct slice value);
	void *arg;
};

/* Up to SCAN_ROWS rows in one transaction. *more: there may be others. */
static int scan_chunk(struct scan *scan, MDB_txn *txn, bool *more)
{
	struct store *s = scan->store;
	MDB_cursor *cursor;
	MDB_val k = { scan->from.len, scan->from.data }, stored;
	*more = false;
	int found = mdb_cursor_open(txn, s->tables[scan->table], &cursor), r = ERR_OK;
	if (found != 0)
		return store_failed(s, found, "scan");
	found = mdb_cursor_get(cursor, &k, &stored, scan->from.len ? MDB_SET_RANGE : MDB_FIRST);
	if (found == 0 && scan->behind && slice_equal((struct slice){ k.mv_data, k.mv_size }, bytes_slice(&scan->from)))
		found = mdb_cursor_get(cursor, &k, &stored, MDB_NEXT);
	for (unsigned rows = 0; found == 0 && r == ERR_OK; rows++) {
		struct slice value;
		if (rows == SCAN_ROWS) { /* k was given in the round before: go on behind it */
			*more = true;
			break;
		}
		r = unwrap(s, k, stored, &value);
		if (r == ERR_OK && rows == SCAN_ROWS - 1) {
			bytes_clear(&scan->from);
			bytes_put(&scan->from, k.mv_data, k.mv_size);
			scan->behind = true;
		}
		if (r == ERR_OK)
			r = scan->each(scan->arg, (struct slice){ k.mv_data, k.mv_size }, value);
		if (r == ERR_OK)
			found = mdb_cursor_get(cursor, &k, &stored, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return r == ERR_OK && found != 0 && found != MDB_NOTFOUND ? store_failed(s, found, "scan") : r;
}

int store_scan(struct store *s, enum store_table table, struct slice from,
	       int (*each)(void *arg, struct slice key, struct slice value), void *arg)
{
	struct scan scan = { .store = s, .table = table, .each = each, .arg = arg };
	bool more = !store_lacks(s, table);
	int r = ERR_OK;
	bytes_put(&scan.from, from.data, from.len);
	while (r == ERR_OK && more) {
		MDB_txn *txn;
		r = read_begin(s, &txn);
		if (r < 0)
			break;
		r = scan_chunk(&scan, txn, &more);
		read_end(s, txn);
	}
	bytes_finish(&scan.from);
	return r;
}

int store_begin(struct store *s, struct store_write **out)
{
	MDB_txn *txn;
	*out = NULL;
	pthread_rwlock_rdlock(&s->gate);
	int r = mdb_txn_begin(s->env, NULL, 0, &txn);
	if (r != 0) {
		pthread_rwlock_unlock(&s->gate);
		return store_failed(s, r, "begin to write");
	}
	*out = must_malloc(sizeof(**out));
	**out = (struct store_write){ s, txn };
	return ERR_OK;
}

int store_put(struct store_write *w, enum store_table table, struct slice key, struct slice value)
{
	int r = check_key(w->store, key);
	if (r < 0)
		return r;
	MDB_val k = val_of(key), stored = { SUM_BYTES + value.len, NULL };
	uint64_t sum = sum_of(k, value);
	int put = mdb_put(w->txn, w->store->tables[table], &k, &stored, MDB_RESERVE);
	if (put != 0)
		return store_failed(w->store, put, "write");
	memcpy(stored.mv_data, &sum, SUM_BYTES);
	if (value.len)
		memcpy((char *)stored.mv_data + SUM_BYTES, value.data, value.len);
	return ERR_OK;
}

int store_delete(struct store_write *w, enum store_table table, struct slice key)
{
	int r = check_key(w->store, key);
	if (r < 0)
		return r;
	MDB_val k = val_of(key);
	int deleted = mdb_del(w->txn, w->store->tables[table], &k, NULL);
	return deleted == 0 || deleted == MDB_NOTFOUND ? ERR_OK : store_failed(w->store, deleted, "delete");
}

int store_peek(struct store_write *w, enum store_table table, struct slice key, struct slice *value)
{
	int r = check_key(w->store, key);
	MDB_val k = val_of(key), stored;
	if (r < 0)
		return r;
	int found = mdb_get(w->txn, w->store->tables[table], &k, &stored);
	return found == 0 ? unwrap(w->store, k, stored, value) : store_failed(w->store, found, "read");
}

int store_empty(struct store_write *w, enum store_table table)
{
	int r = mdb_drop(w->txn, w->store->tables[table], 0);
	return r == 0 ? ERR_OK : store_failed(w->store, r, "empty a table");
}

int store_commit(struct store_write *w)
{
	struct store *s = w->store;
	if (fault_hit(store_before_commit)) {
		store_abort(w);
		return error_set(ERR_IO, NULL, "fault point store_before_commit");
	}
	int r = mdb_txn_commit(w->txn);
	pthread_rwlock_unlock(&s->gate);
	free(w);
	if (r != 0)
		return store_failed(s, r, "commit");
	atomic_fetch_add_explicit(&s->commits, 1, memory_order_relaxed);
	uint64_t now_ns = clock_mono_ns();
	int dead = 0;
	if (now_ns - s->checked_ns > READER_CHECK_NS && mdb_reader_check(s->env, &dead) == 0) {
		s->checked_ns = now_ns;
		if (dead)
			log_warn("store: %d readers of dead processes were cleared", dead);
	}
	return fault_hit(store_after_commit) ? error_set(ERR_IO, NULL, "fault point store_after_commit") : ERR_OK;
}

void store_abort(struct store_write *w)
{
	if (!w)
		return;
	mdb_txn_abort(w->txn);
	pthread_rwlock_unlock(&w->store->gate);
	free(w);
}

int store_sync(struct store *s)
{
	pthread_rwlock_rdlock(&s->gate);
	int r = mdb_env_sync(s->env, 1);
	pthread_rwlock_unlock(&s->gate);
	return r == 0 ? ERR_OK : store_failed(s, r, "sync");
}

struct lag {
	uint64_t newest, lag;
};

/* One line of LMDB's reader table: process, thread, transaction ("-" where it has none open). */
static int note_reader(const char *line, void *arg)
{
	struct lag *lag = arg;
	unsigned long long txn;
	if (sscanf(line, " %*d %*x %llu", &txn) == 1 && txn < lag->newest && lag->newest - txn > lag->lag)
		lag->lag = lag->newest - txn;
	return 0;
}

int store_stats(struct store *s, struct store_stats *out)
{
	MDB_envinfo info;
	MDB_stat st[STORE_TABLES] = { 0 };
	MDB_txn *txn;
	struct lag lag = { 0, 0 };
	*out = (struct store_stats){ 0 };
	pthread_rwlock_rdlock(&s->gate);
	int r = read_begin(s, &txn), found = 0;
	if (r < 0) {
		pthread_rwlock_unlock(&s->gate);
		return r;
	}
	for (int t = 0; found == 0 && t < STORE_TABLES; t++)
		if (!store_lacks(s, t))
			found = mdb_stat(txn, s->tables[t], &st[t]);
	read_end(s, txn);
	if (found == 0)
		found = mdb_env_info(s->env, &info);
	if (found == 0) {
		lag.newest = info.me_last_txnid;
		mdb_reader_list(s->env, note_reader, &lag);
	}
	pthread_rwlock_unlock(&s->gate);
	if (found != 0)
		return store_failed(s, found, "describe it");
	*out = (struct store_stats){
		.records = st[STORE_RECORDS].ms_entries,
		.due = st[STORE_DUE].ms_entries,
		.outbox = st[STORE_OUTBOX].ms_entries,
		.names = st[STORE_NAMES].ms_entries,
		.renamed = st[STORE_RENAMED].ms_entries,
		.words = st[STORE_WORDS].ms_entries,
		.used_bytes = (uint64_t)(info.me_last_pgno + 1) * st[0].ms_psize,
		.commits = atomic_load_explicit(&s->commits, memory_order_relaxed),
		.reader_lag = lag.lag,
	};
	return ERR_OK;
}
