/* doors.c: see doors.h. A mistake here is an open door, so what is not said plainly is refused. */
#include "doors.h"

#include "base/error.h"
#include "net/http.h"
#include "net/server.h"

static int check_door(const struct config *c, const char *setting, const char *address, bool tls, bool open)
{
	if (tls && !c->tls_cert)
		return error_set(ERR_INVALID, setting, "%s = %s speaks TLS, which takes a certificate: tls_cert = FILE and tls_key = FILE "
				 "(nudged(8), \"TLS\", makes one for a trial)", setting, address);
	if (open && !c->tokens && !c->tls_client_ca)
		return error_set(ERR_INVALID, setting, "%s = %s can be reached by other machines, and whoever reaches it might do all: set "
				 "tokens = FILE (nudgectl token new), or tls_client_ca = FILE", setting, address);
	return ERR_OK;
}

static int check_files(const struct config *c)
{
	if (!c->tls_cert != !c->tls_key)
		return error_set(ERR_INVALID, c->tls_cert ? "tls_key" : "tls_cert", "tls_cert and tls_key belong together: %s is missing",
				 c->tls_cert ? "tls_key" : "tls_cert");
	if (c->tls_client_ca && !c->tls_cert)
		return error_set(ERR_INVALID, "tls_client_ca", "tls_client_ca is of no use without tls_cert and tls_key");
	return ERR_OK;
}

int doors_check(const struct config *c)
{
	int result = check_files(c);
	for (unsigned i = 0; i < c->listen_count && result == ERR_OK; i++) {
		const char *address = c->listen[i];
		result = server_check_address(address);
		if (result == ERR_OK)
			result = check_door(c, "listen", address, server_is_tls(address), server_is_open(address));
	}
	if (result == ERR_OK && c->http)
		result = http_check_address(c->http);
	if (result == ERR_OK && c->http)
		result = check_door(c, "http", c->http, http_is_tls(c->http), http_is_open(c->http));
	return result;
}

int doors_open_tls(const struct config *c, struct tls **out)
{
	struct tls_files files = { c->tls_cert, c->tls_key, c->tls_client_ca };
	return c->tls_cert ? tls_create(out, &files) : ERR_OK;
}
