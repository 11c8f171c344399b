/* proto/tls.c: the TLS side of a connection (connection.h): its handshake, its bytes, and in words what is wrong with the other
 * side's certificate. Host and certificate are always verified: there is no switch that turns it off, since a token is sent.
 *
 * OpenSSL's own socket BIO would raise SIGPIPE in a program that has not ignored it, so bytes go through one of ours. */
#include "connection.h"
#include "nudge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ALPN "\x05nudge"

static bool must_wait(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static int bio_write(BIO *b, const char *data, int len)
{
	ssize_t n = send((int)(intptr_t)BIO_get_data(b), data, (size_t)len, MSG_NOSIGNAL);
	BIO_clear_retry_flags(b);
	if (n < 0 && must_wait())
		BIO_set_retry_write(b);
	return (int)n;
}

static int bio_read(BIO *b, char *data, int room)
{
	ssize_t n = recv((int)(intptr_t)BIO_get_data(b), data, (size_t)room, 0);
	BIO_clear_retry_flags(b);
	if (n < 0 && must_wait())
		BIO_set_retry_read(b);
	if (n == 0)
		BIO_set_flags(b, BIO_FLAGS_IN_EOF);
	return (int)n;
}

static long bio_ctrl(BIO *b, int command, long number, void *pointer)
{
	if (command == BIO_CTRL_EOF)
		return BIO_test_flags(b, BIO_FLAGS_IN_EOF) != 0;
	return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static BIO *bio_of(struct connection *c)
{
	if (!c->tls_method) {
		c->tls_method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "nudge");
		if (!c->tls_method || !BIO_meth_set_write(c->tls_method, bio_write) || !BIO_meth_set_read(c->tls_method, bio_read) ||
		    !BIO_meth_set_ctrl(c->tls_method, bio_ctrl))
			return NULL;
	}
	BIO *b = BIO_new(c->tls_method);
	if (b) {
		BIO_set_data(b, (void *)(intptr_t)c->fd);
		BIO_set_init(b, 1);
	}
	return b;
}

static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_error());
	return text ? text : "no reason is given";
}

static const char *or_environment(const char *given, const char *name)
{
	const char *value = given ? given : getenv(name);
	return value && *value ? value : NULL;
}

static int cannot_use(struct connection *c, const char *what, const char *path)
{
	const char *why = access(path, R_OK) != 0 ? strerror(errno) : reason();
	int rc = connection_fail(c, NUDGE_INVALID, "cannot use %s as %s: %s", path, what, why);
	ERR_clear_error();
	return rc;
}

/* The client's own certificate; one file may have both. */
static int use_own(struct connection *c, const struct connection_tls *t)
{
	const char *cert = or_environment(t->cert, "NUDGE_TLS_CERT"), *key = or_environment(t->key, "NUDGE_TLS_KEY");
	if (!cert && key)
		return connection_fail(c, NUDGE_INVALID, "a key for TLS is named (%s), and no certificate", key);
	if (!cert)
		return NUDGE_OK;
	key = key ? key : cert;
	if (SSL_CTX_use_certificate_chain_file(c->tls_context, cert) != 1)
		return cannot_use(c, "this client's certificate", cert);
	if (SSL_CTX_use_PrivateKey_file(c->tls_context, key, SSL_FILETYPE_PEM) != 1)
		return cannot_use(c, "the key of this client's certificate", key);
	return NUDGE_OK;
}

static int no_passphrase(char *out, int size, int writing, void *arg)
{
	return 0; /* a library does not ask on a terminal */
}

static int make_context(struct connection *c, const struct connection_tls *t)
{
	const char *ca = or_environment(t->ca, "NUDGE_TLS_CA");
	SSL_CTX *ctx = c->tls_context = SSL_CTX_new(TLS_client_method());
	if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		return connection_fail(c, NUDGE_FAILED, "TLS cannot begin: %s", reason());
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (ca && SSL_CTX_load_verify_file(ctx, ca) != 1)
		return cannot_use(c, "the certificates to trust (PEM)", ca);
	if (!ca && SSL_CTX_set_default_verify_paths(ctx) != 1)
		return connection_fail(c, NUDGE_FAILED, "the system's certificates cannot be read: %s", reason());
	return use_own(c, t);
}

/* A number is no name: it is sent to nobody, and stands in another field of the certificate. */
static bool set_host(SSL *ssl, const char *host)
{
	struct in6_addr any;
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	if (inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

/* What to do about a certificate that was not believed. */
static const char *advice(long verified)
{
	switch (verified) {
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return "nobody whom this client trusts signed it. If it is yours, name it, or the one that signed it: --tls-ca FILE, "
		       "$NUDGE_TLS_CA";
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return "it is another host's: connect by a name that stands in it (openssl x509 -in FILE -noout -ext subjectAltName)";
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "its time is over: the daemon needs a new one (or this machine's clock is wrong)";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "its time has not begun: is this machine's clock right?";
	default:
		return "see the daemon's tls_cert";
	}
}

static int failed(struct connection *c, int error)
{
	long verified = SSL_get_verify_result(c->tls);
	int why = ERR_GET_REASON(ERR_peek_error()), rc;
	if (verified != X509_V_OK)
		rc = connection_fail(c, NUDGE_INVALID, "the certificate of %s is not believed: %s; %s", c->tls_host,
				     X509_verify_cert_error_string(verified), advice(verified));
	else if (why == SSL_R_WRONG_VERSION_NUMBER)
		rc = connection_fail(c, NUDGE_INVALID, "%s does not speak TLS there: is it tcp:HOST:PORT?", c->tls_host);
	else if (why == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED || why == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE)
		rc = connection_fail(c, NUDGE_INVALID, "%s wants a certificate of this client (%s): --tls-cert FILE and --tls-key FILE, "
				     "$NUDGE_TLS_CERT and $NUDGE_TLS_KEY", c->tls_host, reason());
	else if (why == SSL_R_TLSV1_ALERT_UNKNOWN_CA || why == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
		 why == SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED)
		rc = connection_fail(c, NUDGE_INVALID, "%s does not accept this client's certificate: %s", c->tls_host, reason());
	else
		rc = connection_fail(c, NUDGE_CLOSED, "the connection is gone: %s", error == SSL_ERROR_SSL ? reason() : "closed by the server");
	ERR_clear_error();
	return rc;
}

int connection_tls_begin(struct connection *c, const char *host, int64_t deadline)
{
	int rc = make_context(c, &c->files);
	if (rc != NUDGE_OK)
		return rc;
	BIO *b = bio_of(c);
	SSL *ssl = c->tls = SSL_new(c->tls_context);
	snprintf(c->tls_host, sizeof(c->tls_host), "%s", host);
	if (!b || !ssl || !set_host(ssl, host) || SSL_set_alpn_protos(ssl, (const unsigned char *)ALPN, sizeof(ALPN) - 1) != 0) {
		BIO_free(b);
		return connection_fail(c, NUDGE_FAILED, "TLS cannot begin with %s: %s", host, reason());
	}
	SSL_set_bio(ssl, b, b);
	for (;;) {
		ERR_clear_error();
		int result = SSL_connect(ssl), error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, result);
		if (error == SSL_ERROR_NONE)
			return NUDGE_OK;
		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
			return failed(c, error);
		rc = connection_wait(c, error == SSL_ERROR_WANT_WRITE, deadline);
		if (rc != NUDGE_OK)
			return rc;
	}
}

/* -1 and errno EAGAIN: not now. -1 and another: the words stand in c->error. */
static ssize_t outcome(struct connection *c, int result, bool own_is_read)
{
	int error = SSL_get_error(c->tls, result);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		*(own_is_read ? &c->read_writes : &c->write_reads) = own_is_read == (error == SSL_ERROR_WANT_WRITE);
		errno = EAGAIN;
		return -1;
	}
	if (error == SSL_ERROR_ZERO_RETURN)
		return 0;
	failed(c, error);
	c->tls_broken = true;
	errno = EPROTO;
	return -1;
}

ssize_t connection_tls_send(struct connection *c, const void *data, size_t len)
{
	size_t done;
	c->write_reads = false;
	ERR_clear_error();
	int result = SSL_write_ex(c->tls, data, len, &done);
	return result == 1 ? (ssize_t)done : outcome(c, result, false);
}

ssize_t connection_tls_receive(struct connection *c, void *data, size_t room)
{
	size_t done;
	c->read_writes = false;
	ERR_clear_error();
	int result = SSL_read_ex(c->tls, data, room, &done);
	return result == 1 ? (ssize_t)done : outcome(c, result, true);
}

void connection_tls_end(struct connection *c)
{
	ERR_clear_error();
	if (c->tls && !c->tls_broken && SSL_is_init_finished(c->tls))
		SSL_shutdown(c->tls);
	SSL_free(c->tls);
	SSL_CTX_free(c->tls_context);
	BIO_meth_free(c->tls_method);
	c->tls = NULL;
	c->tls_context = NULL;
	c->tls_method = NULL;
	c->tls_broken = c->read_writes = c->write_reads = false;
	ERR_clear_error();
}
