/* disk/store_rebuild.c: a store's rows put one after the other into a new file. For erasure: LMDB's own compacting copy takes
 * over its branch pages, and those name keys that were deleted long ago. A new tree names only what is there. */
#include "base/error.h"
#include "base/limits.h"
#include "disk/store_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_BYTES (4u * MIB) /* of one transaction */

struct rebuild {
	struct store *from;
	MDB_env *to;
	MDB_txn *read, *write;
	MDB_dbi table;
	size_t bytes;
};

static int next_step(struct rebuild *b)
{
	int r = mdb_txn_commit(b->write);
	b->write = NULL;
	b->bytes = 0;
	return r == 0 ? mdb_txn_begin(b->to, NULL, 0, &b->write) : r;
}

static int copy_table(struct rebuild *b, MDB_dbi from, const char *name)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int r = mdb_dbi_open(b->write, name, MDB_CREATE, &b->table);
	if (r == 0)
		r = mdb_cursor_open(b->read, from, &cursor);
	if (r != 0)
		return r;
	while ((r = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		r = mdb_put(b->write, b->table, &key, &value, MDB_APPEND);
		b->bytes += key.mv_size + value.mv_size;
		if (r == 0 && b->bytes >= STEP_BYTES)
			r = next_step(b);
		if (r != 0)
			break;
	}
	mdb_cursor_close(cursor);
	return r == MDB_NOTFOUND ? 0 : r;
}

static int copy_all(struct rebuild *b, const char *path)
{
	struct store *s = b->from;
	MDB_envinfo info;
	int r = mdb_env_create(&b->to);
	if (r == 0)
		r = mdb_env_set_maxdbs(b->to, STORE_TABLES);
	if (r == 0)
		r = mdb_env_info(s->env, &info);
	if (r == 0)
		r = mdb_env_set_mapsize(b->to, info.me_mapsize);
	if (r == 0)
		r = mdb_env_open(b->to, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 0640);
	if (r == 0)
		r = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &b->read);
	if (r == 0)
		r = mdb_txn_begin(b->to, NULL, 0, &b->write);
	for (int t = 0; t < STORE_TABLES && r == 0; t++)
		if (!store_lacks(s, t))
			r = copy_table(b, s->tables[t], store_table_name(t));
	if (r == 0) {
		r = mdb_txn_commit(b->write);
		b->write = NULL;
	}
	return r == 0 ? mdb_env_sync(b->to, 1) : r;
}

int store_rebuild(struct store *s, const char *path)
{
	struct rebuild b = { .from = s };
	int r = copy_all(&b, path);
	if (b.write)
		mdb_txn_abort(b.write);
	if (b.read)
		mdb_txn_abort(b.read);
	if (b.to)
		mdb_env_close(b.to);
	return r == 0 ? ERR_OK : store_failed(s, r, "copy it row by row");
}
