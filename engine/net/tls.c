/* net/tls.c: see tls.h. */
#include "net/tls.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "net/mistaken.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400
#define UNREAD_PIECES 16 /* of what was said in another protocol */
#define NEAR_S (30 * DAY_S) /* an end that is nearer than this is said */
#define NEAR_LIST_S (2 * DAY_S) /* the same of revocation lists, which live for weeks or days */
#define DAY_NS (DAY_S * 1000000000ull)
/* Of TLS 1.2: forward secrecy and authenticated encryption only. Those of 1.3 are all so. */
#define CIPHERS_12 "ECDHE+AESGCM:ECDHE+CHACHA20"

struct tls {
	pthread_mutex_t lock;
	SSL_CTX *ctx; /* behind the lock; connections hold it too */
	struct tls_state state;
	char *cert, *key, *client_ca, *client_crl;
	uint64_t said_ns; /* when its end was said last; 0: never */
};

/* What OpenSSL says last is nearest to what it was asked; first, to what was wrong. */
static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_error());
	return text ? text : "no reason is given";
}

static int refuse(const char *setting, const char *path, const char *what)
{
	int result = error_set(ERR_INVALID, setting, "%s: %s", path, what);
	ERR_clear_error();
	return result;
}

/* A passphrase is never asked for: nobody sits at a daemon's terminal. */
static int no_passphrase(char *out, int size, int writing, void *encrypted)
{
	*(bool *)encrypted = true;
	return 0;
}

/* The daemon's user's alone; root's own may be read by a group, as that of ssl-cert is. */
static int check_key_mode(const char *path, const struct stat *st)
{
	unsigned wrong = st->st_uid == 0 ? 037 : 077;
	if (!S_ISREG(st->st_mode))
		return refuse("tls_key", path, "it is no file");
	if (st->st_mode & wrong)
		return error_set(ERR_INVALID, "tls_key", "%s has mode %04o: a private key is for the daemon's user alone; "
				 "chmod 600 %s (and make a new one, if others may have read it)", path,
				 (unsigned)st->st_mode & 07777, path);
	return ERR_OK;
}

static int use_key(SSL_CTX *ctx, const char *path)
{
	struct stat st;
	bool encrypted = false;
	char what[400];
	FILE *f = fopen(path, "re");
	if (!f)
		return error_errno("tls_key: cannot read %s (does it belong to the user that nudged runs as?)", path);
	int result = fstat(fileno(f), &st) == 0 ? check_key_mode(path, &st) : error_errno("cannot look at %s", path);
	EVP_PKEY *key = result == ERR_OK ? PEM_read_PrivateKey(f, NULL, no_passphrase, &encrypted) : NULL;
	fclose(f);
	if (result != ERR_OK)
		return result;
	if (!key && encrypted)
		return refuse("tls_key", path, "the key is encrypted, and nobody is there to say its passphrase; decrypt it: openssl "
			      "pkey -in KEY -out NEW");
	if (!key) {
		snprintf(what, sizeof(what), "this is no private key in PEM (-----BEGIN PRIVATE KEY-----): %s", reason());
		return refuse("tls_key", path, what);
	}
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1) {
		bool differs = ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH ||
			       ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_TYPE_MISMATCH;
		snprintf(what, sizeof(what), "%s (%s)", differs ? "the key does not belong to the certificate in tls_cert; name the "
			 "two that were made together" : "the key cannot be used", reason());
		result = refuse("tls_key", path, what);
	}
	EVP_PKEY_free(key);
	return result;
}

static int use_cert(SSL_CTX *ctx, const char *path)
{
	char what[400];
	if (access(path, R_OK) != 0)
		return error_errno("tls_cert: cannot read %s (does it belong to the user that nudged runs as?)", path);
	if (SSL_CTX_use_certificate_chain_file(ctx, path) == 1)
		return ERR_OK;
	snprintf(what, sizeof(what), "it has no certificate in PEM (-----BEGIN CERTIFICATE-----) that can be used: %s", reason());
	return refuse("tls_cert", path, what);
}

/* Clients whose certificates these signed. Tickets are off, so that each connection shows one. */
static int use_client_ca(SSL_CTX *ctx, const char *path)
{
	char what[400];
	STACK_OF(X509_NAME) *names;
	if (access(path, R_OK) != 0)
		return error_errno("tls_client_ca: cannot read %s", path);
	names = SSL_load_client_CA_file(path);
	if (!names || SSL_CTX_load_verify_file(ctx, path) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		snprintf(what, sizeof(what), "it has no certificate in PEM (-----BEGIN CERTIFICATE-----) that can be used: %s",
			 reason());
		return refuse("tls_client_ca", path, what);
	}
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return ERR_OK;
}

static int64_t seconds_of(const ASN1_TIME *at)
{
	struct tm tm;
	return at && ASN1_TIME_to_tm(at, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* When the authority's list is out of date; false: it has none. */
static bool list_of(const X509_NAME *authority, const STACK_OF(X509_OBJECT) *all, int64_t *expires)
{
	bool found = false;
	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		const X509_CRL *crl = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(all, i));
		if (!crl || X509_NAME_cmp(X509_CRL_get_issuer(crl), authority) != 0)
			continue;
		int64_t at = seconds_of(X509_CRL_get0_nextUpdate(crl));
		*expires = found && *expires > at ? *expires : at; /* of several the newest counts */
		found = true;
	}
	return found;
}

/* Each authority's, since OpenSSL lets nobody in of whose authority it has none. */
static int check_lists(const char *path, const STACK_OF(X509_OBJECT) *all, int64_t *expires)
{
	char name[200], what[400];
	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		const X509 *ca = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
		int64_t at = 0;
		if (!ca)
			continue;
		if (!list_of(X509_get_subject_name(ca), all, &at)) {
			X509_NAME_oneline(X509_get_subject_name(ca), name, sizeof(name));
			snprintf(what, sizeof(what), "it has no list of %s, whose certificate is in tls_client_ca; put one of each "
				 "authority there (openssl ca -gencrl)", name);
			return refuse("tls_client_crl", path, what);
		}
		if (at && (!*expires || at < *expires))
			*expires = at;
	}
	return ERR_OK;
}

/* Who is revoked is refused; of the whole chain, and also by a list that is out of date. */
static int use_client_crl(SSL_CTX *ctx, const char *path, int64_t *expires)
{
	char what[400];
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
	CHECK(lookup);
	if (access(path, R_OK) != 0)
		return error_errno("tls_client_crl: cannot read %s", path);
	if (X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) < 1) {
		snprintf(what, sizeof(what), "it has no revocation list in PEM (-----BEGIN X509 CRL-----) that can be used: %s", reason());
		return refuse("tls_client_crl", path, what);
	}
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	return check_lists(path, X509_STORE_get0_objects(store), expires);
}

/* The one protocol that is spoken there, or none is: what was meant for another service is not read as a request. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len,
		   void *arg)
{
	const char *ours = SSL_get_app_data(ssl);
	size_t len = strlen(ours);
	for (unsigned at = 0; at < in_len && at + 1u + in[at] <= in_len; at += 1u + in[at]) {
		if (in[at] != len || memcmp(in + at + 1, ours, len) != 0)
			continue;
		*out = in + at + 1;
		*out_len = (unsigned char)len;
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* A handshake has ended. Where it was no handshake but HTTP, that is answered on the bare socket: the client would see
 * nothing but its end. What it asked is taken first, since a socket that is closed with something unread resets. */
static void on_progress(const SSL *ssl, int where, int result)
{
	char unread[4096], answer[MISTAKEN_BYTES];
	int fd = SSL_get_fd(ssl);
	if (where != SSL_CB_ACCEPT_EXIT || result > 0 || fd < 0 || ERR_GET_REASON(ERR_peek_last_error()) != SSL_R_HTTP_REQUEST)
		return;
	for (int i = 0; i < UNREAD_PIECES && recv(fd, unread, sizeof(unread), MSG_DONTWAIT) > 0; i++)
		;
	struct slice said = mistaken_answer(fd, true, strcmp(SSL_get_app_data(ssl), TLS_HTTP) == 0, answer);
	(void)send(fd, said.data, said.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
}

static SSL_CTX *make_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	CHECK(ctx);
	CHECK(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(ctx, CIPHERS_12) == 1);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
				 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	SSL_CTX_set_info_callback(ctx, on_progress);
	return ctx;
}

static void put_time(char when[32], int64_t seconds)
{
	struct tm tm;
	strftime(when, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&(time_t){ (time_t)seconds }, &tm));
}

static void say_end_of_lists(const struct tls *t, int64_t expires)
{
	int64_t left = expires - (int64_t)time(NULL);
	char when[32];
	put_time(when, expires);
	if (expires && left <= 0)
		log_error("tls: a revocation list in %s is out of date since %s: no client with a certificate is let in; put a new one "
			  "there, then SIGHUP", t->client_crl, when);
	else if (expires && left < NEAR_LIST_S)
		log_warn("tls: a revocation list in %s is out of date from %s on, and then no client with a certificate is let in; put a "
			 "new one there, then SIGHUP", t->client_crl, when);
}

static void say_end(const struct tls *t, int64_t expires)
{
	int64_t left = expires - (int64_t)time(NULL);
	char when[32];
	put_time(when, expires);
	if (left <= 0)
		log_error("tls: the certificate in %s expired on %s: clients refuse it; put a new one there, then SIGHUP", t->cert,
			  when);
	else if (left < NEAR_S)
		log_warn("tls: the certificate in %s expires on %s, in %lld days; put a new one there, then SIGHUP", t->cert, when,
			 (long long)left / DAY_S);
}

static int make(const struct tls *t, SSL_CTX **out, struct tls_state *state)
{
	SSL_CTX *ctx = make_context();
	ERR_clear_error();
	int result = use_cert(ctx, t->cert);
	if (result == ERR_OK)
		result = use_key(ctx, t->key);
	if (result == ERR_OK && t->client_ca)
		result = use_client_ca(ctx, t->client_ca);
	if (result == ERR_OK && t->client_crl)
		result = use_client_crl(ctx, t->client_crl, &state->crl_expires);
	if (result != ERR_OK) {
		SSL_CTX_free(ctx);
		return result;
	}
	const X509 *cert = SSL_CTX_get0_certificate(ctx);
	if (X509_cmp_current_time(X509_get0_notBefore(cert)) > 0)
		log_warn("tls: the certificate in %s is not valid yet: clients refuse it until it is (or this clock is wrong)", t->cert);
	state->expires = seconds_of(X509_get0_notAfter(cert));
	state->clients = t->client_ca != NULL;
	*out = ctx;
	return ERR_OK;
}

static void take(struct tls *t, SSL_CTX *ctx, const struct tls_state *state)
{
	pthread_mutex_lock(&t->lock);
	SSL_CTX *old = t->ctx;
	t->ctx = ctx;
	t->state = *state;
	pthread_mutex_unlock(&t->lock);
	SSL_CTX_free(old);
	t->said_ns = 0;
	tls_look(t);
}

int tls_create(struct tls **out, const struct tls_files *files)
{
	SSL_CTX *ctx;
	struct tls_state state = { 0 };
	struct tls *t = must_calloc(1, sizeof(*t));
	pthread_mutex_init(&t->lock, NULL);
	t->cert = must_strdup(files->cert);
	t->key = must_strdup(files->key);
	t->client_ca = files->client_ca ? must_strdup(files->client_ca) : NULL;
	t->client_crl = files->client_crl ? must_strdup(files->client_crl) : NULL;
	int result = make(t, &ctx, &state);
	if (result != ERR_OK) {
		tls_destroy(t);
		return result;
	}
	take(t, ctx, &state);
	*out = t;
	return ERR_OK;
}

void tls_destroy(struct tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	pthread_mutex_destroy(&t->lock);
	free(t->cert);
	free(t->key);
	free(t->client_ca);
	free(t->client_crl);
	free(t);
}

int tls_reload(struct tls *t)
{
	SSL_CTX *ctx;
	struct tls_state state = { 0 };
	int result = make(t, &ctx, &state);
	if (result == ERR_OK) {
		take(t, ctx, &state);
		log_info("tls: the certificate was read again from %s; new connections get it", t->cert);
		return ERR_OK;
	}
	pthread_mutex_lock(&t->lock);
	t->state.refused = true;
	pthread_mutex_unlock(&t->lock);
	return result;
}

void tls_look(struct tls *t)
{
	uint64_t now_ns = clock_mono_ns();
	if (t->said_ns && now_ns - t->said_ns < DAY_NS)
		return;
	t->said_ns = now_ns;
	say_end(t, t->state.expires); /* this thread wrote it */
	say_end_of_lists(t, t->state.crl_expires);
}

struct ssl_st *tls_accept(struct tls *t, const char *protocol, int fd)
{
	pthread_mutex_lock(&t->lock);
	SSL *ssl = SSL_new(t->ctx);
	pthread_mutex_unlock(&t->lock);
	if (!ssl)
		return NULL;
	SSL_set_app_data(ssl, (char *)(uintptr_t)protocol);
	SSL_set_accept_state(ssl);
	if (fd >= 0 && SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	return ssl;
}

void tls_state(struct tls *t, struct tls_state *out)
{
	pthread_mutex_lock(&t->lock);
	*out = t->state;
	pthread_mutex_unlock(&t->lock);
}
