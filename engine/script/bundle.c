/* script/bundle.c: a pack's files as bytes.
 *
 *     "nudgpk01" | count | count x (path, content) | zone name | zone table          integers and lengths are varints
 *
 * Files are sorted by path and paths are unique, so equal packs are equal bytes and have one hash. */
#include "script/bundle.h"
#include "script/settings.h"

#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"

#include <stdlib.h>

#define BUNDLE_MAGIC "nudgpk01"

static bool segment_ok(struct slice s)
{
	if (s.len == 0 || s.data[0] == '.')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
			  c == '-' || c == '.';
		if (!ok)
			return false;
	}
	return true;
}

static bool path_ok(struct slice path)
{
	if (slice_equal(path, SLICE(SETTINGS_FILE)))
		return true;
	if (path.len < 5 || path.len > LIMIT_PACK_PATH_BYTES || memcmp(path.data + path.len - 4, ".lua", 4) != 0)
		return false;
	size_t from = 0;
	for (size_t i = 0; i <= path.len; i++) {
		if (i < path.len && path.data[i] != '/')
			continue;
		if (!segment_ok((struct slice){ path.data + from, i - from }))
			return false;
		from = i + 1;
	}
	return true;
}

static size_t bundle_bytes(const struct bundle *b)
{
	size_t total = b->zone.len;
	for (unsigned i = 0; i < b->count; i++)
		total += b->files[i].content.len + strlen(b->files[i].path);
	return total;
}

int bundle_add(struct bundle *b, struct slice path, struct slice content)
{
	if (!path_ok(path))
		return error_set(
			ERR_INVALID, "path",
			"\"%.*s\" is not a path of a pack: relative, of letters, digits, '_', '-', '.', ending "
			"in .lua (or " SETTINGS_FILE "), at most %u bytes",
			path.len > 80 ? 80 : (int)path.len, path.data ? path.data : "", LIMIT_PACK_PATH_BYTES);
	unsigned at = 0;
	int order = -1;
	while (at < b->count && (order = slice_compare(slice_of(b->files[at].path), path)) < 0)
		at++;
	if (at < b->count && order == 0)
		return error_set(ERR_INVALID, "path", "the pack has \"%.*s\" twice", SLICE_ARG(path));
	if (b->count >= LIMIT_PACK_FILES)
		return error_set(ERR_LIMIT, "path", "a pack has at most %u files (limit_pack_files)", LIMIT_PACK_FILES);
	if (path.len + content.len > LIMIT_PACK_BYTES - bundle_bytes(b))
		return error_set(ERR_LIMIT, "content", "a pack has at most %u bytes (limit_pack_bytes)",
				 LIMIT_PACK_BYTES);
	b->files = must_realloc(b->files, (b->count + 1) * sizeof(*b->files));
	memmove(&b->files[at + 1], &b->files[at], (b->count - at) * sizeof(*b->files));
	b->files[at] = (struct bundle_file){ must_strndup(path.data, path.len), { 0 } };
	if (content.len)
		bytes_put(&b->files[at].content, content.data, content.len);
	b->count++;
	return ERR_OK;
}

void bundle_take_tests(struct bundle *b, struct bundle *tests)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < b->count; i++) {
		if (strncmp(b->files[i].path, "tests/", 6) != 0) {
			b->files[kept++] = b->files[i];
			continue;
		}
		tests->files = must_realloc(tests->files, (tests->count + 1) * sizeof(*tests->files));
		tests->files[tests->count++] = b->files[i];
	}
	b->count = kept;
}

void bundle_encode(const struct bundle *b, struct bytes *out)
{
	bytes_put(out, BUNDLE_MAGIC, 8);
	bytes_put_varint(out, b->count);
	for (unsigned i = 0; i < b->count; i++) {
		bytes_put_string(out, slice_of(b->files[i].path));
		bytes_put_string(out, bytes_slice(&b->files[i].content));
	}
	bytes_put_string(out, slice_of(b->zone_name));
	bytes_put_string(out, bytes_slice(&b->zone));
}

static int corrupt(struct bundle *b, const char *what)
{
	bundle_finish(b);
	return error_set(ERR_CORRUPT, NULL, "not a pack bundle: %s", what);
}

int bundle_decode(struct bundle *out, struct slice in)
{
	*out = (struct bundle){ 0 };
	struct reader r = reader_of(in);
	struct slice magic = reader_take(&r, 8);
	if (r.bad || !slice_equal(magic, SLICE(BUNDLE_MAGIC)))
		return corrupt(out, "it does not begin as one");
	uint64_t count = reader_varint(&r);
	if (r.bad || count > LIMIT_PACK_FILES)
		return corrupt(out, "too many files");
	for (uint64_t i = 0; i < count; i++) {
		struct slice path = reader_string(&r), content = reader_string(&r);
		if (r.bad)
			return corrupt(out, "cut short");
		bool sorted = out->count == 0 || slice_compare(slice_of(out->files[out->count - 1].path), path) < 0;
		if (!sorted || bundle_add(out, path, content) != ERR_OK)
			return corrupt(out, sorted ? error_last()->text : "its files are not in order");
	}
	struct slice zone_name = reader_string(&r), zone = reader_string(&r);
	if (r.bad || reader_left(&r) || zone_name.len > 64 || zone.len > LIMIT_PACK_BYTES)
		return corrupt(out, "its end is broken");
	if (zone_name.len)
		out->zone_name = must_strndup(zone_name.data, zone_name.len);
	if (zone.len)
		bytes_put(&out->zone, zone.data, zone.len);
	return ERR_OK;
}

struct slice bundle_cut(struct slice *in)
{
	struct reader r = reader_of(*in);
	struct slice whole = *in;
	(void)reader_take(&r, 8);
	uint64_t count = reader_varint(&r);
	for (uint64_t i = 0; !r.bad && i < 2 * count + 2; i++) /* path and content; zone's name and table */
		(void)reader_string(&r);
	*in = (struct slice){ r.at, r.bad ? 0 : reader_left(&r) };
	whole.len -= in->len;
	return whole;
}

struct hash128 bundle_hash(const struct bundle *b)
{
	struct bytes all = { 0 };
	bundle_encode(b, &all);
	struct hash128 h = hash128(bytes_slice(&all));
	bytes_finish(&all);
	return h;
}

void bundle_finish(struct bundle *b)
{
	for (unsigned i = 0; i < b->count; i++) {
		free(b->files[i].path);
		bytes_finish(&b->files[i].content);
	}
	free(b->files);
	free(b->zone_name);
	bytes_finish(&b->zone);
	*b = (struct bundle){ 0 };
}
