/* config.c: one table of settings; files, flags and help are read off it. */
#include "config.h"

#include "watch.h"

#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/nearest.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum setting_type { SETTING_TEXT, SETTING_LIST, SETTING_NUMBER, SETTING_CHOICE };

struct setting {
	const char *key; /* in the file; the flag is --key with '-' for '_' */
	enum setting_type type;
	size_t offset;
	const char *value;    /* how the value is called in help */
	const char *standard; /* default, as text; NULL: none */
	uint64_t least, most; /* numbers */
	const char *choices;  /* "a|b" */
	const char *help;
};

#define AT(field) offsetof(struct config, field)

static const struct setting settings[] = {
	{ "data", SETTING_TEXT, AT(data), "DIR", NULL, 0, 0, NULL,
	  "folder of the journal and the store; created where missing (required)" },
	{ "rules", SETTING_TEXT, AT(rules), "DIR", NULL, 0, 0, NULL,
	  "pack to activate at start and on SIGHUP; without it the last active one stays" },
	{ "watch", SETTING_TEXT, AT(watch), "DIR", NULL, 0, 0, NULL,
	  "for development, instead of --rules: checks, tests and activates the pack at start and on every save; without --data "
	  "nothing is kept" },
	{ "listen", SETTING_LIST, AT(listen), "ADDR", "unix:/run/nudged/nudged.sock", 0, 0, NULL,
	  "unix:PATH, tcp:HOST:PORT (loopback only, port 0: any free one) or tls:HOST:PORT (HOST an address of this machine, 0.0.0.0, "
	  "[::]); may be given several times" },
	{ "http", SETTING_LIST, AT(http), "ADDR", NULL, 0, 0, NULL,
	  "HTTP/JSON gateway on HOST:PORT (loopback only, port 0: any free one), unix:PATH or https://HOST:PORT; may be given several "
	  "times; none unless it is given" },
	{ "tokens", SETTING_TEXT, AT(tokens), "FILE", NULL, 0, 0, NULL,
	  "every request must show a token of this file (nudgectl token new; mode 0600, read again on change and on SIGHUP), with "
	  "the role that it takes; without it, whoever reaches a socket may do all" },
	{ "tls_cert", SETTING_TEXT, AT(tls_cert), "FILE", NULL, 0, 0, NULL,
	  "certificate (PEM, those that signed it behind it) of tls: and https: addresses; read again on SIGHUP. Addresses that other "
	  "machines can reach take --tokens or --tls-client-ca too" },
	{ "tls_key", SETTING_TEXT, AT(tls_key), "FILE", NULL, 0, 0, NULL,
	  "its private key (PEM, mode 0600, or 0640 where it is root's)" },
	{ "tls_client_ca", SETTING_TEXT, AT(tls_client_ca), "FILE", NULL, 0, 0, NULL,
	  "clients must show a certificate that one of these signed (PEM)" },
	{ "tls_client_crl", SETTING_TEXT, AT(tls_client_crl), "FILE", NULL, 0, 0, NULL,
	  "and that is not revoked: a revocation list (PEM) of each authority in tls_client_ca; read again on SIGHUP. One that is out of "
	  "date lets nobody in" },
	{ "listen_mode", SETTING_TEXT, AT(listen_mode), "MODE", "0660", 0, 0, NULL, "of the files of Unix sockets, in octal digits" },
	{ "listen_users", SETTING_TEXT, AT(listen_users), "NAMES", NULL, 0, 0, NULL,
	  "users (names or numbers, commas between them) whose processes Unix sockets let in; without it and listen_groups: whoever the "
	  "mode lets" },
	{ "listen_groups", SETTING_TEXT, AT(listen_groups), "NAMES", NULL, 0, 0, NULL, "groups that they let in, the same" },
	{ "client_connections", SETTING_NUMBER, AT(client_connections), "N", "128", 1, LIMIT_CONNECTIONS + LIMIT_HTTP_CONNECTIONS, NULL,
	  "connections of one address over TLS, and of one token over the protobuf sockets: there they count for the token alone" },
	{ "client_rate", SETTING_NUMBER, AT(client_rate), "N", "0", 0, 1000000000u, NULL,
	  "requests a second of one token, or of one address where none is shown, an event of a batch counted each; what is over it waits "
	  "(HTTP: 429). 0: no limit; Unix sockets without tokens have none" },
	{ "client_burst", SETTING_NUMBER, AT(client_burst), "N", "0", 0, 1000000000u, NULL,
	  "requests at once after a pause; 0: as many as in a second" },
	{ "shards", SETTING_NUMBER, AT(shards), "N", "1", 1, LIMIT_SHARDS, NULL,
	  "apply threads; a data directory may be opened with any number" },
	{ "cache_mb", SETTING_NUMBER, AT(cache_mb), "MIB", "1024", 1, 1 << 20, NULL,
	  "records in memory; others are read back from the store" },
	{ "journal_keep_mb", SETTING_NUMBER, AT(journal_keep_mb), "MIB", "16384", 0, 1 << 30, NULL,
	  "history kept in the journal behind what the store covers, for replay and audit" },
	{ "base", SETTING_CHOICE, AT(base), "on|off", "on", 0, 0, "on|off",
	  "what goes from the journal is folded into the base store first, so that explanations reach back behind it" },
	{ "reserve_mb", SETTING_NUMBER, AT(reserve_mb), "MIB", "256", 1, 1 << 20, NULL,
	  "free disk space under which events are refused with `storage`" },
	{ "segment_mb", SETTING_NUMBER, AT(segment_mb), "MIB", "64", 1, 1024, NULL, "size of a journal segment" },
	{ "tail_mb", SETTING_NUMBER, AT(tail_mb), "MIB", "1024", 1, 1 << 20, NULL,
	  "journal that the store may be behind, which bounds a recovery; past it events wait" },
	{ "sweep_ms", SETTING_NUMBER, AT(sweep_ms), "MS", "30000", 1, 3600000, NULL,
	  "pause between two sweeps of changed records into the store" },
	{ "decision_log", SETTING_TEXT, AT(decision_log), "PATH", NULL, 0, 0, NULL,
	  "a JSON line of every decision, nudge and alert; - is standard output (README.md, \"The decision log\")" },
	{ "decision_log_mb", SETTING_NUMBER, AT(decision_log_mb), "MIB", "64", 0, 1 << 20, NULL,
	  "size at which it is put aside as PATH.1; 0: never" },
	{ "decision_log_keep", SETTING_NUMBER, AT(decision_log_keep), "N", "8", 0, 1000, NULL,
	  "files put aside that are kept" },
	{ "clock", SETTING_CHOICE, AT(clock), "KIND", "system", 0, 0, "system|events",
	  "events: the clock follows the newest event time, to play recorded or simulated traffic" },
	{ "log_level", SETTING_CHOICE, AT(log_level), "LEVEL", "info", 0, 0, "error|warn|info|debug",
	  "what is logged on standard error" },
	{ "log", SETTING_CHOICE, AT(log), "FORM", "text", 0, 0, "text|json",
	  "json: a JSON line a message, unless standard error is a terminal" },
	{ "slow_request_ms", SETTING_NUMBER, AT(slow_request_ms), "MS", "1000", 0, 3600000, NULL,
	  "requests that take longer are logged; 0: none are" },
	{ "slow_rule_us", SETTING_NUMBER, AT(slow_rule_us), "US", "10000", 0, 3600000000u, NULL,
	  "rules that take longer are logged, as far as they are measured (a sample); 0: none are" },
};

#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

static int keys_text(char *out, size_t size)
{
	size_t len = 0;
	for (size_t i = 0; i < SETTING_COUNT && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i ? ", " : "", settings[i].key);
	return 0;
}

static int set_number(const struct setting *s, uint64_t *to, const char *value)
{
	char *end;
	errno = 0;
	unsigned long long n = strtoull(value, &end, 10);
	if (errno || end == value || *end || *value == '-' || n < s->least || n > s->most)
		return error_set(ERR_INVALID, s->key, "%s = %s: a number from %llu to %llu is wanted", s->key, value,
				 (unsigned long long)s->least, (unsigned long long)s->most);
	*to = n;
	return ERR_OK;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);
	for (const char *at = choices; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (strncmp(at, value, len) == 0 && (at[len] == '|' || at[len] == '\0') && len)
			return true;
	return false;
}

static int add_address(struct addresses *to, const char *key, const char *value)
{
	if (to->count == CONFIG_LISTEN_MAX)
		return error_set(ERR_LIMIT, key, "at most %d addresses may be given", CONFIG_LISTEN_MAX);
	to->at[to->count++] = must_strdup(value);
	return ERR_OK;
}

static int set(struct config *c, const struct setting *s, const char *value)
{
	char *base = (char *)c;
	char **text = (char **)(base + s->offset);
	if (!*value)
		return error_set(ERR_INVALID, s->key, "%s has no value; %s is wanted: %s", s->key, s->value, s->help);
	if (*value == '"' || *value == '\'')
		return error_set(ERR_INVALID, s->key, "%s = %s: values stand as they are, without quotes", s->key,
				 value);
	switch (s->type) {
	case SETTING_NUMBER:
		return set_number(s, (uint64_t *)(base + s->offset), value);
	case SETTING_LIST:
		return add_address((struct addresses *)(base + s->offset), s->key, value);
	case SETTING_CHOICE:
		if (!is_choice(s->choices, value))
			return error_set(ERR_INVALID, s->key, "%s = %s: one of %s is wanted", s->key, value,
					 s->choices);
		/* fall through */
	case SETTING_TEXT:
		free(*text);
		*text = must_strdup(value);
	}
	return ERR_OK;
}

static const struct setting *find(const char *key, size_t len)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (strlen(settings[i].key) != len)
			continue;
		size_t k = 0;
		while (k < len && (settings[i].key[k] == key[k] || (settings[i].key[k] == '_' && key[k] == '-')))
			k++;
		if (k == len)
			return &settings[i];
	}
	return NULL;
}

static const char *nearest_setting(const char *wrong)
{
	const char *names[SETTING_COUNT + 1];
	for (size_t i = 0; i < SETTING_COUNT; i++)
		names[i] = settings[i].key;
	names[SETTING_COUNT] = NULL;
	return nearest_name(wrong, names);
}

static char *trim(char *text)
{
	while (*text == ' ' || *text == '\t')
		text++;
	size_t len = strlen(text);
	while (len && strchr(" \t\r\n", text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* said[i]: the line that settings[i] stands in; 0: none so far. */
static int parse_line(struct config *c, char *line, int number, int said[SETTING_COUNT])
{
	char keys[600], *text = trim(line);
	if (!*text || *text == '#')
		return ERR_OK;
	char *equals = strchr(text, '=');
	if (!equals)
		return error_set(ERR_INVALID, NULL, "a line is KEY = VALUE, a comment (#) or empty");
	*equals = '\0';
	char *key = trim(text);
	const struct setting *s = find(key, strlen(key));
	if (!s) {
		const char *near = nearest_setting(key);
		keys_text(keys, sizeof(keys));
		return error_set(ERR_INVALID, key, "there is no setting `%s`; %s%s%sthe settings are: %s", key, near ? "did you mean `" : "",
				 near ? near : "", near ? "`? " : "", keys);
	}
	int *before = &said[s - settings];
	if (*before && s->type != SETTING_LIST)
		return error_set(ERR_INVALID, key, "%s is set in line %d already: keep one of the two", key, *before);
	*before = number;
	return set(c, s, trim(equals + 1));
}

static int parse_file(struct config *c, const char *path)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int number = 0, said[SETTING_COUNT] = { 0 }, result = ERR_OK;
	FILE *f = fopen(path, "re");
	if (!f)
		return error_errno("cannot read the configuration %s", path);
	while (result == ERR_OK && (len = getline(&line, &cap, f)) >= 0) {
		number++;
		/* what a power cut leaves of a file is zeroes: those are not the defaults */
		result = strlen(line) == (size_t)len ? parse_line(c, line, number, said) : error_set(ERR_INVALID, NULL, "a byte 0: this is no text");
	}
	if (result != ERR_OK)
		error_prefix("%s:%d", path, number);
	else if (ferror(f)) /* a folder, for one */
		result = error_errno("cannot read the configuration %s", path);
	fclose(f);
	free(line);
	return result;
}

static bool switch_flag(struct config *c, const char *name)
{
	const struct {
		const char *name;
		bool *to;
	} flags[] = {
		{ "--check-config", &c->check_only },
		{ "--replay", &c->replay },
		{ "--help", &c->help },
		{ "-h", &c->help },
		{ "--version", &c->version },
		{ "--list-faults", &c->list_faults },
	};
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(name, flags[i].name) == 0) {
			*flags[i].to = true;
			return true;
		}
	}
	return false;
}

/* arg: "--" and a name of len bytes, perhaps with a value. Flags are spelled with '-'. */
static int no_such_flag(const char *arg, size_t len)
{
	char name[64], near[64];
	snprintf(name, sizeof(name), "%.*s", (int)len, arg + 2);
	for (char *c = name; *c; c++)
		*c = *c == '-' ? '_' : *c;
	const char *key = nearest_setting(name);
	snprintf(near, sizeof(near), "%s", key ? key : "");
	for (char *c = near; *c; c++)
		*c = *c == '_' ? '-' : *c;
	return error_set(ERR_INVALID, NULL, "there is no flag `%.*s`%s%s%s; see nudged --help", (int)len + 2, arg,
			 key ? " (did you mean --" : "", near, key ? "?)" : "");
}

/* --key VALUE or --key=VALUE; *at moves on. */
static int parse_flag(struct config *c, int argc, char **argv, int *at, bool files_only)
{
	const char *arg = argv[*at], *equals = strchr(arg, '=');
	if (switch_flag(c, arg))
		return ERR_OK;
	if (strncmp(arg, "--", 2) != 0)
		return error_set(ERR_INVALID, NULL, "`%s` is not a flag; see nudged --help", arg);
	size_t len = equals ? (size_t)(equals - arg) - 2 : strlen(arg) - 2;
	bool is_file = len == 6 && strncmp(arg + 2, "config", 6) == 0;
	bool is_restore = len == 7 && strncmp(arg + 2, "restore", 7) == 0;
	const struct setting *s = find(arg + 2, len);
	if (!s && !is_file && !is_restore)
		return no_such_flag(arg, len);
	if (!equals && *at + 1 >= argc)
		return error_set(ERR_INVALID, NULL, "%s wants a value; see nudged --help", arg);
	const char *value = equals ? equals + 1 : argv[++*at];
	if (is_restore) {
		free(c->restore);
		c->restore = must_strdup(value);
		return ERR_OK;
	}
	if (is_file && files_only) {
		free(c->file);
		c->file = must_strdup(value);
		return parse_file(c, value);
	}
	return is_file || files_only ? ERR_OK : set(c, s, value);
}

void config_init(struct config *c)
{
	*c = (struct config){ 0 };
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (settings[i].standard && settings[i].type != SETTING_LIST)
			CHECK(set(c, &settings[i], settings[i].standard) == ERR_OK);
}

static void drop_addresses(struct addresses *a)
{
	while (a->count)
		free(a->at[--a->count]);
}

static bool names_flag(int argc, char **argv, const char *flag)
{
	size_t len = strlen(flag);
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], flag, len) == 0 && (argv[i][len] == '\0' || argv[i][len] == '='))
			return true;
	return false;
}

/* Who watches a pack needs no place for data or a socket, and wants to read of the pack only. */
static int settle_watch(struct config *c, bool level_named)
{
	if (c->rules)
		return error_set(ERR_INVALID, "watch", "--watch activates the pack in its folder itself: leave out --rules");
	if (!level_named && strcmp(c->log_level, "info") == 0)
		CHECK(set(c, find("log_level", strlen("log_level")), "warn") == ERR_OK);
	if (c->data)
		return ERR_OK;
	c->scratch = watch_scratch_create();
	if (!c->scratch)
		return error_last()->code;
	c->data = must_strdup(c->scratch);
	if (!c->listen.count) {
		c->listen.at[0] = must_malloc(strlen(c->scratch) + 32);
		snprintf(c->listen.at[c->listen.count++], strlen(c->scratch) + 32, "unix:%s/nudged.sock", c->scratch);
	}
	return ERR_OK;
}

int config_parse(struct config *c, int argc, char **argv)
{
	int result = ERR_OK;
	for (int i = 1; i < argc && result == ERR_OK; i++)
		result = parse_flag(c, argc, argv, &i, true);
	if (result == ERR_OK && names_flag(argc, argv, "--listen"))
		drop_addresses(&c->listen); /* flags win as a whole */
	if (result == ERR_OK && names_flag(argc, argv, "--http"))
		drop_addresses(&c->http);
	for (int i = 1; i < argc && result == ERR_OK; i++)
		result = parse_flag(c, argc, argv, &i, false);
	if (result != ERR_OK || c->help || c->version || c->list_faults)
		return result;
	if (c->watch)
		result = settle_watch(c, names_flag(argc, argv, "--log-level"));
	if (result != ERR_OK)
		return result;
	if (!c->data)
		return error_set(ERR_INVALID, "data",
				 "no data directory is named: nudged --data DIR; see nudged --help");
	if (!c->listen.count)
		c->listen.at[c->listen.count++] = must_strdup("unix:/run/nudged/nudged.sock");
	return ERR_OK;
}

static const char *const reloadable[] = { "log_level", "log", "slow_request_ms", "slow_rule_us", "client_connections",
					  "client_rate", "client_burst" };

static bool is_reloadable(const struct setting *s)
{
	for (size_t i = 0; i < sizeof(reloadable) / sizeof(reloadable[0]); i++)
		if (strcmp(s->key, reloadable[i]) == 0)
			return true;
	return false;
}

static bool same_value(const struct setting *s, const struct config *a, const struct config *b)
{
	const char *x = (const char *)a + s->offset, *y = (const char *)b + s->offset;
	if (s->type == SETTING_NUMBER)
		return *(const uint64_t *)x == *(const uint64_t *)y;
	if (s->type == SETTING_LIST) {
		const struct addresses *p = (const struct addresses *)x, *q = (const struct addresses *)y;
		bool same = p->count == q->count;
		for (unsigned i = 0; same && i < p->count; i++)
			same = strcmp(p->at[i], q->at[i]) == 0;
		return same;
	}
	const char *p = *(char *const *)x, *q = *(char *const *)y;
	return p == q || (p && q && strcmp(p, q) == 0);
}

int config_reload(struct config *c, int argc, char **argv, void (*say)(const char *key, const char *value))
{
	struct config now;
	char number[24];
	config_init(&now);
	int result = config_parse(&now, argc, argv);
	for (size_t i = 0; i < SETTING_COUNT && result == ERR_OK; i++) {
		const struct setting *s = &settings[i];
		if (same_value(s, c, &now))
			continue;
		char *ours = (char *)c + s->offset, *theirs = (char *)&now + s->offset;
		if (!is_reloadable(s)) {
			say(s->key, NULL);
		} else if (s->type == SETTING_NUMBER) {
			*(uint64_t *)ours = *(uint64_t *)theirs;
			snprintf(number, sizeof(number), "%llu", (unsigned long long)*(uint64_t *)ours);
			say(s->key, number);
		} else {
			char *old = *(char **)ours;
			*(char **)ours = *(char **)theirs;
			*(char **)theirs = old;
			say(s->key, *(char **)ours ? *(char **)ours : "not set");
		}
	}
	config_finish(&now);
	return result;
}

void config_finish(struct config *c)
{
	drop_addresses(&c->listen);
	drop_addresses(&c->http);
	free(c->data);
	free(c->rules);
	free(c->watch);
	free(c->scratch);
	free(c->decision_log);
	free(c->tokens);
	free(c->tls_cert);
	free(c->tls_key);
	free(c->tls_client_ca);
	free(c->tls_client_crl);
	free(c->listen_mode);
	free(c->listen_users);
	free(c->listen_groups);
	free(c->file);
	free(c->restore);
	free(c->clock);
	free(c->base);
	free(c->log_level);
	free(c->log);
	*c = (struct config){ 0 };
}

void config_help(FILE *to)
{
	fprintf(to, "nudged: a real-time next-best-action daemon\n\n"
		    "usage: nudged --data DIR [--rules DIR] [--listen ADDR]... [--config FILE] [SETTING]...\n"
		    "       nudged --watch DIR             a pack that is being written: activated on every save\n"
		    "       nudged --replay --data DIR      a fresh state from the journal, every outcome checked; "
		    "changes nothing\n"
		    "       nudged --restore BACKUP --data DIR  what nudgectl backup made, into an empty folder; then ends\n"
		    "       nudged --check-config ...       say what would be in force, or what is wrong\n\nsettings "
		    "(flags; in the file: key = value, with _ for -):\n");
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &settings[i];
		char flag[64];
		int n = snprintf(flag, sizeof(flag), "--%s %s", s->key, s->value);
		for (int k = 0; k < n; k++)
			if (flag[k] == '_')
				flag[k] = '-';
		fprintf(to, "  %-22s %s", flag, s->help);
		if (s->type == SETTING_CHOICE)
			fprintf(to, " (%s)", s->choices);
		if (s->standard)
			fprintf(to, "; default %s", s->standard);
		fputc('\n', to);
	}
	fprintf(to, "  %-22s %s\n  %-22s %s\n  %-22s %s\n  %-22s %s\n\n", "--config FILE",
		"read settings from a file; flags win; unknown keys are refused", "--version", "print the version",
		"--list-faults", "print the names of fault points (see NUDGED_FAULT in engine/base/fault.h)", "--help",
		"this text");
	fprintf(to, "signals: TERM, INT  stop: everything acknowledged is on disk already, changed records go to the "
		    "store\n"
		    "         HUP        read the configuration again, the tokens, the certificate, and the pack in --rules, and activate it; open the decision log anew\n"
		    "exit:    0 stopped as asked, 1 could not start or go on, 2 wrong flags or configuration\n");
}

static void print_addresses(const struct addresses *a, const char *key, FILE *to)
{
	for (unsigned i = 0; i < a->count; i++)
		fprintf(to, "%s = %s\n", key, a->at[i]);
}

void config_print(const struct config *c, FILE *to)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &settings[i];
		const char *base = (const char *)c;
		const char *text = s->type == SETTING_TEXT || s->type == SETTING_CHOICE
					   ? *(char *const *)(base + s->offset)
					   : NULL;
		if (s->type == SETTING_NUMBER)
			fprintf(to, "%s = %llu\n", s->key, (unsigned long long)*(const uint64_t *)(base + s->offset));
		else if (s->type == SETTING_LIST)
			print_addresses((const struct addresses *)(base + s->offset), s->key, to);
		else if (text)
			fprintf(to, "%s = %s\n", s->key, text);
	}
}
