/* access/access.h: who may do what, as the file of tokens says now. A session keeps a grant: what its token allows, as a set
 * of bits, and the generation of the file that this was read from. A check is a comparison and a bit, until the file
 * changes: then the token's hash is looked up again, so that a revoked token stops at its next request. Any thread. */
#ifndef NUDGED_ACCESS_ACCESS_H
#define NUDGED_ACCESS_ACCESS_H

#include "access/roles.h"
#include "access/tokens.h"

#include <stdatomic.h>

struct access;

struct access_grant {
	uint64_t generation; /* 0: no token was shown */
	uint32_t roles;
	bool revoked; /* it had a token that is none any more */
	unsigned char hash[TOKEN_HASH_BYTES];
	char name[LIMIT_TOKEN_NAME_BYTES + 1];
};

/* Reads the file: as tokens_read. */
int access_create(struct access **out, const char *path);
void access_destroy(struct access *a); /* NULL-safe */
/* Reads it again where it has changed, or in any case. What is refused leaves the old one in force, and is logged once. */
void access_refresh(struct access *a, bool always);

/* A token is shown. ERR_DENIED: it is empty, or not known; counted and logged. `field`: where it should have been. */
int access_admit(struct access *a, struct access_grant *g, struct slice token, const char *field);
/* Whether it may. ERR_DENIED names the role that is missing; counted and logged. `what`: the request, for people. */
int access_check(struct access *a, struct access_grant *g, enum access_role role, const char *what);
/* The same without a word: for what is pushed. */
bool access_allows(struct access *a, struct access_grant *g, enum access_role role);

/* Another's refusal (the last error), counted and logged with the others. Returns its code. */
int access_refuse(struct access *a);

struct access_stats {
	uint64_t denied;  /* requests and tokens */
	unsigned tokens;  /* in force */
	bool stale;       /* the file as it is now is refused: an older one is in force */
};
void access_stats(struct access *a, struct access_stats *out);

#endif
