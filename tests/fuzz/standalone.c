/* tests/fuzz/standalone.c: runs a fuzz target as an ordinary test, without libFuzzer:
 *
 *     TARGET CORPUS_DIR [MUTATIONS [SEED]]
 *
 * Every file of the folder goes to LLVMFuzzerTestOneInput as it is (in order of names), then MUTATIONS seeded mutations
 * of each: flipped bits, interesting bytes, cuts, repeats, splices with another file. The same arguments do the same.
 * Before each input it is copied to a block of exactly its size, so that the address sanitizer sees every over-read.
 * Where a target crashes, the input is in the file that --keep FILE names. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1u << 20)
#define FILES_MAX 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	uint8_t *data;
	size_t size;
};

static struct input inputs[FILES_MAX];
static unsigned input_count;
static const char *keep_path;
static uint64_t random_state;

static uint64_t random_next(void)
{
	uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static size_t below(size_t n)
{
	return n ? (size_t)(random_next() % n) : 0;
}

static void run_one(const uint8_t *data, size_t size)
{
	if (keep_path) {
		FILE *f = fopen(keep_path, "wb");
		if (f) {
			fwrite(data, 1, size, f);
			fclose(f);
		}
	}
	uint8_t *exact = malloc(size ? size : 1);
	if (!exact)
		abort();
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load(const char *folder, const char *name)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "rb");
	if (!f || input_count == FILES_MAX) {
		fprintf(stderr, "%s: %s\n", path, f ? "too many files" : strerror(errno));
		exit(1);
	}
	struct input *in = &inputs[input_count++];
	in->data = malloc(INPUT_MAX);
	if (!in->data)
		abort();
	in->size = fread(in->data, 1, INPUT_MAX, f);
	fclose(f);
}

static void load_all(const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, by_name);
	if (n < 0) {
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
		exit(1);
	}
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.')
			load(folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

static size_t cut(uint8_t *data, size_t size)
{
	size_t at = below(size), n = 1 + below(below(4) ? 4 : size - at);
	if (n > size - at)
		n = size - at;
	memmove(data + at, data + at + n, size - at - n);
	return size - n;
}

static size_t insert(uint8_t *data, size_t size, const uint8_t *from, size_t n)
{
	size_t at = below(size + 1);
	if (size + n > INPUT_MAX)
		return size;
	memmove(data + at + n, data + at, size - at);
	memcpy(data + at, from, n);
	return size + n;
}

static size_t mutate(uint8_t *data, size_t size)
{
	static const uint8_t interesting[] = { 0, 1, 2, 0x7f, 0x80, 0x81, 0xc0, 0xfe, 0xff, '\n', '"', '{' };
	uint8_t copy[64];
	if (size == 0)
		return insert(data, size, interesting, 1 + below(sizeof(interesting)));
	size_t at = below(size);
	switch (below(7)) {
	case 0:
		data[at] ^= (uint8_t)(1u << below(8));
		return size;
	case 1:
		data[at] = interesting[below(sizeof(interesting))];
		return size;
	case 2:
		data[at] = (uint8_t)(data[at] + below(9) - 4);
		return size;
	case 3:
		return cut(data, size);
	case 4: /* a piece of itself once more */
	case 5: { /* a piece of another file */
		struct input other = below(2) ? inputs[below(input_count)] : (struct input){ data, size };
		size_t from = below(other.size), n = 1 + below(sizeof(copy));
		if (n > other.size - from)
			n = other.size - from;
		memcpy(copy, other.data + from, n);
		return insert(data, size, copy, n);
	}
	default:
		return below(3) ? size : at; /* the tail is gone */
	}
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "--keep") == 0) {
		keep_path = argv[2];
		argc -= 2;
		argv += 2;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: [--keep FILE] CORPUS_DIR [MUTATIONS [SEED]]\n");
		return 2;
	}
	unsigned long mutations = argc > 2 ? strtoul(argv[2], NULL, 10) : 0, ran = 0;
	random_state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	load_all(argv[1]);
	uint8_t *data = malloc(INPUT_MAX);
	if (!data)
		abort();
	for (unsigned i = 0; i < input_count; i++, ran++)
		run_one(inputs[i].data, inputs[i].size);
	for (unsigned i = 0; i < input_count; i++) {
		for (unsigned long m = 0; m < mutations; m++, ran++) {
			size_t size = inputs[i].size;
			memcpy(data, inputs[i].data, size);
			for (size_t n = 1 + below(4); n-- > 0;)
				size = mutate(data, size);
			run_one(data, size);
		}
	}
	printf("%u files, %lu inputs\n", input_count, ran);
	for (unsigned i = 0; i < input_count; i++)
		free(inputs[i].data);
	free(data);
	return input_count == 0;
}
