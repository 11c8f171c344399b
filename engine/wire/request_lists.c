/* wire/request_lists.c: see request_lists.h. A list gets room for as many messages as the body could hold (an empty one
 * takes two bytes), at most its limit: one pass, and little memory whatever is sent. */
#include "wire/request_lists.h"

#include "base/error.h"
#include "base/limits.h"
#include "wire/fields.h"

#include <stddef.h>
#include <stdio.h>

static int out_of_memory(const char *field)
{
	return error_set(ERR_LIMIT, field,
			 "decoding takes more memory than limit_frame_arena_factor (%u) times the frame: "
			 "send fewer in one request",
			 LIMIT_FRAME_ARENA_FACTOR);
}

#define ITEM_BYTES 2u /* of an empty message: its tag and its length */

/* `rc`, which is a limit, unless the list is what is over it: then how many there are. */
static int too_many(const struct message_spec *spec, uint32_t number, struct slice body, int rc)
{
	size_t count;
	const struct field_spec *f = &spec->fields[number];
	int malformed = fields_count(spec, body, number, &count);
	if (malformed != ERR_OK || count <= f->limit)
		return malformed != ERR_OK ? malformed : rc;
	return error_set(ERR_LIMIT, f->name, "%zu %s in one request, over %s (%u): send fewer", count, f->name,
			 f->limit_name, f->limit);
}

/* The message, with its field `number`, a list. */
static int decode_list(void *out, struct field_list *list, const struct message_spec *spec, uint32_t number,
		       struct slice body, struct arena *arena)
{
	const struct field_spec *f = &spec->fields[number];
	list->count = 0;
	list->cap = body.len / ITEM_BYTES < f->limit ? body.len / ITEM_BYTES : f->limit;
	list->items = arena_alloc(arena, list->cap * sizeof(*list->items));
	if (!list->items)
		return out_of_memory(f->name);
	int rc = fields_decode(out, spec, body, list);
	return rc == ERR_LIMIT ? too_many(spec, number, body, rc) : rc;
}

static const struct field_spec publish_fields[FIELD_NUMBERS] = {
	[1] = { .name = "events", .kind = FIELD_LIST, LIMIT("limit_batch_events", LIMIT_BATCH_EVENTS) },
};
static const struct message_spec publish_spec = MESSAGE_SPEC("Publish", publish_fields);

int wire_decode_publish(struct request *r, struct arena *arena)
{
	struct field_list list;
	int rc = decode_list(r, &list, &publish_spec, 1, r->body, arena);
	r->publish = (struct request_publish){ list.items, list.count };
	return rc;
}

static const struct field_spec activate_fields[FIELD_NUMBERS] = {
	[1] = { .name = "name", .kind = FIELD_NAME, .offset = offsetof(struct request, activate.name),
		LIMIT("limit_id_bytes", LIMIT_ID_BYTES) },
	[2] = { .name = "files", .kind = FIELD_LIST, LIMIT("limit_pack_files", LIMIT_PACK_FILES) },
	[3] = { .name = "by", .kind = FIELD_NAME, .offset = offsetof(struct request, activate.by),
		LIMIT("limit_by_bytes", LIMIT_BY_BYTES) },
	[4] = { .name = "rollback", .kind = FIELD_BOOL, .offset = offsetof(struct request, activate.rollback) },
	[5] = { .name = "to", .kind = FIELD_NAME, .offset = offsetof(struct request, activate.to),
		LIMIT("limit_id_bytes", LIMIT_ID_BYTES) },
	[6] = { .name = "backfill", .kind = FIELD_BOOL, .offset = offsetof(struct request, activate.backfill) },
};
static const struct message_spec activate_spec = MESSAGE_SPEC("ActivatePack", activate_fields);

static const struct field_spec file_fields[FIELD_NUMBERS] = {
	[1] = { .name = "path", .kind = FIELD_NAME, .offset = offsetof(struct request_pack_file, path),
		LIMIT("limit_pack_path_bytes", LIMIT_PACK_PATH_BYTES) },
	[2] = { .name = "content", .kind = FIELD_BYTES, .offset = offsetof(struct request_pack_file, content) },
};
static const struct message_spec file_spec = MESSAGE_SPEC("File", file_fields);

/* Inside the pack's folder whatever it is joined to: relative, no "." or ".." or empty part, no backslash. */
static bool path_is_safe(struct slice path)
{
	size_t start = 0;
	for (size_t i = 0; i <= path.len; i++) {
		if (i < path.len && path.data[i] == '\\')
			return false;
		if (i < path.len && path.data[i] != '/')
			continue;
		struct slice part = { path.data + start, i - start };
		if (part.len == 0 || slice_equal(part, SLICE(".")) || slice_equal(part, SLICE("..")))
			return false;
		start = i + 1;
	}
	return true;
}

static int check_file(const struct request_pack_file *files, size_t index)
{
	char field[40];
	struct slice path = files[index].path;
	snprintf(field, sizeof(field), "files[%zu].path", index);
	if (!path_is_safe(path))
		return error_set(ERR_INVALID, field,
				 "path \"%.*s\" must lie inside the pack's folder: relative, with / and "
				 "without . or ..",
				 SLICE_ARG(path));
	for (size_t i = 0; i < index; i++)
		if (slice_equal(files[i].path, path))
			return error_set(ERR_INVALID, field, "path \"%.*s\" is also that of files[%zu]",
					 SLICE_ARG(path), i);
	return ERR_OK;
}

static int decode_files(struct request *r, const struct field_list *list, struct arena *arena)
{
	size_t total = 0;
	struct request_pack_file *files = arena_calloc(arena, list->count, sizeof(*files));
	if (!files)
		return out_of_memory("files");
	for (size_t i = 0; i < list->count; i++) {
		int rc = fields_decode(&files[i], &file_spec, list->items[i], NULL);
		if (rc == ERR_OK)
			rc = check_file(files, i);
		if (rc != ERR_OK)
			return rc;
		total += files[i].content.len;
	}
	if (total > LIMIT_PACK_BYTES)
		return error_set(ERR_LIMIT, "files", "the pack's files have %zu bytes, over limit_pack_bytes (%u)",
				 total, LIMIT_PACK_BYTES);
	r->activate.files = files;
	r->activate.count = list->count;
	return ERR_OK;
}

int wire_decode_activate(struct request *r, struct arena *arena)
{
	struct field_list files;
	int rc = decode_list(r, &files, &activate_spec, 2, r->body, arena);
	if (rc == ERR_OK && r->activate.rollback && (files.count || r->activate.backfill))
		return error_set(ERR_INVALID, files.count ? "files" : "backfill",
				 "a rollback is to a pack that the daemon has, with the data that it has");
	if (rc == ERR_OK && !r->activate.rollback)
		rc = field_required("files", files.count > 0, "the pack's folder, file by file");
	return rc == ERR_OK ? decode_files(r, &files, arena) : rc;
}
