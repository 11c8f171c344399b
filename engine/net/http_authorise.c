/* net/http_authorise.c: whether a request may be. The one place that every route's request passes.
 *
 * With tokens (--tokens) each request shows one, in Authorization: Bearer, or a session that was begun with one
 * (http_session.c), and may do what its roles say. Without them, who
 * can reach a loopback port or a socket's file may do all; but a web page that somebody of theirs looks at may not.
 * A browser says where a page came from (Origin), and names the host it believes to talk to (Host), also where a name
 * of the page's choosing leads to this machine (DNS rebinding). */
#include "net/http_parts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static void without_port(const char *host, char *out, size_t size)
{
	size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	snprintf(out, size, "%.*s", (int)len, host);
}

static bool is_loopback(const char *host)
{
	struct in_addr a;
	char name[256];
	without_port(host, name, sizeof(name));
	if (strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, name, &a) == 1 && ntohl(a.s_addr) >> 24 == 127;
}

bool http_is_secure(const struct http_exchange *x)
{
	return x->gate->tls != NULL;
}

static bool is_same_origin(const struct http_exchange *x, const char *origin, const char *host)
{
	const char *rest = strstr(origin, "://"), *scheme = http_is_secure(x) ? "https" : "http";
	size_t len = rest ? (size_t)(rest - origin) : 0;
	return rest && host && len == strlen(scheme) && strncasecmp(origin, scheme, len) == 0 && strcasecmp(rest + 3, host) == 0;
}

static struct slice bearer(const struct http_exchange *x)
{
	static const char scheme[] = "Bearer ";
	const char *line = http_header(x, "Authorization");
	if (!line || strncasecmp(line, scheme, strlen(scheme)) != 0)
		return (struct slice){ "", 0 };
	line += strlen(scheme);
	return slice_of(line + strspn(line, " "));
}

static int check_token(enum access_role role, struct http_exchange *x)
{
	char what[160];
	if (http_session_is_shown(x)) {
		int result = http_session_admit(x);
		if (result != ERR_OK)
			return result;
	} else if (access_admit(x->http->access, &x->grant, bearer(x), "Authorization") != ERR_OK) {
		x->unknown = true;
		x->guessed = bearer(x).len > 0;
		return error_last()->code;
	}
	snprintf(what, sizeof(what), "%s %s", x->route->method, x->route->path);
	return access_check(x->http->access, &x->grant, role, what);
}

bool http_may_go_on(enum access_role role, struct http_exchange *x)
{
	return !x->http->access || (http_session_goes_on(x) && access_allows(x->http->access, &x->grant, role));
}

int http_authorise(enum access_role role, struct http_exchange *x)
{
	const char *host = http_header(x, "Host"), *origin = http_header(x, "Origin");
	/* over TLS the certificate says already that the name is ours */
	if (host && !x->gate->unix_socket && !http_is_secure(x) && !is_loopback(host))
		return error_set(ERR_DENIED, "Host", "this gateway is %s for its clients, not %.100s", x->gate->address,
				 host);
	if (origin && !is_same_origin(x, origin, host))
		return error_set(ERR_DENIED, "Origin", "pages of %.100s may not ask here", origin);
	if (http_check_site(x) != ERR_OK)
		return error_last()->code;
	return x->http->access && role != ROLE_NONE ? check_token(role, x) : ERR_OK;
}
