/* Tokens and roles: the file's format and who may have it, hashes, the table of requests, and what a change of the file does
 * to sessions that are open. */
#include "access/access.h"
#include "base/error.h"
#include "base/log.h"
#include "wire/json_call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HASH_OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define READ (1u << ROLE_READ)
#define PUBLISH (1u << ROLE_PUBLISH)

static char folder[] = "/tmp/nudged-access-XXXXXX";
static char path[64];

static int setup(void **state)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/tokens", folder);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return rmdir(folder); /* nothing was left beside it */
}

static void put_file(const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void parses(const char *text, size_t count)
{
	struct tokens t;
	assert_int_equal(tokens_parse(&t, text), ERR_OK);
	assert_int_equal(t.count, count);
	tokens_finish(&t);
}

static void refuses(const char *text, const char *words)
{
	struct tokens t;
	assert_int_not_equal(tokens_parse(&t, text), ERR_OK);
	assert_non_null(strstr(error_last()->text, words));
	assert_null(t.items);
}

#define LINE(name, roles) name " " roles " 2026-11-22T06:30:00Z sha256:" HASH_OF_ABC "\n"

static void test_format(void **state)
{
	parses("", 0);
	parses("# nothing\n\n   \n\t# more\r\n", 0);
	parses(LINE("a", "read") "# b\n" LINE("b", "publish,recommend") "  " LINE("c.d_e-f", "operate,author"), 3);
	refuses(LINE("a", "read") LINE("a", "read"), "line 2: the name a is there twice");
	refuses(LINE("a", "reed"), "line 1: \"reed\" is no role; there are: publish, recommend, read, author, operate");
	refuses(LINE("a", "none"), "is no role");
	refuses(LINE("a", "nobody"), "is no role");
	refuses(LINE("a", "read,"), "is no role");
	refuses(LINE("a/b", "read"), "is no name");
	refuses("a read\n", "NAME ROLES TIME");
	refuses("a read now sha256:" HASH_OF_ABC "\n", "is no time");
	refuses("a read 2026-11-22T06:30:00Z sha256:" HASH_OF_ABC "0\n", "64 hexadecimal digits");
	refuses("a read 2026-11-22T06:30:00Z sha256:ff\n", "64 hexadecimal digits");
	refuses("a read 2026-11-22T06:30:00Z md5:" HASH_OF_ABC "\n", "sha256:");
	refuses("a read 2026-11-22T06:30:00Z sha256:" HASH_OF_ABC " more\n", "NAME ROLES TIME");
}

static void test_hash(void **state)
{
	struct tokens t;
	unsigned char hash[TOKEN_HASH_BYTES];
	assert_int_equal(tokens_parse(&t, LINE("abc", "read")), ERR_OK);
	token_hash(SLICE("abc"), hash); /* as FIPS 180-4 has it */
	assert_memory_equal(hash, t.items[0].hash, sizeof(hash));
	assert_string_equal(tokens_find(&t, hash)->name, "abc");
	for (unsigned i = 0; i < 8 * TOKEN_HASH_BYTES; i++) {
		hash[i / 8] ^= (unsigned char)(1u << i % 8);
		assert_null(tokens_find(&t, hash));
		hash[i / 8] ^= (unsigned char)(1u << i % 8);
	}
	tokens_finish(&t);
}

/* Each request of the protocol has a role, under the name that HTTP knows it by; nothing else has one. */
static void test_roles(void **state)
{
	for (int kind = REQUEST_HELLO; kind < REQUEST_KINDS; kind++) {
		if (strcmp(kind_name((enum request_kind)kind), "request") == 0)
			continue; /* a number that no build has used */
		enum access_role role = role_of_kind((enum request_kind)kind);
		const char *name = kind_name((enum request_kind)kind);
		assert_non_null(json_request_message(name));
		assert_int_equal(role_of_name(name), role);
		assert_int_equal(role == ROLE_NONE, kind == REQUEST_HELLO);
		assert_int_not_equal(role, ROLE_NOBODY);
	}
	assert_int_equal(role_of_kind((enum request_kind)0), ROLE_NOBODY);
	assert_int_equal(role_of_kind(REQUEST_KINDS), ROLE_NOBODY);
	assert_int_equal(role_of_name("drop_all"), ROLE_NOBODY);
	assert_int_equal(role_of_kind(REQUEST_PUBLISH), ROLE_PUBLISH);
	assert_int_equal(role_of_kind(REQUEST_ACTIVATE), ROLE_AUTHOR);
	assert_int_equal(role_of_kind(REQUEST_DIGEST), ROLE_OPERATE);
	char text[ROLES_TEXT_BYTES];
	uint32_t roles;
	assert_int_equal(roles_parse("operate, publish", &roles), ERR_OK);
	roles_text(roles, text);
	assert_string_equal(text, "publish,operate");
	assert_int_equal(roles_parse("publish,recommend,read,author,operate", &roles), ERR_OK);
	roles_text(roles, text);
	assert_string_equal(text, "publish,recommend,read,author,operate");
}

static void mode_is(mode_t mode, int want)
{
	struct tokens t;
	put_file(LINE("a", "read"), mode);
	assert_int_equal(tokens_read(&t, path, NULL), want);
	if (want != ERR_OK)
		assert_non_null(strstr(error_last()->text, "chmod 600"));
	tokens_finish(&t);
}

static void test_mode(void **state)
{
	struct tokens t;
	mode_is(0600, ERR_OK);
	mode_is(0400, ERR_OK);
	mode_is(0640, ERR_DENIED);
	mode_is(0620, ERR_DENIED);
	mode_is(0604, ERR_DENIED);
	mode_is(0601, ERR_DENIED);
	assert_int_equal(tokens_read(&t, folder, NULL), ERR_DENIED);
	unlink(path);
	assert_int_equal(tokens_read(&t, path, NULL), ERR_IO);
}

static void test_edit(void **state)
{
	char one[TOKEN_TEXT_BYTES], two[TOKEN_TEXT_BYTES], text[4096] = "";
	struct tokens t;
	struct stat st;
	assert_int_equal(tokens_add(path, "one", READ | PUBLISH, 1795329000000, one), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(tokens_add(path, "one", READ, 0, two), ERR_CONFLICT);
	assert_int_equal(tokens_add(path, "t w o", READ, 0, two), ERR_INVALID);
	assert_int_equal(tokens_add(path, "two", READ, 0, two), ERR_OK);
	assert_string_not_equal(one, two);
	assert_int_equal(strlen(one), 70);
	FILE *f = fopen(path, "a");
	fputs("# mine", f); /* without its line's end */
	fclose(f);
	char three[TOKEN_TEXT_BYTES];
	assert_int_equal(tokens_add(path, "three", READ, 0, three), ERR_OK);
	assert_int_equal(tokens_remove(path, "two"), ERR_OK);
	assert_int_equal(tokens_remove(path, "two"), ERR_MISSING);
	assert_int_equal(tokens_read(&t, path, NULL), ERR_OK);
	assert_int_equal(t.count, 2);
	assert_string_equal(t.items[0].name, "one");
	assert_string_equal(t.items[0].made, "2026-11-22T06:30:00Z");
	assert_int_equal(t.items[0].roles, READ | PUBLISH);
	tokens_finish(&t);
	f = fopen(path, "r");
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_non_null(strstr(text, "# mine\n"));
	assert_null(strstr(text, one + 6));
}

static void test_grants(void **state)
{
	struct access *a;
	struct access_stats stats;
	struct access_grant g, other;
	char one[TOKEN_TEXT_BYTES], two[TOKEN_TEXT_BYTES];
	assert_int_equal(tokens_add(path, "one", READ, 0, one), ERR_OK);
	assert_int_equal(access_create(&a, path), ERR_OK);
	assert_int_equal(access_admit(a, &g, slice_of(one), "token"), ERR_OK);
	assert_int_equal(access_check(a, &g, ROLE_READ, "get_status"), ERR_OK);
	assert_int_equal(access_check(a, &g, ROLE_PUBLISH, "publish"), ERR_DENIED);
	assert_non_null(strstr(error_last()->text, "publish takes the role publish, and the token one has read"));
	assert_int_equal(access_check(a, &g, ROLE_NOBODY, "what"), ERR_DENIED);
	assert_int_equal(access_admit(a, &other, SLICE(""), "token"), ERR_DENIED);
	assert_int_equal(access_admit(a, &other, SLICE("guessed-token"), "token"), ERR_DENIED);
	assert_null(strstr(error_last()->text, "guessed-token"));
	assert_int_equal(access_check(a, &other, ROLE_READ, "what"), ERR_DENIED);
	one[40] ^= 1;
	assert_int_equal(access_admit(a, &other, slice_of(one), "token"), ERR_DENIED);
	one[40] ^= 1;
	assert_int_equal(access_admit(a, &other, (struct slice){ one, 69 }, "token"), ERR_DENIED);
	access_stats(a, &stats);
	assert_int_equal(stats.denied, 7);
	assert_int_equal(stats.tokens, 1);

	assert_int_equal(tokens_add(path, "two", READ, 0, two), ERR_OK);
	assert_int_equal(access_admit(a, &other, slice_of(two), "token"), ERR_DENIED); /* it was not read yet */
	access_refresh(a, false);
	assert_int_equal(access_admit(a, &other, slice_of(two), "token"), ERR_OK);
	assert_int_equal(tokens_remove(path, "one"), ERR_OK);
	assert_true(access_allows(a, &g, ROLE_READ));
	access_refresh(a, false);
	assert_false(access_allows(a, &g, ROLE_READ));
	assert_int_equal(access_check(a, &g, ROLE_READ, "get_status"), ERR_DENIED);
	assert_true(g.revoked);
	assert_non_null(strstr(error_last()->text, "the token one was revoked"));
	assert_true(access_allows(a, &other, ROLE_READ));
	access_destroy(a);
}

/* What is refused leaves the old one in force; put right, it is taken. */
static void test_bad_change(void **state)
{
	struct access *a;
	struct access_stats stats;
	struct access_grant g;
	put_file(LINE("abc", "read"), 0600);
	assert_int_equal(access_create(&a, path), ERR_OK);
	assert_int_equal(access_admit(a, &g, SLICE("abc"), "token"), ERR_OK);
	chmod(path, 0644);
	access_refresh(a, false);
	access_stats(a, &stats);
	assert_true(stats.stale);
	assert_true(access_allows(a, &g, ROLE_READ));
	unlink(path);
	access_refresh(a, false);
	assert_true(access_allows(a, &g, ROLE_READ));
	put_file("what\n", 0600);
	access_refresh(a, true);
	assert_true(access_allows(a, &g, ROLE_READ));
	put_file(LINE("abc", "publish"), 0600);
	access_refresh(a, false);
	access_stats(a, &stats);
	assert_false(stats.stale);
	assert_false(access_allows(a, &g, ROLE_READ));
	assert_true(access_allows(a, &g, ROLE_PUBLISH));
	assert_false(g.revoked);
	access_destroy(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_roles),
		cmocka_unit_test_setup_teardown(test_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(test_edit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_grants, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_change, setup, teardown),
	};
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
