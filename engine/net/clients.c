/* net/clients.c: see clients.h. One table behind one lock: it is asked when a connection begins or ends, and, where a rate is set,
 * once a request. Who has left stays known until its buckets are full again, or leaving would pay its debts. */
#include "net/clients.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CHAINS 1024u
#define IDS_MAX 64u
#define GROUPS_MAX 256u
#define LOG_EVERY_NS 1000000000u

/* Tokens that are not known: so many at once, then one in so many seconds; beyond that the answers wait. */
static const struct bucket_size failures = { 1.0 / 6, 10 };

enum reason { OVER_RATE, OVER_CONNECTIONS, OVER_USERS, OVER_FAILURES, REASONS };

struct ids {
	uint32_t items[IDS_MAX];
	unsigned count;
};

struct clients {
	pthread_mutex_t lock;
	_Atomic uint64_t rate, unlimited; /* unlimited: 0, for whom no rate is kept */
	uint64_t burst, connections;
	unsigned mode;
	struct ids users, groups;
	struct client *chains[CHAINS];
	unsigned known;
	uint64_t counts[REASONS], said_ns[REASONS], unsaid[REASONS];
};

/* --- settings --- */

static int find_id(const char *setting, const char *name, bool group, uint32_t *out)
{
	char *end;
	unsigned long number = strtoul(name, &end, 10);
	if (end != name && !*end) {
		*out = (uint32_t)number;
		return ERR_OK;
	}
	struct passwd *user = group ? NULL : getpwnam(name);
	struct group *of = group ? getgrnam(name) : NULL;
	if (!user && !of)
		return error_set(ERR_INVALID, setting, "%s: there is no %s %s here", setting, group ? "group" : "user", name);
	*out = user ? user->pw_uid : of->gr_gid;
	return ERR_OK;
}

static int parse_ids(const char *setting, const char *text, bool group, struct ids *out)
{
	char name[80];
	while (text && *text) {
		size_t len = strcspn(text, ", ");
		snprintf(name, sizeof(name), "%.*s", (int)len, text);
		if (len && out->count == IDS_MAX)
			return error_set(ERR_LIMIT, setting, "%s: at most %u may be named", setting, IDS_MAX);
		if (len && find_id(setting, name, group, &out->items[out->count++]) != ERR_OK)
			return error_last()->code;
		text += len + (text[len] != '\0');
	}
	return ERR_OK;
}

static int parse_mode(const char *text, unsigned *out)
{
	char *end;
	*out = text ? (unsigned)strtoul(text, &end, 8) : 0660;
	if (text && (end == text || *end || *out > 0777 || !(*out & 0200)))
		return error_set(ERR_INVALID, "listen_mode", "listen_mode = %s: a file's mode in octal digits is wanted, with which its "
				 "owner may write: 0600, 0660, 0666", text);
	return ERR_OK;
}

int clients_create(struct clients **out, const struct clients_config *config)
{
	struct clients *all = must_calloc(1, sizeof(*all));
	pthread_mutex_init(&all->lock, NULL);
	int result = parse_mode(config->mode, &all->mode);
	if (result == ERR_OK)
		result = parse_ids("listen_users", config->users, false, &all->users);
	if (result == ERR_OK)
		result = parse_ids("listen_groups", config->groups, true, &all->groups);
	clients_set_limits(all, &config->limits);
	if (result == ERR_OK)
		*out = all;
	else
		clients_destroy(all);
	return result;
}

void clients_destroy(struct clients *all)
{
	for (unsigned i = 0; all && i < CHAINS; i++) {
		while (all->chains[i]) {
			struct client *c = all->chains[i];
			all->chains[i] = c->next;
			free(c);
		}
	}
	if (all)
		pthread_mutex_destroy(&all->lock);
	free(all);
}

void clients_set_limits(struct clients *all, const struct client_limits *limits)
{
	pthread_mutex_lock(&all->lock);
	atomic_store(&all->rate, limits->rate);
	all->burst = limits->burst ? limits->burst : limits->rate;
	all->connections = limits->connections ? limits->connections : UINT64_MAX;
	pthread_mutex_unlock(&all->lock);
}

unsigned clients_unix_mode(const struct clients *all)
{
	return all->mode;
}

static struct bucket_size size_of(const struct clients *all)
{
	uint64_t rate = atomic_load(&all->rate);
	return (struct bucket_size){ (double)(rate ? rate : 1), (double)(all->burst ? all->burst : 1) };
}

/* --- the table; each with the lock --- */

/* One line a second for each reason. */
static void say(struct clients *all, enum reason why, const char *who, const char *what)
{
	uint64_t now_ns = clock_mono_ns(), others = all->unsaid[why];
	all->counts[why]++;
	all->unsaid[why]++;
	if (all->said_ns[why] && now_ns - all->said_ns[why] < LOG_EVERY_NS)
		return;
	all->said_ns[why] = now_ns;
	all->unsaid[why] = 0;
	if (others)
		log_warn("limited: %s %s (and %llu times more, of whoever)", who, what, (unsigned long long)others);
	else
		log_warn("limited: %s %s", who, what);
}

static bool is_forgettable(struct client *c, uint64_t now_ns)
{
	return !c->held && bucket_is_full(&c->requests, size_of(c->all), now_ns) && bucket_is_full(&c->failures, failures, now_ns);
}

/* Where there are too many: those who owe nothing, else anybody who is not here. */
static void sweep(struct clients *all, uint64_t now_ns, bool anybody)
{
	for (unsigned i = 0; i < CHAINS; i++) {
		for (struct client **at = &all->chains[i]; *at;) {
			struct client *c = *at;
			if (is_forgettable(c, now_ns) || (anybody && !c->held)) {
				*at = c->next;
				all->known--;
				free(c);
			} else {
				at = &c->next;
			}
		}
	}
}

static struct client *hold(struct clients *all, const char *name, bool limited)
{
	uint64_t hash = hash64(slice_of(name), 0), now_ns = clock_mono_ns();
	struct client *c = all->chains[hash % CHAINS];
	while (c && (c->hash != hash || strcmp(c->name, name) != 0))
		c = c->next;
	if (!c) {
		if (all->known >= LIMIT_CLIENTS)
			sweep(all, now_ns, false);
		if (all->known >= LIMIT_CLIENTS)
			sweep(all, now_ns, true);
		c = must_calloc(1, sizeof(*c));
		snprintf(c->name, sizeof(c->name), "%s", name);
		c->rate = limited ? &all->rate : &all->unlimited;
		c->all = all;
		c->hash = hash;
		bucket_init(&c->requests, size_of(all), now_ns);
		bucket_init(&c->failures, failures, now_ns);
		c->next = all->chains[hash % CHAINS];
		all->chains[hash % CHAINS] = c;
		all->known++;
	}
	c->held++;
	return c;
}

/* NULL: one connection too many, where those are `bounded`. */
static struct client *enter(struct clients *all, const char *name, bool limited, bool bounded)
{
	pthread_mutex_lock(&all->lock);
	struct client *c = hold(all, name, limited);
	if (bounded && c->connections >= all->connections) {
		say(all, OVER_CONNECTIONS, name, "has client_connections open already: another one is refused");
		c->held--;
		c = NULL;
	} else {
		c->connections++;
	}
	pthread_mutex_unlock(&all->lock);
	return c;
}

/* --- who is there --- */

static bool has(const struct ids *ids, uint32_t id)
{
	for (unsigned i = 0; i < ids->count; i++)
		if (ids->items[i] == id)
			return true;
	return false;
}

static bool has_group(const struct clients *all, int fd, const struct ucred *who)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);
	if (has(&all->groups, who->gid))
		return true;
	if (!all->groups.count || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		if (has(&all->groups, groups[i]))
			return true;
	return false;
}

static struct client *meet_user(struct clients *all, int fd)
{
	struct ucred who = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(who);
	char name[32], what[120];
	bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 && who.uid != (uid_t)-1;
	snprintf(name, sizeof(name), "user %d", (int)who.uid);
	if ((all->users.count || all->groups.count) && !(known && (has(&all->users, who.uid) || has_group(all, fd, &who)))) {
		snprintf(what, sizeof(what), "(process %d) is not let in: it is not of listen_users, nor of listen_groups", (int)who.pid);
		pthread_mutex_lock(&all->lock);
		say(all, OVER_USERS, name, what);
		pthread_mutex_unlock(&all->lock);
		return NULL;
	}
	log_debug("a connection of %s, group %d, process %d", name, (int)who.gid, (int)who.pid);
	return enter(all, name, false, false);
}

/* An address as a client has it: the last half of an IPv6 address is the client's to choose. */
static void name_address(const struct sockaddr_storage *at, char *out, size_t size)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)at;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)at;
	struct in6_addr net = v6->sin6_addr;
	if (at->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&net)) {
		inet_ntop(AF_INET, net.s6_addr + 12, out, (socklen_t)size);
	} else if (at->ss_family == AF_INET6) {
		memset(net.s6_addr + 8, 0, 8);
		inet_ntop(AF_INET6, &net, out, (socklen_t)size);
		snprintf(out + strlen(out), size - strlen(out), "/64");
	} else {
		inet_ntop(AF_INET, &v4->sin_addr, out, (socklen_t)size);
	}
}

struct client *clients_meet(struct clients *all, int fd, bool tls)
{
	struct sockaddr_storage at = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(at);
	char name[INET6_ADDRSTRLEN + 8] = "";
	if (getpeername(fd, (struct sockaddr *)&at, &len) != 0)
		return NULL; /* it has left already */
	if (at.ss_family == AF_UNIX)
		return meet_user(all, fd);
	name_address(&at, name, sizeof(name));
	return enter(all, name, true, tls);
}

struct client *clients_token(struct clients *all, const char *token, bool connects)
{
	char name[LIMIT_TOKEN_NAME_BYTES + 8];
	snprintf(name, sizeof(name), "token %s", token);
	if (connects)
		return enter(all, name, true, true);
	pthread_mutex_lock(&all->lock);
	struct client *c = hold(all, name, true);
	pthread_mutex_unlock(&all->lock);
	return c;
}

void client_is_token(struct client *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->all->lock);
	c->connections--;
	pthread_mutex_unlock(&c->all->lock);
}

struct client *client_hold(struct client *c)
{
	if (!c)
		return NULL;
	pthread_mutex_lock(&c->all->lock);
	c->held++;
	pthread_mutex_unlock(&c->all->lock);
	return c;
}

void client_leave(struct client *c, bool connected)
{
	if (!c)
		return;
	struct clients *all = c->all;
	pthread_mutex_lock(&all->lock);
	c->held--;
	c->connections -= connected;
	pthread_mutex_unlock(&all->lock);
}

/* --- what it asks --- */

uint64_t client_wait_ns(struct client *c)
{
	struct clients *all = c->all;
	char what[120];
	pthread_mutex_lock(&all->lock);
	uint64_t wait_ns = atomic_load(c->rate) ? bucket_wait_ns(&c->requests, size_of(all), clock_mono_ns()) : 0;
	if (wait_ns) {
		snprintf(what, sizeof(what), "asks more than client_rate (%llu a second): it waits",
			 (unsigned long long)atomic_load(&all->rate));
		say(all, OVER_RATE, c->name, what);
	}
	pthread_mutex_unlock(&all->lock);
	return wait_ns;
}

void client_charge(struct client *c, uint64_t count)
{
	pthread_mutex_lock(&c->all->lock);
	bucket_take(&c->requests, count);
	pthread_mutex_unlock(&c->all->lock);
}

bool client_failed(struct client *c)
{
	if (!c)
		return false;
	pthread_mutex_lock(&c->all->lock);
	bool over = bucket_wait_ns(&c->failures, failures, clock_mono_ns()) != 0;
	if (over)
		say(c->all, OVER_FAILURES, c->name, "shows tokens that are not known, again and again: the answers wait");
	else
		bucket_take(&c->failures, 1);
	pthread_mutex_unlock(&c->all->lock);
	return over;
}

void clients_stats(struct clients *all, struct clients_stats *out)
{
	pthread_mutex_lock(&all->lock);
	*out = (struct clients_stats){ all->counts[OVER_RATE], all->counts[OVER_CONNECTIONS], all->counts[OVER_USERS],
				       all->counts[OVER_FAILURES], all->known };
	pthread_mutex_unlock(&all->lock);
}
