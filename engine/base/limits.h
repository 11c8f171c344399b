/* base/limits.h: every bound of the daemon, in one place, each with its arithmetic.
 *
 * A refusal names the limit by the name it has here (in lower case), so that a user can find it.
 * Changing one that the comment calls "on disk" changes the format: raise the format's version too. */
#ifndef NUDGED_BASE_LIMITS_H
#define NUDGED_BASE_LIMITS_H

#define KIB (1024u)
#define MIB (1024u * 1024u)

/* Wire. protobuf-c can unpack 1 MiB into 76 MiB (hazard), so an arena of 8 times the frame bounds it. */
#define LIMIT_FRAME_BYTES (1u * MIB)
#define LIMIT_FRAME_ARENA_FACTOR 8u
#define LIMIT_FRAME_VARINT_BYTES 5u
#define LIMIT_BATCH_EVENTS 1024u       /* events in one publish request */
#define LIMIT_IN_FLIGHT 4096u          /* requests of one connection not answered yet: then reading stops */
#define LIMIT_OUTPUT_BYTES (1u * MIB)  /* replies waiting in one connection: then reading stops */
#define LIMIT_FOLLOWER_BYTES (256u * KIB) /* pushed alerts waiting in one connection: then it is told what it missed */
#define LIMIT_CONNECTIONS 1024u
#define LIMIT_TOKENS 1000u              /* in the file of tokens: each is compared with one that is shown, some 20 us in all */
#define LIMIT_TOKEN_BYTES 128u         /* as it is shown; those that are made have 70 */
#define LIMIT_TOKEN_NAME_BYTES 64u
#define LIMIT_SESSIONS 1024u           /* people logged in with browsers, some 200 bytes each: then one of whose are most ends */
#define LIMIT_SESSION_IDLE_MS 1800000u /* half an hour after the last page of it was closed */
#define LIMIT_SESSION_MS 43200000u     /* twelve hours: no shift is longer */
#define LIMIT_LOGINS_REFUSED 16u       /* that wait for their answer; other wrong ones are sent away meanwhile */
#define LIMIT_LOGIN_REFUSED_MS 1000u   /* how long each waits: guessing takes its time */
#define LIMIT_HANDSHAKE_MS 10000u      /* from connecting to Hello: idle strangers do not hold places. For TLS's own handshake as long */
#define LIMIT_CLIENTS 4096u            /* known at once: over all that can be connected, so that debts are remembered; 200 bytes each */
#define LIMIT_DENIED_MS 1000u          /* how long the answer waits, for who shows wrong tokens again and again */
#define LIMIT_TLS_HANDSHAKES 256u      /* unfinished at once, some 60 KiB each: then the oldest of the client who has most is closed */

/* HTTP gateway. What its connections have sent and nobody has read is bounded for all of them together: 1,024 bodies of
 * 1 MiB would be 1 GiB. The largest answer in the making and its JSON come to some tens of MiB, one at a time. */
#define LIMIT_HTTP_ADDRESSES 8u         /* that the gateway listens on */
#define LIMIT_HTTP_CONNECTIONS 1024u   /* then, of the source that has most, the one that has been idle for longest is closed */
#define LIMIT_HTTP_WAITING 256u        /* for a place of those, where all of the source's own are in use; then a new one is closed */
#define LIMIT_HTTP_HEADER_BYTES (8u * KIB)
#define LIMIT_HTTP_BODY_BYTES (1u * MIB)
#define LIMIT_HTTP_BODY_VALUES (96u * KIB) /* of a JSON body; LIMIT_BATCH_EVENTS of LIMIT_ATTRIBUTES each have fewer */
#define LIMIT_HTTP_HELD_BYTES (64u * MIB) /* all connections together; then the largest of the source that holds most is closed */
#define LIMIT_HTTP_SOCKET_BYTES (128u * KIB) /* that the system may hold of a connection, each way; it takes twice that */
#define LIMIT_HTTP_STREAM_BYTES (16u * KIB)  /* … of an event stream's, towards the client: what is not taken is to wait in its feed */
#define LIMIT_HTTP_REQUEST_MS 10000u   /* from a request's first byte to its last */
#define LIMIT_HTTP_SPARED_MS 1000u     /* a new connection, and one after an answer; then another may have its place */
#define LIMIT_HTTP_IDLE_MS 60000u      /* between two requests; and for a client that takes nothing of its answer */
#define LIMIT_HTTP_ANSWER_MS 60000u    /* for the shards; then the client is told `timeout` */
#define LIMIT_HTTP_ASKED 1024u         /* questions on their way to the shards; then `busy` */
#define LIMIT_HTTP_ASIDE 32u           /* large bodies that wait for their turn to be parsed; then `busy` */
#define LIMIT_HTTP_ASIDE_EACH 24u      /* of these of one source */
#define LIMIT_HTTP_LINK_BYTES (8u * MIB)  /* questions that a shard has not taken yet; then `busy` */
#define LIMIT_HTTP_FOLLOWERS 256u      /* event streams */
#define LIMIT_HTTP_FOLLOWER_BYTES (256u * KIB) /* that one of them has not taken; then its feed waits */
#define LIMIT_HTTP_PING_MS 15000u      /* between two signs of life on a quiet event stream */

/* The daemon's own figures over time (shard/figures.h), in memory: at most 81 of 8 bytes a sample, 1.4 MB in all. */
#define FIGURES_STEP_MS 5000u
#define FIGURES_KEPT 720u              /* an hour */
#define FIGURES_LONG_STEP_MS 60000u
#define FIGURES_LONG_KEPT 1440u        /* a day: with 16 shards just under LIMIT_FRAME_BYTES */

/* Event. */
#define LIMIT_ID_BYTES 64u             /* customer, member, agent, contact, area, event id, source: on disk, one length byte */
#define LIMIT_ALIAS_BYTES 128u         /* an email address may be longer than an id; longest subject id, on disk */
#define LIMIT_TYPE_BYTES 64u
#define LIMIT_CHANNEL_BYTES 32u
#define LIMIT_ATTRIBUTES 64u           /* of one event */
#define LIMIT_ATTRIBUTE_NAME_BYTES 64u
#define LIMIT_ATTRIBUTE_TEXT_BYTES 1024u
#define LIMIT_EVENT_BYTES (64u * KIB)  /* one event as received */
#define LIMIT_SKEW_MS (60 * 1000)      /* how far in the future an event's time may lie */
#define LIMIT_TIME_MIN_MS 0            /* 1970; before that a time is a mistake */
#define LIMIT_TIME_SENT_MIN_MS 31536000000LL /* 1971: what clients send from before it is no time in ms; in seconds it lasts till 2969 */
#define LIMIT_TIME_MAX_MS ((1LL << 47) - 1) /* 4,459 years: a time takes 48 bits in a record, sums of times and spans stay far from overflow */
#define LIMIT_MONEY (1LL << 53)           /* minor units: beyond that a double is not exact */
#define ALERT_HORIZON_MS (60 * 60 * 1000) /* later than this, an event's alerts are historical: recorded, not pushed */

/* State of one subject. 64 members x 64 windows x 512 cells x 8 bytes is the worst case that a pack can ask for: the record's
 * own bound is reached first, and events are refused with its name. A record travels in one journal entry when customers are
 * merged: twice the bound, for a record that grew between two measurements, still fits LIMIT_ENTRY_BYTES. */
#define LIMIT_RECORD_BYTES (400u * KIB) /* in memory, its strings included; stored it is smaller */
#define LIMIT_MEMBERS 64u
#define LIMIT_RECORD_ATTRIBUTES 128u      /* of a customer, and of each member */
#define LIMIT_WINDOWS 1024u               /* series x members x keys in one record; then the longest untouched goes */
#define LIMIT_WINDOW_KEYS 64u             /* keys of one series and member; then the longest untouched goes */
#define LIMIT_WINDOW_CELLS 512u           /* of one window; then neighbours are joined, oldest first */
#define LIMIT_SPAN_MS (36525LL * 24 * 3600 * 1000) /* a span of a rule: 100 years; sums of times and spans stay far from overflow */
#define LIMIT_KEY_BYTES 256u              /* a series' key: its `by` values joined */
#define LIMIT_TIMELINE 64u                /* entries kept; a pack may ask for fewer */
#define LIMIT_TIMELINE_FIELDS 8u
#define LIMIT_HAPPENING_BYTES (22u * KIB) /* what a moment says: 4 texts and 8 names with texts, each 1024 and its length */
#define LIMIT_CASES 64u
#define LIMIT_ASKED 24u                   /* times that one survey asked one customer; an older one cannot be corrected any more */
#define LIMIT_SCORES 40u                  /* relationship scores of a customer: one a day for 30 days, and some between */
#define LIMIT_REMOVED 32u                 /* attributes of a customer and its members of which it is kept when they were removed */
#define LIMIT_ORIGINS 4u                  /* of one attribute: where its value came from, and those before it */
#define LIMIT_ALERTS 64u                  /* per record; closed ones go first */
#define LIMIT_OUTCOMES 64u
#define LIMIT_MODEL_SEGMENTS 256u         /* that one action's model tells apart; 320 bytes each */
#define LIMIT_TIMERS 64u
#define LIMIT_ITEMS 256u                  /* contacts, contracts, survey answers, memberships … of one customer: 152 bytes each */
#define LIMIT_REPORT_ROWS 200000u         /* days x cells that one report is made from: 0.5 KB each while it is made */
#define LIMIT_REPORTS 2u                  /* in the making at once; the others wait their turn */
#define LIMIT_LEDGER_CELLS 16384u         /* of one ledger's day: agents x topics …; some 100 bytes each. Beyond it one cell for the rest */
#define LIMIT_CONTRACTS 16u               /* of one customer; then the oldest is forgotten, what was counted of it stays */
#define CHURN_BY 3u                       /* names that losses are counted by: texts of items, dimensions of ledgers. On disk */
#define LIMIT_TOUCHES 8u                  /* newest contacts with one customer that a loss may come after */
#define LIMIT_MODEL_BY 4u                 /* names that its segments are made of */
#define LIMIT_MARKS 256u                  /* once_per marks */
#define LIMIT_LINKS 64u                   /* aliases of a customer, owners of an alias */
#define SEEN_IDS_MIN 16u
#define SEEN_IDS_MAX 256u

/* What one entry may cause. */
#define LIMIT_ENTRY_ALERTS 32u
#define LIMIT_ENTRY_EFFECTS 160u          /* a merge: the record, and each of LIMIT_LINKS aliases unlinked and linked; rules: the rest */
#define LIMIT_ENTRY_COUNTS 1024u          /* days of ledgers counted in beside them: a merge recounts each of 2 x LIMIT_ITEMS in up to 2 */
#define LIMIT_RULE_SETS 64u               /* attributes that one rule sets at once */
#define LIMIT_ENTRY_CALLS 4096u           /* Lua calls made while one entry is applied */

/* Finding a customer. A query looks at some thousands of rows at most: a few milliseconds, whatever is typed. */
#define LIMIT_FIND_TEXT_BYTES 128u        /* as it is typed */
#define LIMIT_FIND_WORDS 16u              /* of one value that are searched; names of companies are long */
#define LIMIT_FIND_VALUE_BYTES 200u       /* of one value that are searched */
#define LIMIT_FIND_FIELDS 160u            /* values of one customer that are: attributes, members', aliases */
#define LIMIT_FIND_ROWS 20000u            /* of the index that one query looks at: 0.2 us each */
#define LIMIT_FIND_CUSTOMERS 512u         /* that one query looks at closely: 9 us each */
#define LIMIT_FIND_FRESH 2048u            /* customers of one shard, not stored yet, that it looks at: 1 us each */
#define LIMIT_FIND_WAITING 64u            /* queries at once; then `busy` */
#define LIMIT_FOUND 100u                  /* customers in one answer */
#define FOUND_DEFAULT 20u

/* Pack. */
#define LIMIT_SEARCH 16u                  /* attributes that customers are found by */
#define LIMIT_PACK_BYTES (512u * KIB)     /* all files of a pack: fits a frame and a journal entry */
#define LIMIT_PACK_FILES 256u
#define LIMIT_PACK_PATH_BYTES 255u
#define LIMIT_PACKS_KEPT 16u              /* that were active before, and can be gone back to: at most 16 MiB with their tests */
#define LIMIT_PAST_LINES 2048u            /* activations told by `rules history`: under 1 MiB in memory, and in a frame */
#define LIMIT_BY_BYTES 128u               /* who activates a pack: a user's name, @, a host's */
#define LIMIT_RULES 16384u
#define LIMIT_SERIES 1024u
#define LIMIT_FACTS 4096u
#define LIMIT_FINDINGS 1000u              /* that `rules check` tells at once */
#define LIMIT_EVENT_TYPES 1024u           /* that a pack declares */
#define LIMIT_ACTIONS 1024u
#define LIMIT_KNOWN_ACTIONS 4096u         /* names that outcomes may still say, of earlier packs: 512 KiB at most */
#define LIMIT_RECENT_DECISIONS 4096u      /* decisions of a shard whose actions are known for outcomes: 112 bytes each */
#define LIMIT_RECENT_ACTIONS 24u          /* of one, with what comes next; one that has more is not asked about */
#define LIMIT_POLICIES 256u
#define LIMIT_SETTINGS 1024u              /* lines of settings.conf that set something */
#define LIMIT_SETTING_BYTES 128u          /* a setting's key */
#define LIMIT_SURVEYS 16u
#define LIMIT_EXPECTATIONS 64u            /* that a pack tells apart */
#define LIMIT_SAID 1024u                  /* openings, guidelines, tells and things to avoid */
#define LIMIT_SEGMENTS 64u                /* a word of bits */
#define LIMIT_CAMPAIGNS 64u               /* the same */
#define LIMIT_SHARES 64u                  /* declarations of who may see what of another member */
#define LIMIT_LEVELS 256u                 /* goals and groups of actions */
#define LIMIT_TERMS 262144u
#define LIMIT_TERM_DEPTH 64u
#define LIMIT_TERM_SIZE 4096u             /* nodes of a term with its facts written out: x + x, 64 deep, would be 2^64 */
#define PREPARED_TEXT_BYTES (4u * MIB)    /* reasons' texts made when a pack is loaded; beyond it each is written out when wanted */
#define LIMIT_WORDS_BYTES 2048u           /* one text, filled in */
#define LIMIT_LANGUAGES 16u

/* Lua. A count hook costs 4 ns per VM instruction whatever its count (DESIGN, "Speed"). */
#define LIMIT_CALL_INSTRUCTIONS 100000u   /* of one call of a rule's function: about 1 ms */
#define LIMIT_LOAD_INSTRUCTIONS 20000000u /* of loading a pack */
#define LIMIT_CALL_BYTES (8u * MIB)       /* what one call may allocate beyond the VM's resting size */
#define LIMIT_VM_BYTES (64u * MIB)
#define LIMIT_CALL_CHURN_BYTES (32u * MIB)/* what one call may allocate in all, freed or not: 32 MiB take about 10 ms */
#define LIMIT_TEST_INSTRUCTIONS 20000000u /* of one test of a pack, or of loading its file; an event counts as 500 */
#define LIMIT_ACTIVATION_INSTRUCTIONS 1000000000u /* of all tests that an activation runs: some ten seconds at worst */
#define LIMIT_TESTS 4096u                 /* in one file, rows of table tests counted */
#define RULE_FAILURES_ASIDE 100u          /* consecutive failures after which a rule is set aside */

/* Decision. */
#define LIMIT_RECOMMENDATIONS 16u         /* actions in one answer */
#define RECOMMENDATIONS_DEFAULT 3u
#define LIMIT_ANSWERS 16u
#define LIMIT_EXPECTED 4u                 /* what a customer expects, in one answer: more is not read */
#define LIMIT_TOLD 4u                     /* sentences of the conversation so far: what can be read while it rings */
#define LIMIT_TOLD_CLAUSES 8u             /* of one of them */
#define LIMIT_DEADLINE_MS 10000u
#define LIMIT_DECISION_BYTES (16u * KIB)  /* reserved for a nudge's record: its words and the values read */

/* Journal. Its entries are at most one event plus a header, or one pack. */
#define JOURNAL_SEGMENT_BYTES (64u * MIB)
#define LIMIT_ENTRY_BYTES (1u * MIB)
#define LIMIT_BATCH_BYTES (4u * MIB)      /* one write; the buffer being filled is as large: then `busy` */
#define STORAGE_RESERVE_BYTES (256u * MIB)/* free space under which events are refused with `storage` */

/* Store and memory. */
#define CACHE_BYTES_DEFAULT (1024ull * MIB)
#define LIMIT_TAIL_BYTES (1024ull * MIB)  /* journal not yet covered by the store: then back-pressure */
#define LIMIT_FEED_ALERTS 65536u          /* alerts kept in memory for followers that resume */
#define LIMIT_OPEN_ALERTS 262144u         /* in memory, about 400 bytes each; then the oldest is forgotten by the feed (not by its record) */
#define BACKFILL_BYTES (256ull * MIB)     /* of records that a backfill keeps in memory; the others wait on disk */
#define LIMIT_SHARDS 16u
#define HASH_SLOTS 256u                   /* on disk */
#define LIMIT_TIMER_BATCH 256u            /* due timers issued before the loop looks at sockets again */

#endif
