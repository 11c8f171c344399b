/* tests/unit/test_log_lines.c: JSON as the decision log writes it, and the file that its lines go to. */
#include "base/error.h"
#include "disk/line_file.h"
#include "history/json_line.h"
#include "history/log_line.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

static void what_is_written_reads_back(void **state)
{
	static const double numbers[] = { 0, -0.0, 1, -2.5, 0.1, 1.0 / 3, 1e300, DBL_MIN, 123456789012345, 0.35 * 0.652 * 1.5 };
	const char all[] = "a\"b\\c\n\t\x01\x7f \xc3\xa9 \xe1\xbb\x8d \xf0\x9f\x98\x80 </script>";
	struct bytes b = { 0 };
	json_error_t error;
	json_open(&b, NULL, '{');
	json_text(&b, "text", (struct slice){ all, sizeof(all) - 1 });
	json_text(&b, "empty", SLICE(""));
	json_open(&b, "numbers", '[');
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_number(&b, NULL, numbers[i]);
	json_number(&b, NULL, INFINITY);
	json_number(&b, NULL, NAN);
	json_close(&b, ']');
	json_open(&b, "none", '[');
	json_close(&b, ']');
	json_flag(&b, "yes", true);
	json_value(&b, "unknown", value_unknown());
	json_whole(&b, "whole", 9007199254740993u);
	json_close(&b, '}');
	json_end_line(&b);
	assert_null(memchr(b.data, '\n', b.len - 1)); /* a line is a line */
	json_t *j = json_loadb(b.data, b.len, 0, &error);
	if (!j)
		fail_msg("%s: %.*s", error.text, (int)b.len, b.data);
	assert_string_equal(json_string_value(json_object_get(j, "text")), all);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_true(json_number_value(json_array_get(json_object_get(j, "numbers"), i)) == numbers[i]);
	assert_true(json_is_null(json_array_get(json_object_get(j, "numbers"), sizeof(numbers) / sizeof(numbers[0]))));
	assert_int_equal(json_integer_value(json_object_get(j, "whole")), 9007199254740993);
	assert_int_equal(json_array_size(json_object_get(j, "none")), 0);
	assert_true(json_is_true(json_object_get(j, "yes")) && json_is_null(json_object_get(j, "unknown")));
	json_decref(j);
	bytes_finish(&b);
}

static void what_is_no_text_is_made_one(void **state)
{
	static const char *const broken[] = { "\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80z", "\xe2\x82" };
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct bytes b = { 0 };
		json_open(&b, NULL, '[');
		json_text(&b, NULL, slice_of(broken[i]));
		json_close(&b, ']');
		json_t *j = json_loadb(b.data, b.len, 0, NULL);
		assert_non_null(j);
		assert_non_null(strstr(json_string_value(json_array_get(j, 0)), "\xef\xbf\xbd"));
		json_decref(j);
		bytes_finish(&b);
	}
}

static void times_are_those_of_the_calendar(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} times[] = {
		{ 0, "\"1970-01-01T00:00:00.000Z\"" },
		{ 951782399999, "\"2000-02-28T23:59:59.999Z\"" },
		{ 951782400000, "\"2000-02-29T00:00:00.000Z\"" },
		{ 1782822720250, "\"2026-06-30T12:32:00.250Z\"" },
		{ 4107542400000, "\"2100-03-01T00:00:00.000Z\"" },
		{ -1, "null" },
	};
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct bytes b = { 0 };
		json_time(&b, NULL, times[i].ms);
		bytes_put_u8(&b, 0);
		assert_string_equal(b.data, times[i].text);
		bytes_finish(&b);
	}
}

static void a_line_says_where_it_is_from(void **state)
{
	static const struct {
		const char *line;
		bool ours;
		uint64_t seq;
		uint32_t index;
	} lines[] = {
		{ "{\"kind\":\"alert\",\"id\":\"17-3\",\"seq\":17,\"received\":\"x\"}\n", true, 17, 3 },
		{ "{\"kind\":\"alert\",\"id\":\"17.3\",\"seq\":17,\"received\":\"x\"}\n", true, 17, 3 },
		{ "{\"kind\":\"decision\",\"id\":\"5-17\",\"seq\":18,\"received\":\"x\"}\n", true, 18, UINT32_MAX },
		{ "{\"kind\":\"missed\",\"entries\":4,\"goes_on_at\":9}\n", false, 0, 0 },
		{ "something else, \"seq\":4,\n", false, 0, 0 },
		{ "", false, 0, 0 },
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct log_place place;
		assert_int_equal(log_place_of(slice_of(lines[i].line), &place), lines[i].ours);
		if (lines[i].ours)
			assert_true(place.seq == lines[i].seq && place.index == lines[i].index);
	}
}

/* Files. */

static char folder[64];

static const char *in_folder(const char *name)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int make_folder(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/nudged-lines-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void expect_file(const char *name, const char *content)
{
	char text[4096];
	FILE *f = fopen(in_folder(name), "r");
	if (!content) {
		assert_null(f);
		return;
	}
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(text, content);
}

static struct line_file *open_lines(uint64_t bytes, unsigned keep)
{
	struct line_file *f;
	char path[128];
	snprintf(path, sizeof(path), "%s", in_folder("log"));
	const struct line_file_options options = { .path = path, .file_bytes = bytes, .keep = keep };
	assert_int_equal(line_file_open(&f, &options), ERR_OK);
	return f;
}

static void a_file_that_has_grown_is_put_aside(void **state)
{
	struct line_file *f = open_lines(10, 2);
	static const char *const lines[] = { "aaaa\n", "bbbb\n", "cccc\n", "dd\n", "eeeeeeeeeeeeee\n", "f\n" };
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(line_file_write(f, slice_of(lines[i])), ERR_OK);
	expect_file("log", "f\n");
	expect_file("log.1", "eeeeeeeeeeeeee\n"); /* whole, however long */
	expect_file("log.2", "cccc\ndd\n");
	expect_file("log.3", NULL);
	struct stat st;
	assert_int_equal(stat(in_folder("log"), &st), 0);
	assert_int_equal(st.st_mode & 07, 0); /* nobody else's */
	line_file_close(f);
	f = open_lines(10, 0);
	assert_int_equal(line_file_write(f, SLICE("gggggggggg\n")), ERR_OK);
	expect_file("log", "gggggggggg\n");
	expect_file("log.1", "eeeeeeeeeeeeee\n");
	line_file_close(f);
}

static void the_last_line_is_found_and_a_cut_one_taken_back(void **state)
{
	struct bytes last = { 0 };
	struct line_file *f = open_lines(0, 3);
	assert_int_equal(line_file_last(f, &last), ERR_OK);
	assert_int_equal(last.len, 0);
	assert_int_equal(line_file_write(f, SLICE("one\ntwo\nthr")), ERR_OK);
	line_file_close(f);
	f = open_lines(0, 3);
	expect_file("log", "one\ntwo\n");
	assert_int_equal(line_file_last(f, &last), ERR_OK);
	assert_true(slice_equal(bytes_slice(&last), SLICE("two\n")));
	char from[128], to[128];
	snprintf(from, sizeof(from), "%s", in_folder("log"));
	snprintf(to, sizeof(to), "%s", in_folder("log.1"));
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(line_file_write(f, SLICE("three\n")), ERR_OK);
	expect_file("log.1", "one\ntwo\nthree\n"); /* still the same file, */
	assert_int_equal(line_file_reopen(f), ERR_OK); /* until it is told */
	assert_int_equal(line_file_last(f, &last), ERR_OK);
	assert_true(slice_equal(bytes_slice(&last), SLICE("three\n"))); /* nothing is in the new one yet */
	assert_int_equal(line_file_write(f, SLICE("four\n")), ERR_OK);
	expect_file("log", "four\n");
	line_file_close(f);
	bytes_finish(&last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(what_is_no_text_is_made_one),
		cmocka_unit_test(times_are_those_of_the_calendar),
		cmocka_unit_test(a_line_says_where_it_is_from),
		cmocka_unit_test_setup_teardown(a_file_that_has_grown_is_put_aside, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(the_last_line_is_found_and_a_cut_one_taken_back, make_folder, drop_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
