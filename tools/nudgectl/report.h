/* nudgectl/report.h: how the tool talks to a person: errors that say what to do, colour, and the terminal's width. */
#ifndef NUDGECTL_REPORT_H
#define NUDGECTL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* "nudgectl: …" on standard error. They return the exit code that goes with it. */
int report_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2))); /* a line beneath, indented */
int report_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN, STYLE_YELLOW, STYLE_BLUE };

/* Looks at the terminal and at NO_COLOR. after_usage: what follows an error of usage, e.g. which commands there are. */
void report_init(void (*after_usage)(void));
const char *style_on(FILE *to, enum style s); /* escape sequence, or "" where there is no colour */
const char *style_off(FILE *to);
int report_width(FILE *to); /* columns; 100 where it is no terminal */
bool report_is_terminal(FILE *to);

int text_width(const char *text); /* columns on a terminal, by Unicode */
/* Prints `len` bytes (control characters shown as '?'), returns the columns used. */
int text_put(FILE *to, const char *text, size_t len);
/* How many bytes make the next line of that many columns: whole words, or as much of a word that is longer; up to a
 * newline. The line after it begins at text_next_line(text + that). */
size_t text_line(const char *text, int columns);
const char *text_next_line(const char *after);
/* Words wrapped to the terminal's width, each line behind `indent` blanks. text_flow goes on where `column` columns of
 * the first line are used already. */
void text_wrap(FILE *to, int indent, const char *text);
void text_flow(FILE *to, int column, int indent, const char *text);

/* "2026-06-28 19:32:00Z", or with the offset of the zone that $TZ names; "-" for 0. These share sixteen
 * rotating buffers: enough for one line. */
const char *time_text(int64_t time_ms);
const char *time_short(int64_t time_ms); /* where the terminal is narrow: "06-28 19:32"; with the year if not this one */
const char *plural_text(uint64_t n, const char *one, const char *many); /* 1 record, 2 records */
const char *microseconds_text(double us);                               /* 4.2 us, 262 us, 2.4 ms, 1.3 s */
const char *count_text(uint64_t n);        /* 30,138 */
const char *money_text(double minor, const char *currency); /* 1,905 of EUR: 19.05 */
const char *number_short(double n);        /* three decimals at most, as reasons have them */
const char *duration_text(double seconds); /* 1.3 s, 4 min 10 s, 2 h 5 min */
const char *size_text(double bytes);       /* 1.3 MiB */

#endif
