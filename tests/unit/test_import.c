/* tests/unit/test_import.c: what `nudgectl import` is made of: CSV records, calendar text, and Lua mappings in their
 * sandbox. */
#include "base/check.h"
#include "base/error.h"
#include "nudgectl/csv.h"
#include "script/mapping.h"
#include "script/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static char folder[] = "/tmp/nudged-import-XXXXXX";
static char path[64];

static const char *file_of(const char *name, const char *text)
{
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
	return path;
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "t.csv", "t.csv.gz", "m.lua" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static void assert_slice(struct slice s, const char *text)
{
	assert_int_equal(s.len, strlen(text));
	assert_memory_equal(s.data ? s.data : "", text, s.len);
}

static void assert_record(struct csv *c, unsigned count, const char *const *fields)
{
	assert_int_equal(csv_next(c), 1);
	assert_int_equal(c->count, count);
	for (unsigned i = 0; i < count; i++)
		assert_slice(c->fields[i], fields[i]);
}

static void csv_quotes(void **state)
{
	struct csv *c = must_calloc(1, sizeof(*c));
	assert_true(csv_open(c, file_of("t.csv", "\xef\xbb\xbf"
						 "a,b,c\r\n1,\"x, \"\"y\"\"\",\r\n\r\n\"two\nlines\",,last")));
	assert_record(c, 3, (const char *const[]){ "a", "b", "c" });
	assert_record(c, 3, (const char *const[]){ "1", "x, \"y\"", "" });
	assert_int_equal(c->record_line, 2);
	assert_record(c, 3, (const char *const[]){ "two\nlines", "", "last" });
	assert_int_equal(c->record_line, 4);
	assert_int_equal(csv_next(c), 0);
	csv_close(c);
	free(c);
}

static void csv_broken(void **state)
{
	static const char *const texts[] = { "a,\"b", "\"a\"b,c\n" };
	struct csv *c = must_calloc(1, sizeof(*c));
	for (size_t i = 0; i < 2; i++) {
		assert_true(csv_open(c, file_of("t.csv", texts[i])));
		assert_int_equal(csv_next(c), -1);
		assert_non_null(strstr(c->error, "line 1"));
		csv_close(c);
	}
	assert_false(csv_open(c, "/nonexistent/t.csv"));
	free(c);
}

/* A download that stopped half way must not pass for the whole. */
static void csv_gzip_cut_off(void **state)
{
	struct csv *c = must_calloc(1, sizeof(*c));
	file_of("t.csv.gz", "");
	gzFile z = gzopen(path, "wb");
	for (int i = 0; i < 5000; i++)
		gzprintf(z, "%d,%d\n", i, i * 7919 % 104729);
	gzclose(z);
	assert_true(csv_open(c, path));
	int rows = 0;
	while (csv_next(c) == 1)
		rows++;
	assert_int_equal(rows, 5000);
	csv_close(c);
	assert_int_equal(truncate(path, 9000), 0);
	assert_true(csv_open(c, path));
	int got;
	while ((got = csv_next(c)) == 1)
		;
	assert_int_equal(got, -1);
	csv_close(c);
	free(c);
}

static void utc_text(void **state)
{
	int64_t ms;
	assert_true(utc_parse("1999-08-01", "0:10:10", &ms));
	assert_int_equal(ms, 933466210000);
	assert_true(utc_parse("2000-02-29", "23:59:59", &ms));
	assert_int_equal(ms, 951868799000);
	assert_true(utc_parse("1970-01-01", "0:00", &ms));
	assert_int_equal(ms, 0);
	static const char *const bad[][2] = {
		{ "1999-02-29", "0:00" },      { "1999-13-01", "0:00" }, { "1999-08-01", "24:00" },
		{ "1999-08-01", "" },          { "99", "0:00" },         { "1999-08-01x", "0:00" },
		{ "1999-08-01", "0:00:00pm" }, { "1969-12-31", "0:00" }
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(utc_parse(bad[i][0], bad[i][1], &ms));
}

static int map_row(const char *lua, struct arena *arena, struct mapped *out)
{
	static const struct slice names[] = { { "day", 3 }, { "who", 3 }, { "n", 1 } };
	static const struct slice values[] = { { "2026-06-01", 10 }, { "c1", 2 }, { "7", 1 } };
	struct mapping *m;
	int rc = mapping_open(&m, file_of("m.lua", lua), 0);
	if (rc == ERR_OK)
		rc = mapping_columns(m, names, 3);
	if (rc == ERR_OK)
		rc = mapping_row(m, values, 3, arena, out);
	mapping_close(m);
	return rc;
}

#define EVENT(more)                                                                                                   \
	"function row(r) return { id = r.who, source = 's', customer = r.who, type = 't.x', time = utc(r.day), " more \
	"} end"

static void mapping_event(void **state)
{
	struct arena arena;
	struct mapped got;
	arena_init(&arena, 0);
	assert_int_equal(map_row("columns = { 'day', 'who' }\n" EVENT(
					 "channel = 'call', attributes = { z = tonumber(r.n), a = true, m = 'x' }"),
				 &arena, &got),
			 ERR_OK);
	assert_false(got.skipped);
	assert_slice(got.events[0].id, "c1");
	assert_slice(got.events[0].channel, "call");
	assert_int_equal(got.events[0].member.len, 0);
	assert_int_equal(got.events[0].time_ms, 1780272000000);
	/* in order of name, so that the same row is the same bytes at every import */
	assert_int_equal(got.events[0].attr_count, 3);
	assert_slice(got.events[0].attrs[0].name, "a");
	assert_slice(got.events[0].attrs[1].name, "m");
	assert_slice(got.events[0].attrs[2].name, "z");
	assert_true(value_equal(got.events[0].attrs[2].value, value_number(7)));
	assert_int_equal(map_row("function row(r) return nil, 'because' end", &arena, &got), ERR_OK);
	assert_true(got.skipped);
	assert_slice(got.reason, "because");
	arena_finish(&arena);
}

static void mapping_times(void **state)
{
	struct arena arena;
	struct mapped got;
	static const char *const lua[] = {
		"function row(r) return { id='1', source='s', type='t', alias='a', time='2026-06-01 00:00:00' } end",
		"function row(r) return { id='1', source='s', type='t', alias='a', time=1780272000000 } end",
		"function row(r) return { id='1', source='s', type='t', alias='a', time={ year=2026, month=6, day=1 } "
		"} end",
	};
	arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(lua) / sizeof(*lua); i++) {
		assert_int_equal(map_row(lua[i], &arena, &got), ERR_OK);
		assert_int_equal(got.events[0].time_ms, 1780272000000);
	}
	arena_finish(&arena);
}

/* A row of a snapshot: several events, attributes with times of their own, ids made from what is said. */
static void mapping_of_a_snapshot(void **state)
{
	static const char lua[] =
		"function row(r) return { { source = 'crm', customer = r.who, type = 'profile.updated', attributes = {\n"
		"plan = { value = 'basic', time = utc(r.day) }, city = removed, none = { time = 5 }, n = 1 } },\n"
		"{ source = 'crm', customer = r.who, type = 'alias.added', time = 7, attributes = { alias = '+84' } } } end";
	struct arena arena;
	struct mapped got, again;
	arena_init(&arena, 0);
	assert_int_equal(map_row(lua, &arena, &got), ERR_OK);
	assert_int_equal(got.count, 2);
	const struct event *e = &got.events[0];
	assert_int_equal(e->attr_count, 3);
	assert_slice(e->attrs[0].name, "city");
	assert_int_equal(e->attrs[0].value.kind, VALUE_UNKNOWN);
	assert_slice(e->attrs[2].name, "plan");
	assert_true(e->attr_times[0] == 0 && e->attr_times[1] == 0);
	assert_int_equal(e->attr_times[2], 1780272000000);
	assert_int_equal(e->time_ms, 1780272000000); /* the newest that it says */
	assert_int_equal(got.events[1].time_ms, 7);
	assert_null(got.events[1].attr_times);
	assert_int_equal(map_row(lua, &arena, &again), ERR_OK);
	assert_true(slice_equal(e->id, again.events[0].id) && e->id.len == 32);
	assert_false(slice_equal(e->id, got.events[1].id));
	assert_int_equal(map_row("function row(r) return { source='s', type='t', customer='c', attributes = { n = "
				 "tonumber(r.n) + 1 } , time = 1 } end", &arena, &again), ERR_OK);
	assert_false(slice_equal(e->id, again.events[0].id));
	arena_finish(&arena);
}

static void mapping_objects(void **state)
{
	const struct event_attr fields[] = { { SLICE("who"), value_number(17) },
					     { SLICE("address.city"), value_string(SLICE("Huế")) },
					     { SLICE("vip"), value_bool(true) } };
	struct arena arena;
	struct mapped got;
	struct mapping *m;
	arena_init(&arena, 0);
	assert_int_equal(mapping_open(&m, file_of("m.lua", "columns = { 'who', 'vip', 'phone', 'address.city' }\n"
		"function row(r) if r.phone then return nil, 'phone' end\n"
		"return { source = 's', customer = r.who, type = 'profile.updated', attributes = { city = r['address.city'], "
		"vip = r.vip, t = as_of } } end"), 99), ERR_OK);
	assert_int_equal(mapping_object(m, fields, 3, &arena, &got), ERR_OK);
	assert_int_equal(got.count, 1);
	assert_slice(got.events[0].customer, "17");
	assert_int_equal(got.events[0].time_ms, 99);
	assert_slice(got.events[0].attrs[0].value.string, "Huế");
	assert_true(got.events[0].attrs[2].value.boolean);
	mapping_close(m);
	assert_int_equal(mapping_open(&m, file_of("m.lua", "columns = { 'phone' }\nfunction row(r) return r.phne end"), 0), ERR_OK);
	assert_int_equal(mapping_object(m, fields, 3, &arena, &got), ERR_RULE);
	assert_non_null(strstr(error_last()->text, "did you mean \"phone\""));
	mapping_close(m);
	arena_finish(&arena);
}

/* Mistakes are told with the place and what to do; nothing gets out of the sandbox, and nothing runs for ever. */
static void mapping_mistakes(void **state)
{
	static const struct {
		const char *lua, *words;
	} cases[] = {
		{ "function row(r", "m.lua:1" },
		{ "x = 1", "no function row" },
		{ "columns = { 'nope' }\nfunction row(r) return nil end", "nope" },
		{ "function row(r) return r.daay end", "did you mean \"day\"" },
		{ "function row(r)\nreturn 7 end", "returned a number" },
		{ "function row(r) return { id = '1' } end", "no source" },
		{ EVENT("alias = 'b'"), "exactly one of customer and alias" },
		{ EVENT("attributes = { x = { 1 } }"), "attribute x" },
		{ EVENT("attributes = { x = 0/0 }"), "not finite" },
		{ "function row(r) return { id = '1', source = 's', type = 't', customer = 'c' } end", "no time" },
		{ "function row(r) return { { source = 's', type = 't', customer = 'c', time = 1 }, 7 } end", "list with a number" },
		{ EVENT("attributes = { x = { value = {}, time = 1 } }"), "attribute x as a table" },
		{ EVENT("attributes = { x = { value = 1, time = 'May' } }"), "the time \"May\"" },
		{ "function row(r) return utc('yesterday') end", "\"yesterday\" is no date: write it like 2026-05-31" },
		{ "function row(r) return utc('2026-05-31', 'noon') end", "\"noon\" is no time of day" },
		{ "function row(r) while true do end end", "limit_call_instructions" },
		{ "function row(r) local s = 'x' while true do s = s .. s end end", "limit_call_bytes" },
		{ "function row(r) return os.time() end", "os" },
		{ "function row(r) return io.open('/etc/passwd') end", "io" },
	};
	struct arena arena;
	struct mapped got;
	arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_true(map_row(cases[i].lua, &arena, &got) < 0);
		if (!strstr(error_last()->text, cases[i].words))
			fail_msg("\"%s\" gave \"%s\", without \"%s\"", cases[i].lua, error_last()->text,
				 cases[i].words);
	}
	arena_finish(&arena);
}

static void mapping_goes_on_after_a_mistake(void **state)
{
	static const struct slice name = { "n", 1 };
	struct slice good = { "7", 1 }, bad = { "x", 1 };
	struct arena arena;
	struct mapped got;
	struct mapping *m;
	arena_init(&arena, 0);
	assert_int_equal(
		mapping_open(&m,
			     file_of("m.lua", "function row(r) return nil, 'n' .. math.floor(tonumber(r.n) + 1) end"), 0),
		ERR_OK);
	assert_int_equal(mapping_columns(m, &name, 1), ERR_OK);
	assert_int_equal(mapping_row(m, &bad, 1, &arena, &got), ERR_RULE);
	assert_int_equal(mapping_row(m, &good, 1, &arena, &got), ERR_OK);
	assert_slice(got.reason, "n8");
	assert_int_equal(mapping_row(m, &good, 0, &arena, &got), ERR_INVALID);
	mapping_close(m);
	assert_int_equal(mapping_open(&m, "/nonexistent/m.lua", 0), ERR_IO);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_quotes),       cmocka_unit_test(csv_broken),
		cmocka_unit_test(csv_gzip_cut_off), cmocka_unit_test(utc_text),
		cmocka_unit_test(mapping_event),    cmocka_unit_test(mapping_times),
		cmocka_unit_test(mapping_of_a_snapshot), cmocka_unit_test(mapping_objects),
		cmocka_unit_test(mapping_mistakes), cmocka_unit_test(mapping_goes_on_after_a_mistake),
	};
	return cmocka_run_group_tests_name("import", tests, make_folder, remove_folder);
}
