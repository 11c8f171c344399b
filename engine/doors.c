/* doors.c: see doors.h. A mistake here is an open door, so what is not said plainly is refused. */
#include "doors.h"

#include "base/error.h"
#include "base/log.h"
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
	if (c->tls_client_crl && !c->tls_client_ca)
		return error_set(ERR_INVALID, "tls_client_crl", "tls_client_crl is of no use without tls_client_ca: it says which of the "
				 "certificates that those signed are revoked");
	return ERR_OK;
}

static int check_doors(const struct config *c)
{
	int result = check_files(c);
	for (unsigned i = 0; i < c->listen.count && result == ERR_OK; i++) {
		const char *address = c->listen.at[i];
		result = server_check_address(address);
		if (result == ERR_OK)
			result = check_door(c, "listen", address, server_is_tls(address), server_is_open(address));
	}
	for (unsigned i = 0; i < c->http.count && result == ERR_OK; i++) {
		const char *address = c->http.at[i];
		result = http_check_address(address);
		if (result == ERR_OK)
			result = check_door(c, "http", address, http_is_tls(address), http_is_open(address));
	}
	return result;
}

static struct client_limits limits_of(const struct config *c)
{
	return (struct client_limits){ c->client_rate, c->client_burst, c->client_connections };
}

int doors_open(struct doors *d, const struct config *c)
{
	struct tls_files files = { c->tls_cert, c->tls_key, c->tls_client_ca, c->tls_client_crl };
	struct clients_config who = { limits_of(c), c->listen_mode, c->listen_users, c->listen_groups };
	int result = check_doors(c);
	*d = (struct doors){ 0 };
	if (result == ERR_OK && c->tokens)
		result = access_create(&d->access, c->tokens);
	if (result == ERR_OK && c->tls_cert)
		result = tls_create(&d->tls, &files);
	if (result == ERR_OK)
		result = clients_create(&d->clients, &who);
	if (result != ERR_OK)
		doors_close(d);
	return result;
}

void doors_close(struct doors *d)
{
	access_destroy(d->access);
	tls_destroy(d->tls);
	clients_destroy(d->clients);
	*d = (struct doors){ 0 };
}

void doors_reload(struct doors *d)
{
	if (d->access)
		access_refresh(d->access, true);
	if (d->tls && tls_reload(d->tls) != ERR_OK)
		log_error("SIGHUP: the certificate is refused, the old one stays: %s", error_last()->text);
}

void doors_look(struct doors *d)
{
	if (d->access)
		access_refresh(d->access, false);
	if (d->tls)
		tls_look(d->tls);
}

void doors_set_limits(struct doors *d, const struct config *c)
{
	struct client_limits limits = limits_of(c);
	clients_set_limits(d->clients, &limits);
}
