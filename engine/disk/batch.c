/* disk/batch.c: see batch.h; the layout is drawn in journal.c. All integers are little-endian. What comes from a file
 * is hostile until the hash says otherwise: each length is checked against what surrounds it before it is used. */
#include "disk/batch.h"

#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"
#include "disk/folder.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SEGMENT_MAGIC "nudgejnl"
#define BATCH_MAGIC 0x4254424eu    /* "NBTB" */
#define ENTRY_PRESENT 0x59444f42u  /* "BODY" */
#define ENTRY_BLANKED 0x4b4e4c42u  /* "BLNK" */
#define WINDOW_BYTES (256u * KIB)
#define FRESH_READS 3u /* of what looks broken and may have been read while it was written */

static void put32(char *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static void put64(char *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

static uint32_t get32(const char *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t get64(const char *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static void put_hash(char *p, struct hash128 h)
{
	put64(p, h.low);
	put64(p + 8, h.high);
}

static struct hash128 get_hash(const char *p)
{
	return (struct hash128){ get64(p), get64(p + 8) };
}

static bool hash_equal(struct hash128 a, struct hash128 b)
{
	return a.low == b.low && a.high == b.high;
}

void segment_head_encode(char out[SEGMENT_HEAD_BYTES], struct hash128 id, uint64_t index, uint64_t segment_bytes)
{
	memset(out, 0, SEGMENT_HEAD_BYTES);
	memcpy(out, SEGMENT_MAGIC, 8);
	put32(out + 8, JOURNAL_FORMAT);
	put64(out + 16, index);
	put64(out + 24, segment_bytes);
	put_hash(out + 32, id);
	put64(out + SEGMENT_HEAD_BYTES - 8, hash64((struct slice){ out, SEGMENT_HEAD_BYTES - 8 }, 0));
}

int segment_head_check(const char in[SEGMENT_HEAD_BYTES], struct hash128 id, uint64_t index, uint64_t *segment_bytes)
{
	if (memcmp(in, SEGMENT_MAGIC, 8) != 0)
		return error_set(ERR_CORRUPT, NULL, "offset 0: no segment header");
	if (get32(in + 8) > JOURNAL_FORMAT)
		return error_set(ERR_VERSION, NULL, "format %u, but this build knows up to %u: use a newer nudged",
				 get32(in + 8), JOURNAL_FORMAT);
	if (get64(in + SEGMENT_HEAD_BYTES - 8) != hash64((struct slice){ in, SEGMENT_HEAD_BYTES - 8 }, 0))
		return error_set(ERR_CORRUPT, NULL, "offset 0: the segment header's checksum does not match");
	if (!hash_equal(get_hash(in + 32), id))
		return error_set(ERR_FOREIGN, NULL, "this segment belongs to another journal");
	if (get64(in + 16) != index)
		return error_set(ERR_CORRUPT, NULL, "offset 0: says it is segment %" PRIu64, get64(in + 16));
	*segment_bytes = get64(in + 24);
	return ERR_OK;
}

void entry_head_encode(char out[ENTRY_HEAD_BYTES], const struct journal_entry *e, uint64_t salt)
{
	put64(out, e->prev_seq);
	put64(out + 8, (uint64_t)e->received_at_ms);
	put64(out + 16, e->outcome);
	put64(out + 24, hash64(e->body, salt));
	put32(out + 32, (uint32_t)e->body.len);
	out[36] = (char)e->kind;
	out[37] = (char)e->slot;
	out[38] = out[39] = 0;
	put64(out + 40, salt);
	put32(out + 48, ENTRY_PRESENT);
	put32(out + 52, 0);
}

bool batch_next_entry(struct slice *rest, struct journal_entry *e)
{
	const char *p = rest->data;
	if (rest->len < ENTRY_HEAD_BYTES || get32(p + 32) > rest->len - ENTRY_HEAD_BYTES)
		return false;
	uint32_t len = get32(p + 32), state = get32(p + 48);
	if ((state != ENTRY_PRESENT && state != ENTRY_BLANKED) || get32(p + 52) != 0)
		return false;
	e->prev_seq = get64(p);
	e->received_at_ms = (int64_t)get64(p + 8);
	e->outcome = get64(p + 16);
	e->kind = (uint8_t)p[36];
	e->slot = (uint8_t)p[37];
	e->blanked = state == ENTRY_BLANKED;
	e->body = (struct slice){ p + ENTRY_HEAD_BYTES, e->blanked ? 0 : len };
	rest->data += ENTRY_HEAD_BYTES + len;
	rest->len -= ENTRY_HEAD_BYTES + len;
	return true;
}

static bool all_zero(const char *p, size_t len)
{
	return len == 0 || (*p == 0 && memcmp(p, p + 1, len - 1) == 0);
}

/* The batch's hash: identity, its head up to the hash, each entry's hashed part. Without `count` sound entries: false.
 * Counts the blanked ones; digests are compared only where `checked`. */
static bool batch_hash(const char *data, const struct batch_head *head, struct hash128 id, struct bytes *scratch,
		       bool checked, uint32_t *blanked, struct hash128 *out)
{
	bytes_clear(scratch);
	put_hash(bytes_grow(scratch, 16), id);
	bytes_put(scratch, data, BATCH_HEAD_BYTES - 16);
	struct slice rest = { data + BATCH_HEAD_BYTES, head->length - BATCH_HEAD_BYTES };
	for (uint32_t i = 0; i < head->count; i++) {
		const char *p = rest.data;
		struct journal_entry e;
		if (!batch_next_entry(&rest, &e))
			return false;
		bytes_put(scratch, p, ENTRY_HASHED_BYTES);
		if (!checked)
			continue;
		if (e.blanked) {
			if (get64(p + 40) != 0 || !all_zero(p + ENTRY_HEAD_BYTES, get32(p + 32)))
				return false;
			(*blanked)++;
		} else if (hash64(e.body, get64(p + 40)) != get64(p + 24)) {
			return false;
		}
	}
	*out = hash128(bytes_slice(scratch));
	return rest.len == 0;
}

void batch_seal(char *data, struct batch_head *head, struct hash128 id, struct bytes *scratch)
{
	put32(data, BATCH_MAGIC);
	put32(data + 4, JOURNAL_FORMAT);
	put64(data + 8, head->segment);
	put64(data + 16, head->first_seq);
	put32(data + 24, head->count);
	put32(data + 28, head->length);
	put_hash(data + 32, head->prev);
	CHECK(batch_hash(data, head, id, scratch, false, NULL, &head->hash));
	put_hash(data + 48, head->hash);
}

static int window_fill(struct batch_window *w, uint64_t offset, size_t len)
{
	size_t want = len > WINDOW_BYTES ? len : WINDOW_BYTES, got = 0;
	bytes_clear(&w->data);
	bytes_reserve(&w->data, want);
	int r = w->files->read(w->files->self, w->file, offset, w->data.data, want, &got);
	w->data.len = r < 0 ? 0 : got;
	w->at = offset;
	return r;
}

int batch_bytes(struct batch_window *w, uint64_t offset, size_t len, struct slice *out)
{
	if (offset < w->at || offset + len > w->at + w->data.len) {
		int r = window_fill(w, offset, len);
		if (r < 0)
			return r;
	}
	size_t left = w->data.len - (size_t)(offset - w->at);
	*out = (struct slice){ w->data.data + (offset - w->at), len < left ? len : left };
	return ERR_OK;
}

static int no_batch(const struct batch_window *w, uint64_t offset, const char *why)
{
	error_set(ERR_CORRUPT, NULL, "segment %" PRIu64 ", offset %" PRIu64 ": %s", w->index, offset, why);
	return 0;
}

static int batch_read_once(struct batch_window *w, uint64_t offset, struct batch *out)
{
	struct slice s;
	int r = batch_bytes(w, offset, BATCH_HEAD_BYTES, &s);
	if (r < 0)
		return r;
	if (s.len < BATCH_HEAD_BYTES || get32(s.data) != BATCH_MAGIC || get32(s.data + 4) != JOURNAL_FORMAT)
		return no_batch(w, offset, "no batch begins here");
	struct batch_head *head = &out->head;
	*head = (struct batch_head){ get64(s.data + 8), get64(s.data + 16), get32(s.data + 24), get32(s.data + 28),
				     get_hash(s.data + 32), get_hash(s.data + 48) };
	uint64_t padded = batch_padded(head->length);
	if (head->segment != w->index || head->length < BATCH_HEAD_BYTES || padded > w->size - offset ||
	    head->count == 0 || head->count > (head->length - BATCH_HEAD_BYTES) / ENTRY_HEAD_BYTES)
		return no_batch(w, offset, "the batch header makes no sense");
	r = batch_bytes(w, offset, padded, &s);
	if (r < 0)
		return r;
	struct hash128 hash;
	out->blanked = 0;
	if (s.len < padded || !batch_hash(s.data, head, w->id, &w->scratch, true, &out->blanked, &hash))
		return no_batch(w, offset, "the batch is incomplete or an entry's digest does not match");
	if (!hash_equal(hash, head->hash) || !all_zero(s.data + head->length, padded - head->length))
		return no_batch(w, offset, "the batch's checksum does not match");
	out->offset = offset;
	out->bytes = s;
	out->entries = (struct slice){ s.data + BATCH_HEAD_BYTES, head->length - BATCH_HEAD_BYTES };
	return 1;
}

int batch_read(struct batch_window *w, uint64_t offset, bool fresh, struct batch *out)
{
	if (offset >= w->size)
		return no_batch(w, offset, "the segment is full");
	int r = batch_read_once(w, offset, out);
	for (unsigned i = 0; r == 0 && fresh && i < FRESH_READS; i++) {
		if (i)
			nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL); /* entries are being blanked just here */
		w->data.len = 0;
		r = batch_read_once(w, offset, out);
	}
	return r;
}

int batch_search(struct batch_window *w, uint64_t from, uint64_t *found)
{
	struct batch b;
	for (uint64_t offset = batch_padded(from); offset < w->size; offset += SECTOR_BYTES) {
		struct slice s;
		int r = batch_bytes(w, offset, 4, &s);
		if (r == 0 && (s.len < 4 || get32(s.data) != BATCH_MAGIC))
			continue;
		if (r == 0)
			r = batch_read_once(w, offset, &b);
		if (r != 0) {
			*found = offset;
			return r;
		}
	}
	return 0;
}

int batch_window_open(struct batch_window *w, const struct file_layer *files, const char *folder, struct hash128 id,
		      uint64_t index)
{
	struct slice s;
	uint64_t segment_bytes;
	*w = (struct batch_window){ .files = files, .id = id, .index = index };
	char *path = segment_path(folder, index);
	int r = files->open(files->self, path, false, &w->file);
	if (r == ERR_OK)
		r = files->size(files->self, w->file, &w->size);
	if (r == ERR_OK)
		r = batch_bytes(w, 0, SEGMENT_HEAD_BYTES, &s);
	if (r == ERR_OK && s.len < SEGMENT_HEAD_BYTES)
		r = error_set(ERR_CORRUPT, NULL, "offset %zu: truncated in the segment header", s.len);
	if (r == ERR_OK)
		r = segment_head_check(s.data, id, index, &segment_bytes);
	if (r == ERR_OK && segment_bytes != w->size)
		r = error_set(ERR_CORRUPT, NULL, "offset %" PRIu64 ": truncated, it should have %" PRIu64 " bytes", w->size,
			      segment_bytes);
	if (r < 0 && r != ERR_MISSING && r != ERR_IO)
		error_prefix("segment %" PRIu64 " (%s)", index, path);
	free(path);
	return r;
}

void batch_window_finish(struct batch_window *w)
{
	if (w->file)
		w->files->close(w->files->self, w->file);
	w->file = NULL;
	bytes_finish(&w->data);
	bytes_finish(&w->scratch);
}

#define SEGMENT_SUFFIX ".segment"

char *segment_path(const char *folder, uint64_t index)
{
	char name[48];
	snprintf(name, sizeof(name), "%016" PRIx64 SEGMENT_SUFFIX, index);
	return folder_path(folder, name);
}

bool segment_index_of(const char *name, uint64_t *index)
{
	int used = 0;
	return strlen(name) == 16 + strlen(SEGMENT_SUFFIX) &&
	       sscanf(name, "%16" SCNx64 "%n", index, &used) == 1 && used == 16 && strcmp(name + 16, SEGMENT_SUFFIX) == 0;
}
