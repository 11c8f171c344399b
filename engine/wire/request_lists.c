/* wire/request_lists.c: see request_lists.h. Lists are counted first, so that the arena gives exactly what they take: a
 * frame of a million empty messages costs one pass and a refusal, no memory. */
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

/* Room for as many nested messages of that number as there are, at most its limit. */
static int list_alloc(struct field_list *list, const struct message_spec *spec, uint32_t number, struct slice body,
		      struct arena *arena)
{
	size_t count;
	const struct field_spec *f = &spec->fields[number];
	int rc = fields_count(spec, body, number, &count);
	if (rc != ERR_OK || count == 0)
		return rc;
	if (count > f->limit)
		return error_set(ERR_LIMIT, f->name, "%zu %s in one request, over %s (%u): send fewer", count, f->name,
				 f->limit_name, f->limit);
	list->cap = count;
	list->items = arena_alloc(arena, count * sizeof(*list->items));
	return list->items ? ERR_OK : out_of_memory(f->name);
}

static const struct field_spec publish_fields[] = {
	[1] = { .name = "events", .kind = FIELD_LIST, .offset = 0, LIMIT("limit_batch_events", LIMIT_BATCH_EVENTS) },
};
static const struct message_spec publish_spec = MESSAGE_SPEC("Publish", publish_fields);

int wire_decode_publish(struct request *r, struct arena *arena)
{
	struct field_list list = { 0 };
	int rc = list_alloc(&list, &publish_spec, 1, r->body, arena);
	if (rc == ERR_OK)
		rc = fields_decode(&list, &publish_spec, r->body);
	r->publish = (struct request_publish){ list.items, list.count };
	return rc;
}

struct pack_draft {
	struct slice name;
	struct field_list files;
};

static const struct field_spec activate_fields[] = {
	[1] = { .name = "name", .kind = FIELD_NAME, .offset = offsetof(struct pack_draft, name),
		LIMIT("limit_id_bytes", LIMIT_ID_BYTES) },
	[2] = { .name = "files", .kind = FIELD_LIST, .offset = offsetof(struct pack_draft, files),
		LIMIT("limit_pack_files", LIMIT_PACK_FILES) },
};
static const struct message_spec activate_spec = MESSAGE_SPEC("ActivatePack", activate_fields);

static const struct field_spec file_fields[] = {
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
		int rc = fields_decode(&files[i], &file_spec, list->items[i]);
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
	struct pack_draft d = { .name = { NULL, 0 } };
	int rc = list_alloc(&d.files, &activate_spec, 2, r->body, arena);
	if (rc == ERR_OK)
		rc = fields_decode(&d, &activate_spec, r->body);
	if (rc == ERR_OK)
		rc = field_required("files", d.files.count > 0, "the pack's folder, file by file");
	if (rc != ERR_OK)
		return rc;
	r->activate.name = d.name;
	return decode_files(r, &d.files, arena);
}
