/* tests/crash/image_disk.c: see image_disk.h. Operations are kept in a list in the order in which they were issued; an
 * image replays the list up to the cut and asks of each write whether a later operation in it made it durable. */
#include "image_disk.h"

#include "base/check.h"
#include "base/error.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum op_kind { OP_WRITE, OP_SYNC, OP_NAME, OP_UNNAME, OP_SYNC_FOLDER };

struct op {
	enum op_kind kind;
	size_t inode;
	uint64_t offset;
	char *path; /* of the name, or the folder */
	char *from; /* OP_NAME: the name that goes at the same moment (rename); may be NULL */
	char *data;
	size_t len;
};

struct name {
	char *path;
	size_t inode;
};

struct disk {
	struct file_layer layer;
	pthread_mutex_t lock;
	struct op *ops;
	size_t op_count, op_cap, kill_at;
	struct bytes *inodes;
	size_t inode_count;
	struct name *names;
	size_t name_count;
	/* what was there before the first operation, all durable */
	struct bytes *base_inodes;
	size_t base_inode_count;
	struct name *base_names;
	size_t base_name_count;
};

struct file {
	size_t inode;
};

uint64_t image_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* --- names and contents: small lists, walked --- */

static struct name *name_find(struct name *names, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i].path, path) == 0)
			return &names[i];
	return NULL;
}

static void name_remove(struct disk *d, const char *path)
{
	struct name *n = name_find(d->names, d->name_count, path);
	if (!n)
		return;
	free(n->path);
	*n = d->names[--d->name_count];
}

static void name_set(struct disk *d, const char *path, size_t inode)
{
	name_remove(d, path);
	d->names = must_realloc(d->names, (d->name_count + 1) * sizeof(*d->names));
	d->names[d->name_count++] = (struct name){ must_strdup(path), inode };
}

static void content_write(struct bytes *content, uint64_t offset, const char *data, size_t len)
{
	if (len == 0) /* nothing of it survived; the content may be NULL still */
		return;
	if (offset + len > content->len) {
		size_t old = content->len;
		bytes_grow(content, offset + len - old);
		memset(content->data + old, 0, content->len - old);
	}
	memcpy(content->data + offset, data, len);
}

static size_t inode_add(struct disk *d)
{
	d->inodes = must_realloc(d->inodes, (d->inode_count + 1) * sizeof(*d->inodes));
	d->inodes[d->inode_count] = (struct bytes){ 0 };
	return d->inode_count++;
}

static struct op *op_add(struct disk *d, enum op_kind kind, size_t inode)
{
	if (d->op_count == d->op_cap) {
		d->op_cap = d->op_cap ? d->op_cap * 2 : 256;
		d->ops = must_realloc(d->ops, d->op_cap * sizeof(*d->ops));
	}
	struct op *op = &d->ops[d->op_count++];
	*op = (struct op){ .kind = kind, .inode = inode };
	return op;
}

/* --- the layer --- */

/* True with the lock held, false (and unlocked) when the process is gone. */
static bool enter(struct disk *d)
{
	pthread_mutex_lock(&d->lock);
	if (d->op_count < d->kill_at)
		return true;
	pthread_mutex_unlock(&d->lock);
	error_set(ERR_IO, NULL, "killed");
	return false;
}

static int leave(struct disk *d, int r)
{
	pthread_mutex_unlock(&d->lock);
	return r;
}

static int sim_open(void *self, const char *path, bool create, struct file **out)
{
	struct disk *d = self;
	if (!enter(d))
		return ERR_IO;
	struct name *n = name_find(d->names, d->name_count, path);
	if (!n && !create)
		return leave(d, error_set(ERR_MISSING, NULL, "no %s", path));
	size_t inode = n ? n->inode : inode_add(d);
	if (!n) {
		op_add(d, OP_NAME, inode)->path = must_strdup(path);
		name_set(d, path, inode);
	}
	*out = must_malloc(sizeof(**out));
	(*out)->inode = inode;
	return leave(d, ERR_OK);
}

static void sim_close(void *self, struct file *f)
{
	free(f);
}

static int sim_size(void *self, struct file *f, uint64_t *out)
{
	struct disk *d = self;
	if (!enter(d))
		return ERR_IO;
	*out = d->inodes[f->inode].len;
	return leave(d, ERR_OK);
}

static int sim_read(void *self, struct file *f, uint64_t offset, void *to, size_t len, size_t *got)
{
	struct disk *d = self;
	if (!enter(d))
		return ERR_IO;
	struct bytes *b = &d->inodes[f->inode];
	*got = offset >= b->len ? 0 : len < b->len - offset ? len : b->len - offset;
	if (*got)
		memcpy(to, b->data + offset, *got);
	return leave(d, ERR_OK);
}

static int sim_write(void *self, struct file *f, uint64_t offset, const void *from, size_t len)
{
	struct disk *d = self;
	if (!enter(d))
		return ERR_IO;
	struct op *op = op_add(d, OP_WRITE, f->inode);
	op->offset = offset;
	op->len = len;
	op->data = must_malloc(len);
	memcpy(op->data, from, len);
	content_write(&d->inodes[f->inode], offset, from, len);
	return leave(d, ERR_OK);
}

static int sim_sync(void *self, struct file *f)
{
	struct disk *d = self;
	if (!enter(d))
		return ERR_IO;
	op_add(d, OP_SYNC, f->inode);
	return leave(d, ERR_OK);
}

static int sim_sync_folder(void *self, const char *path)
{
	struct disk *d = self;
	if (!enter(d))
		return ERR_IO;
	op_add(d, OP_SYNC_FOLDER, 0)->path = must_strdup(path);
	return leave(d, ERR_OK);
}

static int sim_make_folder(void *self, const char *path)
{
	return ERR_OK; /* folders are where names are */
}

static int sim_lock(void *self, const char *path, struct file **out)
{
	*out = must_calloc(1, sizeof(**out));
	return ERR_OK;
}

static int sim_rename(void *self, const char *from, const char *to)
{
	struct disk *d = self;
	if (!enter(d))
		return ERR_IO;
	struct name *n = name_find(d->names, d->name_count, from);
	CHECK(n != NULL);
	size_t inode = n->inode;
	struct op *op = op_add(d, OP_NAME, inode);
	op->path = must_strdup(to);
	op->from = must_strdup(from);
	name_remove(d, from);
	name_set(d, to, inode);
	return leave(d, ERR_OK);
}

static int sim_remove(void *self, const char *path)
{
	struct disk *d = self;
	if (!enter(d))
		return ERR_IO;
	if (!name_find(d->names, d->name_count, path))
		return leave(d, error_set(ERR_MISSING, NULL, "no %s", path));
	op_add(d, OP_UNNAME, 0)->path = must_strdup(path);
	name_remove(d, path);
	return leave(d, ERR_OK);
}

static bool in_folder(const char *path, const char *folder)
{
	size_t len = strlen(folder);
	return strncmp(path, folder, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/');
}

static int sim_list(void *self, const char *folder, int (*each)(void *arg, const char *name), void *arg)
{
	struct disk *d = self;
	if (!enter(d))
		return ERR_IO;
	char **found = must_calloc(d->name_count + 1, sizeof(*found));
	size_t count = 0;
	for (size_t i = 0; i < d->name_count; i++)
		if (in_folder(d->names[i].path, folder))
			found[count++] = must_strdup(d->names[i].path + strlen(folder) + 1);
	leave(d, ERR_OK);
	int r = ERR_OK;
	for (size_t i = 0; i < count; i++) {
		if (r == ERR_OK)
			r = each(arg, found[i]);
		free(found[i]);
	}
	free(found);
	return r;
}

static int sim_free_bytes(void *self, const char *folder, uint64_t *out)
{
	*out = UINT64_MAX;
	return ERR_OK;
}

/* --- life --- */

struct disk *disk_create(void)
{
	struct disk *d = must_calloc(1, sizeof(*d));
	pthread_mutex_init(&d->lock, NULL);
	d->kill_at = SIZE_MAX;
	d->layer = (struct file_layer){ .self = d,
					.open = sim_open,
					.close = sim_close,
					.size = sim_size,
					.read = sim_read,
					.write = sim_write,
					.sync = sim_sync,
					.sync_folder = sim_sync_folder,
					.make_folder = sim_make_folder,
					.lock = sim_lock,
					.rename = sim_rename,
					.remove = sim_remove,
					.list = sim_list,
					.free_bytes = sim_free_bytes };
	return d;
}

void disk_destroy(struct disk *d)
{
	for (size_t i = 0; i < d->op_count; i++) {
		free(d->ops[i].path);
		free(d->ops[i].from);
		free(d->ops[i].data);
	}
	for (size_t i = 0; i < d->inode_count; i++)
		bytes_finish(&d->inodes[i]);
	for (size_t i = 0; i < d->base_inode_count; i++)
		bytes_finish(&d->base_inodes[i]);
	for (size_t i = 0; i < d->name_count; i++)
		free(d->names[i].path);
	for (size_t i = 0; i < d->base_name_count; i++)
		free(d->base_names[i].path);
	free(d->ops);
	free(d->inodes);
	free(d->base_inodes);
	free(d->names);
	free(d->base_names);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

const struct file_layer *disk_layer(struct disk *d)
{
	return &d->layer;
}

size_t disk_ops(struct disk *d)
{
	pthread_mutex_lock(&d->lock);
	size_t count = d->op_count;
	pthread_mutex_unlock(&d->lock);
	return count;
}

void disk_kill_at(struct disk *d, size_t op)
{
	pthread_mutex_lock(&d->lock);
	d->kill_at = op;
	pthread_mutex_unlock(&d->lock);
}

/* --- images --- */

/* Whether operation i was made durable by a later one before the cut. */
static bool is_durable(const struct disk *d, size_t i, size_t cut)
{
	const struct op *op = &d->ops[i];
	for (size_t k = i + 1; k < cut; k++) {
		const struct op *later = &d->ops[k];
		if (op->kind == OP_WRITE && later->kind == OP_SYNC && later->inode == op->inode)
			return true;
		if (op->kind != OP_WRITE && later->kind == OP_SYNC_FOLDER && in_folder(op->path, later->path))
			return true;
	}
	return false;
}

static void write_part(struct disk *image, const struct op *op, enum image_loss loss, uint64_t *seed)
{
	struct bytes *content = &image->inodes[op->inode];
	if (loss == LOSE_SECTORS) {
		for (size_t at = 0; at < op->len; at += 512)
			if (image_random(seed) % 2)
				content_write(content, op->offset + at, op->data + at, op->len - at < 512 ? op->len - at : 512);
	} else if (loss == LOSE_BYTES && op->len) {
		size_t a = image_random(seed) % (op->len + 1), b = image_random(seed) % 2 ? op->len : 0;
		size_t from = a < b ? a : b, to = a < b ? b : a; /* a front or a back part */
		content_write(content, op->offset + from, op->data + from, to - from);
	} else if (loss == LOSE_NOTHING || (loss == LOSE_WRITES && image_random(seed) % 2)) {
		content_write(content, op->offset, op->data, op->len);
	}
}

static void start_from_base(struct disk *image, const struct disk *d)
{
	for (size_t i = 0; i < d->inode_count; i++) {
		inode_add(image);
		if (i < d->base_inode_count && d->base_inodes[i].len)
			bytes_put(&image->inodes[i], d->base_inodes[i].data, d->base_inodes[i].len);
	}
	for (size_t i = 0; i < d->base_name_count; i++)
		name_set(image, d->base_names[i].path, d->base_names[i].inode);
}

/* What the image holds now is what its own images start from. */
static void make_base(struct disk *image)
{
	image->base_inode_count = image->inode_count;
	image->base_inodes = must_calloc(image->inode_count + 1, sizeof(*image->base_inodes));
	for (size_t i = 0; i < image->inode_count; i++)
		bytes_put(&image->base_inodes[i], image->inodes[i].data, image->inodes[i].len);
	image->base_name_count = image->name_count;
	image->base_names = must_calloc(image->name_count + 1, sizeof(*image->base_names));
	for (size_t i = 0; i < image->name_count; i++)
		image->base_names[i] = (struct name){ must_strdup(image->names[i].path), image->names[i].inode };
}

struct disk *disk_image(struct disk *d, size_t cut, enum image_loss loss, uint64_t seed)
{
	struct disk *image = disk_create();
	CHECK(cut <= d->op_count);
	start_from_base(image, d);
	for (size_t i = 0; i < cut; i++) {
		const struct op *op = &d->ops[i];
		if (op->kind == OP_SYNC || op->kind == OP_SYNC_FOLDER)
			continue;
		bool durable = is_durable(d, i, cut);
		if (op->kind == OP_WRITE) {
			write_part(image, op, durable ? LOSE_NOTHING : loss, &seed);
		} else if (durable || loss == LOSE_NOTHING || (loss != LOSE_ALL && image_random(&seed) % 2)) {
			if (op->kind == OP_UNNAME)
				name_remove(image, op->path);
			else
				name_set(image, op->path, op->inode);
			if (op->from)
				name_remove(image, op->from);
		}
	}
	make_base(image);
	return image;
}

static uint64_t get(const char *p, size_t len)
{
	uint64_t v = 0;
	memcpy(&v, p, len);
	return v;
}

size_t disk_batches(struct disk *d, struct disk_batch *out, size_t max)
{
	size_t count = 0;
	for (size_t n = 0; n < d->name_count; n++) {
		const struct bytes *b = &d->inodes[d->names[n].inode];
		if (!strstr(d->names[n].path, ".segment"))
			continue;
		for (uint64_t at = 512; at + 512 <= b->len && count < max && memcmp(b->data + at, "NBTB", 4) == 0;) {
			size_t used = get(b->data + at + 28, 4), len = (used + 511) / 512 * 512;
			out[count++] = (struct disk_batch){ d->names[n].path, at, get(b->data + at + 16, 8), len, used };
			at += len;
		}
	}
	return count;
}

char *disk_bytes(struct disk *d, const char *path, uint64_t offset)
{
	return d->inodes[name_find(d->names, d->name_count, path)->inode].data + offset;
}
