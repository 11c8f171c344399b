/* comments.h: the comments of nudge.proto as data, for documents that are made from the schema (comments.py). */
#ifndef NUDGE_COMMENTS_H
#define NUDGE_COMMENTS_H

struct proto_comment {
	const char *message, *field; /* field "": of the message itself */
	const char *text;
};
extern const struct proto_comment proto_comments[]; /* by message, then field */
extern const unsigned proto_comment_count;

#endif
