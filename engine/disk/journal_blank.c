/* disk/journal_blank.c: see journal_blank.h. It walks batches by their lengths alone and checks no digest: what an
 * interrupted run left half blanked must be found again. Lengths lie in what is hashed, which is never touched. */
#include "disk/journal_blank.h"

#include "base/check.h"
#include "base/error.h"
#include "disk/batch.h"
#include "disk/folder.h"
#include "disk/journal_parts.h"

#include <endian.h>
#include <stdlib.h>

#define BATCH_MAGIC 0x4254424eu
#define SALT_OFFSET 40u /* in an entry's head: the salt, then what says whether the body is there */
#define BLANKED 0x4b4e4c42u

struct blanking {
	const struct file_layer *files;
	struct batch_window window;
	const uint64_t *seqs;
	size_t count, at;
	struct bytes zeroes;
	bool changed;
};

static uint32_t number32(const char *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static int blank_entry(struct blanking *b, uint64_t offset, uint32_t body)
{
	uint32_t state = htole32(BLANKED);
	size_t len = ENTRY_HEAD_BYTES - SALT_OFFSET + body;
	bytes_clear(&b->zeroes);
	bytes_reserve(&b->zeroes, len);
	memset(b->zeroes.data, 0, len);
	memcpy(b->zeroes.data + 8, &state, sizeof(state));
	b->changed = true;
	return b->files->write(b->files->self, b->window.file, offset + SALT_OFFSET, b->zeroes.data, len);
}

/* Those entries of a batch that are asked for. */
static int blank_batch(struct blanking *b, uint64_t offset, uint64_t first_seq, uint32_t count)
{
	int r = ERR_OK;
	offset += BATCH_HEAD_BYTES;
	for (uint64_t seq = first_seq; seq < first_seq + count && r == ERR_OK; seq++) {
		struct slice head;
		r = batch_bytes(&b->window, offset, ENTRY_HEAD_BYTES, &head);
		if (r == ERR_OK && head.len < ENTRY_HEAD_BYTES)
			r = error_set(ERR_CORRUPT, NULL, "a segment ends within a batch");
		if (r != ERR_OK)
			break;
		uint32_t body = number32(head.data + 32);
		while (b->at < b->count && b->seqs[b->at] < seq)
			b->at++;
		if (b->at < b->count && b->seqs[b->at] == seq)
			r = blank_entry(b, offset, body);
		offset += ENTRY_HEAD_BYTES + body;
	}
	return r;
}

static int blank_segment(struct blanking *b)
{
	uint64_t offset = SEGMENT_HEAD_BYTES;
	int r = ERR_OK;
	while (r == ERR_OK && b->at < b->count && offset + BATCH_HEAD_BYTES <= b->window.size) {
		struct slice s;
		r = batch_bytes(&b->window, offset, BATCH_HEAD_BYTES, &s);
		if (r != ERR_OK || s.len < BATCH_HEAD_BYTES || number32(s.data) != BATCH_MAGIC)
			break;
		uint64_t first_seq;
		memcpy(&first_seq, s.data + 16, sizeof(first_seq));
		first_seq = le64toh(first_seq);
		uint32_t count = number32(s.data + 24), length = number32(s.data + 28);
		while (b->at < b->count && b->seqs[b->at] < first_seq)
			b->at++;
		if (b->at < b->count && b->seqs[b->at] < first_seq + count)
			r = blank_batch(b, offset, first_seq, count);
		offset += batch_padded(length);
	}
	if (r == ERR_OK && b->changed)
		r = b->files->sync(b->files->self, b->window.file);
	b->changed = false;
	return r;
}

int journal_blank(const char *dir, const uint64_t *seqs, size_t count)
{
	struct blanking b = { .files = file_system(), .seqs = seqs, .count = count };
	char *folder = folder_path(dir, "journal");
	uint64_t *indices = NULL;
	size_t segments = 0;
	struct hash128 id;
	int r = folder_mark_read(b.files, folder, "journal", &id);
	if (r == 0)
		r = error_set(ERR_MISSING, NULL, "%s: there is no journal here", folder);
	if (r == 1)
		r = segment_indices(b.files, folder, &indices, &segments);
	for (size_t i = 0; i < segments && r == ERR_OK && b.at < count; i++) {
		r = batch_window_open(&b.window, b.files, folder, id, indices[i]);
		if (r == ERR_OK)
			r = blank_segment(&b);
		batch_window_finish(&b.window);
	}
	bytes_finish(&b.zeroes);
	free(indices);
	free(folder);
	return r;
}
