/* access/sessions.h: people who are logged in with a browser. A token that was shown once makes a session, whose id the
 * browser keeps in a cookie instead of the token. The id is 256 random bits and kept hashed, as tokens are; nothing of it is
 * on disk: a restart logs everybody out. A session holds the grant of its token, so that it is worth no more than
 * the file of tokens says at that moment (access.h). It ends when it is told to, when nobody asked by it for
 * LIMIT_SESSION_IDLE_MS, and LIMIT_SESSION_MS after it began. One thread. */
#ifndef NUDGED_ACCESS_SESSIONS_H
#define NUDGED_ACCESS_SESSIONS_H

#include "access/access.h"

#define SESSION_TEXT_BYTES 65u /* 64 hexadecimal digits, 0 */

struct sessions {
	struct session *items;
	unsigned count, cap;
};

void sessions_init(struct sessions *s);
void sessions_finish(struct sessions *s);
/* Where there are LIMIT_SESSIONS already, one ends of the token that has the most: the one that has been idle for longest. */
void sessions_begin(struct sessions *s, const struct access_grant *g, uint64_t now_ns, char id[SESSION_TEXT_BYTES]);
/* Whose it is, and that it was used now. NULL: there is none (any more), and the last error says so. Lent until the next
 * call. ends_ns (may be NULL): when it ends at the latest. */
struct access_grant *sessions_find(struct sessions *s, struct slice id, uint64_t now_ns, uint64_t *ends_ns);
bool sessions_end(struct sessions *s, struct slice id); /* false: there was none */
/* Those whose time is over. */
void sessions_tick(struct sessions *s, uint64_t now_ns);

/* What a page of ours knows of its session and no other page does, for requests that change something (CSRF): made from the
 * id, which it does not tell. */
void session_csrf(struct slice id, char out[SESSION_TEXT_BYTES]);
bool session_csrf_is(struct slice id, const char *shown);

#endif
