/* find/search_store.c: the store's part of a search.
 *
 *     RENAMED     whose words are not made yet: looked through, there are few
 *     the text    as an id; all of it as the beginning of a row, in each turn of its words: "lan nguyen" stands before
 *                 "lan nguyen thi", so those who are called so are found at once, however many are called Nguyen
 *     one term    of those that are typed, the one that fewest rows begin with: of each of those, the customer is looked at.
 *                 A row that has the other words as well is likely to be one; of the rest there is a bound */
#include "find/search_parts.h"

#include "base/error.h"
#include "find/index.h"
#include "find/rows.h"

#define NOTED_ROWS_MAX LIMIT_FIND_ROWS
#define STRANGERS_MAX 256u
#define COUNT_ROWS 1024u /* to see which term is the rarest */
#define HOPS_MAX 16u
#define RANGES_MAX 5u

struct range {
	char text[ROW_TEXT_BYTES + 2];
	size_t len;
};

static struct slice range_slice(const struct range *r)
{
	return (struct slice){ r->text, r->len };
}

static bool begins(struct slice whole, struct slice part)
{
	return whole.len >= part.len && memcmp(whole.data, part.data, part.len) == 0;
}

static int get(struct search_run *s, struct slice customer)
{
	struct subject subject = subject_of(SUBJECT_CUSTOMER, customer);
	bytes_clear(&s->key);
	subject_key(&subject, &s->key);
	return index_get(s->store, bytes_slice(&s->key), &s->document);
}

static int64_t newest_of(struct search_run *s, struct slice customer)
{
	struct subject subject = subject_of(SUBJECT_CUSTOMER, customer);
	int64_t newest_ms = 0;
	bytes_clear(&s->key);
	subject_key(&subject, &s->key);
	if (store_get(s->store, STORE_RECORDS, bytes_slice(&s->key), &s->row) == ERR_OK)
		(void)record_peek_newest(bytes_slice(&s->row), &newest_ms);
	return newest_ms;
}

/* By what the store says of them now; when they were heard of last is asked of those who match. */
static void consider(struct search_run *s, struct slice customer)
{
	struct document d;
	struct found_fields fields;
	if (customer.len == 0 || customer.len > LIMIT_ID_BYTES || !search_first_time(s, customer))
		return;
	s->customers++;
	if (get(s, customer) != ERR_OK || !document_read(&d, bytes_slice(&s->document)))
		return;
	enum find_rank rank = query_match(&s->query, &d, &fields);
	if (rank)
		search_add(s, customer, &d, rank, &fields, newest_of(s, customer));
}

static int consider_noted(void *arg, struct slice key, struct slice value)
{
	struct search_run *s = arg;
	struct slice customer = { key.data + 2, key.len - 2 };
	struct document d;
	struct found_fields fields;
	if (s->rows++ == NOTED_ROWS_MAX) {
		s->more = true;
		return 1;
	}
	if (search_was_seen(s, customer) || !document_read(&d, index_noted(value)))
		return 0;
	enum find_rank rank = query_match(&s->query, &d, &fields);
	if (rank && search_first_time(s, customer)) {
		s->customers++;
		search_add(s, customer, &d, rank, &fields, newest_of(s, customer));
	}
	return s->customers >= LIMIT_FIND_CUSTOMERS;
}

/* Whether all words that are typed are among the row's. Digits may be of a number, of which it does not tell. */
static bool has_all_words(const struct query *q, struct slice text)
{
	for (unsigned i = 0; i < q->folded.count; i++) {
		struct slice word = folded_word(&q->folded, i), left = text;
		bool found = false;
		while (left.len && !found) {
			found = begins(left, word);
			const char *space = memchr(left.data, ' ', left.len);
			size_t step = space ? (size_t)(space - left.data) + 1 : left.len;
			left = (struct slice){ left.data + step, left.len - step };
		}
		if (!found)
			return false;
	}
	return true;
}

struct scanning {
	struct search_run *run;
	struct slice prefix;
	unsigned counted; /* where rows are only counted */
};

static int look_at_row(void *arg, struct slice key, struct slice value)
{
	struct scanning *scan = arg;
	struct search_run *s = scan->run;
	struct slice text, customer;
	char kind;
	if (!begins(key, scan->prefix))
		return 1;
	if (s->rows++ >= LIMIT_FIND_ROWS || s->customers >= LIMIT_FIND_CUSTOMERS) {
		s->more = true;
		return 1;
	}
	if (!row_read(key, &kind, &text, &customer) || search_was_seen(s, customer))
		return 0;
	if (s->query.count > 1 && !(kind == ROW_WORDS && has_all_words(&s->query, text)) && s->strangers++ >= STRANGERS_MAX) {
		s->more = true;
		return 0;
	}
	consider(s, customer);
	return 0;
}

static int scan_range(struct search_run *s, const struct range *range)
{
	struct scanning scan = { .run = s, .prefix = range_slice(range) };
	int result = store_scan(s->store, STORE_WORDS, scan.prefix, look_at_row, &scan);
	return result > 0 ? ERR_OK : result;
}

static int count_row(void *arg, struct slice key, struct slice value)
{
	struct scanning *scan = arg;
	return !begins(key, scan->prefix) || ++scan->counted == COUNT_ROWS;
}

static void put(struct range *r, struct slice text)
{
	size_t room = sizeof(r->text) - r->len;
	size_t len = text.len < room ? text.len : room;
	memcpy(r->text + r->len, text.data, len);
	r->len += len;
}

static void begin(struct range *r, char kind)
{
	r->text[0] = kind;
	r->len = 1;
}

/* The words from `first` on, then those before it: what rows are compared with is cut as they are. */
static void words_range(const struct query *q, unsigned first, struct range *out)
{
	begin(out, ROW_WORDS);
	for (unsigned k = 0; k < q->folded.count; k++) {
		struct slice word = folded_word(&q->folded, (first + k) % q->folded.count);
		if (out->len - 1 + word.len + 1 > ROW_TEXT_BYTES)
			break;
		if (k)
			put(out, SLICE(" "));
		put(out, word);
	}
}

static unsigned number_ranges(const struct phone *number, struct range out[RANGES_MAX])
{
	struct slice digits = phone_digits(number), national = phone_national(number);
	unsigned count = 0;
	if (national.len) {
		begin(&out[count], ROW_NATIONAL);
		put(&out[count++], national);
	}
	begin(&out[count], ROW_BACKWARDS);
	for (size_t i = digits.len; i-- > 0;)
		put(&out[count], (struct slice){ digits.data + i, 1 });
	count++;
	unsigned code = phone_code_length(digits.data, number->len);
	if (!number->abroad && number->national == 0 && digits.len > code) { /* a "+" that was left out */
		begin(&out[count], ROW_NATIONAL);
		put(&out[count++], (struct slice){ digits.data + code, digits.len - code });
	}
	return count;
}

/* Where those who have the term stand. Of the words of a number the longest. */
static unsigned term_ranges(const struct query *q, const struct find_term *t, struct range out[RANGES_MAX])
{
	unsigned count = t->has_number ? number_ranges(&t->number, out) : 0;
	struct slice longest = folded_word(&q->folded, t->first);
	for (unsigned i = 1; i < t->count; i++)
		if (folded_word(&q->folded, t->first + i).len > longest.len)
			longest = folded_word(&q->folded, t->first + i);
	begin(&out[count], ROW_WORDS);
	put(&out[count++], longest);
	return count;
}

static int count_rows(struct search_run *s, const struct find_term *t, unsigned *count)
{
	struct range ranges[RANGES_MAX];
	unsigned n = term_ranges(&s->query, t, ranges);
	int result = ERR_OK;
	*count = 0;
	for (unsigned i = 0; i < n && result == ERR_OK; i++) {
		struct scanning scan = { .prefix = range_slice(&ranges[i]) };
		result = store_scan(s->store, STORE_WORDS, scan.prefix, count_row, &scan);
		result = result > 0 ? ERR_OK : result;
		*count += scan.counted;
	}
	return result;
}

static int scan_rarest(struct search_run *s)
{
	const struct find_term *rarest = &s->query.terms[0];
	struct range ranges[RANGES_MAX];
	unsigned fewest = 0;
	int result = ERR_OK;
	for (unsigned i = 0; i < s->query.count && s->query.count > 1 && result == ERR_OK; i++) {
		unsigned count;
		result = count_rows(s, &s->query.terms[i], &count);
		if (i == 0 || count < fewest) {
			rarest = &s->query.terms[i];
			fewest = count;
		}
	}
	unsigned n = term_ranges(&s->query, rarest, ranges);
	for (unsigned i = 0; i < n && result == ERR_OK; i++)
		result = scan_range(s, &ranges[i]);
	return result;
}

static int scan_whole(struct search_run *s)
{
	const struct query *q = &s->query;
	struct range range;
	int result = ERR_OK;
	if (q->text.len <= LIMIT_ID_BYTES)
		consider(s, q->text);
	for (unsigned i = 0; i < 2 && result == ERR_OK; i++) { /* masked values: a text, or a number */
		bool number = q->count == 1 && q->terms[0].has_number;
		if (i && !number)
			break;
		begin(&range, ROW_MASKED);
		put(&range, i ? phone_national(&q->terms[0].number) : folded_text(&q->folded));
		put(&range, (struct slice){ "\0", 1 });
		result = scan_range(s, &range);
	}
	for (unsigned i = 0; i < q->folded.count && q->folded.count > 1 && result == ERR_OK; i++) {
		words_range(q, i, &range);
		result = scan_range(s, &range);
	}
	return result;
}

/* Who it is that those were merged into, and what they are called. */
static void follow(struct search_run *s, struct find_hit *hit)
{
	struct document d;
	for (unsigned hops = 0; hops < HOPS_MAX; hops++) {
		if (get(s, hit->customer) != ERR_OK || !document_read(&d, bytes_slice(&s->document)))
			return; /* not stored yet: its shard says */
		if (!d.redirect.len)
			break;
		hit->customer = arena_slice(&s->arena, d.redirect);
	}
	hit->label = arena_slice(&s->arena, document_label(&d, hit->customer));
	hit->newest_ms = newest_of(s, hit->customer);
}

int search_store(struct search_run *s, struct store *store)
{
	s->store = store;
	int result = store_scan(store, STORE_RENAMED, SLICE(""), consider_noted, s);
	s->rows = 0;
	if (result >= 0)
		result = scan_whole(s);
	if (result == ERR_OK)
		result = scan_rarest(s);
	for (unsigned i = 0; i < s->count && result == ERR_OK; i++)
		if (s->hits[i].merged_from.len)
			follow(s, &s->hits[i]);
	return result;
}
