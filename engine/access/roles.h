/* access/roles.h: what somebody must be allowed to do, by the kind of request: one table for the protobuf sockets, which
 * know a request by its number, and for HTTP, whose routes know it by its name. */
#ifndef NUDGED_ACCESS_ROLES_H
#define NUDGED_ACCESS_ROLES_H

#include "base/slice.h"
#include "wire/request.h"

enum access_role {
	ROLE_NOBODY, /* what the table does not have */
	ROLE_NONE,   /* anybody */
	ROLE_PUBLISH,
	ROLE_RECOMMEND,
	ROLE_READ,
	ROLE_AUTHOR,
	ROLE_OPERATE,
	ROLES
};
#define ROLES_TEXT "publish, recommend, read, author, operate"
#define ROLES_TEXT_BYTES 64

const char *role_name(enum access_role role);
enum access_role role_of_kind(enum request_kind kind);
enum access_role role_of_name(const char *kind); /* "publish": the name of the body in a Request */
const char *kind_name(enum request_kind kind);

/* Roles as a set: bit 1u << role. "read,operate"; blanks may follow the commas. ERR_INVALID names the one that is none. */
int roles_parse(const char *text, uint32_t *out);
void roles_text(uint32_t roles, char out[ROLES_TEXT_BYTES]);

#endif
