/* nudgectl/ask.c: see ask.h. */
#include "ask.h"

#include "progress.h"
#include "report.h"

#include "wire/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STARTING_S 2.0 /* until a daemon that is being started listens */
#define WAKING_S 6.0   /* and until it answers */
#define STEP_MS 100
#define STEP_MAX_MS 400
#define PATIENCE_MS 60000
#define LOOK_MS 250 /* at a daemon that recovers */
#define QUIET_S 2
#define PLAIN_LINE_S 10

/* A Unix socket that is there, and not for us. */
static bool is_denied(const char *address)
{
	const char *path = strncmp(address, "unix:", 5) == 0 ? address + 5 : address;
	return access(path, W_OK) != 0 && errno == EACCES;
}

static void advise(const char *address, int result)
{
	if (result == NUDGE_TIMEOUT || result == NUDGE_CLOSED)
		fprintf(stderr,
			"Something is at %s, but does not answer as nudged does to this tool. Name what --listen says rather than --http,\n"
			"tls: where it says tls: and tcp: where it says tcp:. `--socket ADDR` or the environment variable NUDGE_SOCKET.\n%s",
			address,
			strncmp(address, "tls:", 4) == 0 ? "A daemon that recovers does not answer over TLS yet: GET /readyz says how far it is.\n" : "");
	else
		fprintf(stderr,
			"Tried %s. Start the daemon with `nudged --data DIR --rules PACK --listen %s%s`, or name its "
			"address with\n"
			"`--socket ADDR` or the environment variable NUDGE_SOCKET.\n",
			address, strchr(address, ':') ? "" : "unix:", address);
}

static bool is_recovering(const struct context *c, int result)
{
	return result == NUDGE_REFUSED && strcmp(nudge_error_code(c->nudge), "closed") == 0;
}

/* A daemon that was started a moment ago listens in a moment, and on a busy machine answers a moment later. By small steps: a
 * longer one would go on waiting where it is told that the daemon recovers. */
static int await_start(struct context *c)
{
	struct progress p;
	int result, step_ms = STEP_MS;
	double waited_s;
	progress_init(&p, "", "");
	do {
		result = nudge_reconnect(c->nudge, step_ms);
		waited_s = progress_seconds(&p);
		step_ms = result == NUDGE_TIMEOUT && step_ms < STEP_MAX_MS ? 2 * step_ms : step_ms;
	} while ((result == NUDGE_FAILED && waited_s < STARTING_S) || (result == NUDGE_TIMEOUT && waited_s < WAKING_S));
	return result;
}

/* Waits until it serves, and says how far it is; as long as patience goes. */
static int await_recovery(struct context *c, int result)
{
	struct progress p;
	double limit_s = (c->patience_ms ? c->patience_ms : PATIENCE_MS) / 1000.0, said_s = 0;
	bool terminal = report_is_terminal(stderr);
	bool waits = is_recovering(c, result) && !c->at_once;
	progress_init(&p, "", "");
	/* in the moment in which it begins to serve, an answer may be late */
	while (waits && (is_recovering(c, result) || result == NUDGE_TIMEOUT) && progress_seconds(&p) < limit_s) {
		double now_s = progress_seconds(&p);
		bool due = is_recovering(c, result) && now_s > QUIET_S && (terminal || !said_s || now_s - said_s > PLAIN_LINE_S);
		if (due) {
			fprintf(stderr, terminal ? "\r\033[Knudged is %s" : "nudged is %s\n", nudge_error(c->nudge));
			said_s = now_s;
			p.shown = terminal;
		}
		result = nudge_reconnect(c->nudge, LOOK_MS);
	}
	progress_finish(&p);
	return result;
}

int context_connect(struct context *c)
{
	if (strncmp(c->address, "http:", 5) == 0 || strncmp(c->address, "https:", 6) == 0)
		return report_failed("%s is an address of HTTP, which this tool does not speak: name what --listen says, unix:PATH, "
				     "tcp:HOST:PORT or tls:HOST:PORT", c->address);
	if (c->nudge)
		return EXIT_DONE;
	struct nudge_options options = { .client = "nudgectl", .call_timeout_ms = c->patience_ms ? c->patience_ms : PATIENCE_MS, .no_wait = true, .token_file = c->token_file,
					 .tls_ca = c->tls_ca, .tls_cert = c->tls_cert, .tls_key = c->tls_key };
	int result = nudge_connect(&c->nudge, c->address, &options);
	bool denied = is_denied(c->address);
	if (result == NUDGE_FAILED && !denied)
		result = await_start(c);
	result = await_recovery(c, result);
	if (result == NUDGE_OK)
		return EXIT_DONE;
	if (is_recovering(c, result) && c->at_once)
		return EXIT_FAILED;
	if (is_recovering(c, result))
		report_failed("nudged at %s is still %s; `nudgectl status` says how it goes on", c->address, nudge_error(c->nudge));
	else
		report_failed("%s", nudge_error(c->nudge));
	if (result == NUDGE_REFUSED && strcmp(nudge_error_code(c->nudge), "denied") == 0)
		fprintf(stderr, "Put the token into $NUDGE_TOKEN, or name a file that has it: --token-file FILE, $NUDGE_TOKEN_FILE.\n");
	else if (result == NUDGE_REFUSED && !is_recovering(c, result))
		fprintf(stderr,
			"It answered, but refused the connection. Are nudged and nudgectl of the same version?\n");
	else if (result == NUDGE_INVALID && strncmp(c->address, "tls:", 4) != 0)
		fprintf(stderr, "Addresses are unix:PATH, tcp:HOST:PORT, tls:HOST:PORT or a path; a file that is named must be readable.\n");
	else if (denied)
		fprintf(stderr, "You may not write to the socket: it has mode 0660, so be its owner or in its group.\n");
	else if (result != NUDGE_INVALID && result != NUDGE_REFUSED)
		advise(c->address, result);
	nudge_close(c->nudge);
	c->nudge = NULL;
	return EXIT_FAILED;
}

int context_lost(struct context *c, int result, const char *during)
{
	const char *code = nudge_error_code(c->nudge);
	switch (result) {
	case NUDGE_TIMEOUT:
		return report_failed("%s: no answer from %s in time; is it overloaded? See `nudgectl status`", during,
				     c->address);
	case NUDGE_CLOSED:
		return report_failed(
			"%s: the connection to %s was lost (%s); try again when nudged is up: what has an id is "
			"never applied twice",
			during, c->address, nudge_error(c->nudge));
	case NUDGE_REFUSED:
		return report_failed("refused (%s): %s", code && *code ? code : "error", nudge_error(c->nudge));
	default:
		return report_failed("%s: %s", during, nudge_error(c->nudge));
	}
}

int context_ask(struct context *c, Nudge__V1__Request__BodyCase body_case, const void *body, Nudge__V1__Response **out)
{
	int code = context_connect(c);
	if (code != EXIT_DONE)
		return code;
	*out = NULL;
	int result = nudge_call(c->nudge, body_case, body, out);
	return result == NUDGE_OK ? EXIT_DONE : context_lost(c, result, "asking");
}

int64_t context_clock(struct context *c)
{
	Nudge__V1__GetStatus ask = NUDGE__V1__GET_STATUS__INIT;
	Nudge__V1__Response *answer;
	if (context_ask(c, NUDGE_GET_STATUS, &ask, &answer) != EXIT_DONE)
		return 0;
	int64_t now_ms = answer->status->now_ms;
	nudge_free(answer);
	return now_ms;
}

const char *alert_state(const Nudge__V1__Alert *a, int64_t now_ms)
{
	if (a->historical)
		return "historical";
	bool expired = a->expires_ms && now_ms >= a->expires_ms;
	return expired && strcmp(a->state, "open") == 0 ? "expired" : a->state;
}

enum style alert_state_style(const char *state)
{
	return strcmp(state, "open") == 0 ? STYLE_YELLOW : STYLE_PLAIN;
}

char *text_or_empty(const char *text)
{
	return (char *)(text ? text : "");
}

int print_json(json_t *j)
{
	size_t flags = report_is_terminal(stdout) ? JSON_INDENT(2) : JSON_COMPACT;
	int bad = json_dumpf(j, stdout, flags | JSON_REAL_PRECISION(15));
	json_decref(j);
	if (bad || putchar('\n') == EOF || fflush(stdout) != 0)
		return report_failed("cannot write to standard output");
	return EXIT_DONE;
}

int print_json_line(json_t *j)
{
	int bad = json_dumpf(j, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15)) || putchar('\n') == EOF;
	json_decref(j);
	return bad ? report_failed("cannot write to standard output") : EXIT_DONE;
}

int print_message(const void *message)
{
	return print_json(json_from_message(message));
}

int print_whole(const void *message)
{
	return print_json(json_from_message_styled(message, JSON_WHOLE));
}

const char *next_text(const Nudge__V1__NextStep *next, char *out, size_t size)
{
	bool action = *next->action != '\0';
	snprintf(out, size, "%s%s%s%s", action ? "go on with " : "", next->action, action && *next->say ? ": " : "",
		 next->say);
	return out;
}
