/* state/contracts.h: a contract as an item of its customer (ITEM_CONTRACT, its key the contract's id), and what happened
 * to the relationship since it was sold.
 *
 * Reports ask how a sale fared at 30, 90, 180 and 365 days, so what happened is kept by band: a number has four lanes
 * of 16 bits, one a band, and how it stood at a horizon is the sum of the lanes up to it. What they said (moods and the
 * like) is summed in millionths, two lanes of 32 bits a number. */
#ifndef NUDGED_STATE_CONTRACTS_H
#define NUDGED_STATE_CONTRACTS_H

#include "state/items.h"

#define CONTRACT_HORIZONS 4u
static const unsigned contract_horizons[CONTRACT_HORIZONS] = { 30, 90, 180, 365 }; /* days; on disk */
#define CONTRACT_DAY_MS (24 * 3600 * 1000LL)
#define CONTRACT_MONTH_MS 2629746000.0 /* a twelfth of the mean year */

enum contract_text { CONTRACT_PRODUCT, CONTRACT_TERM, CONTRACT_AGENT, CONTRACT_CAMPAIGN, CONTRACT_REASON, CONTRACT_TOPIC };
enum contract_number {
	CONTRACT_ENDS_MS,    /* when it is to end; 0: open */
	CONTRACT_ENDED_MS,   /* when it ended; 0: it runs */
	CONTRACT_RENEWALS,
	CONTRACT_COMPLAINTS, /* lanes */
	CONTRACT_CONTACTS,   /* lanes */
	CONTRACT_REPEATS,    /* lanes: contacts about the topic of one within 7 days before */
	CONTRACT_SAID,       /* lanes: how often they said how they feel */
	CONTRACT_MOOD_EARLY, /* wide lanes: the sum of it, bands 0 and 1 */
	CONTRACT_MOOD_LATE,  /* … 2 and 3 */
	CONTRACT_CONTACT_MS, /* the newest contact; its topic is a text */
};
/* state: bits */
#define CONTRACT_SOLD 1u /* it was seen to begin: it counts as a sale. Else it is only known to run */

/* Measures of LEDGER_CONTRACTS, counted in the day of the sale and the cell of who sold what. Then for each horizon those
 * of enum contract_at, from CONTRACTS_AT + horizon x CONTRACTS_AT_COUNT on. */
enum contracts_measure { CONTRACTS_SOLD, CONTRACTS_RENEWALS, CONTRACTS_ENDED, CONTRACTS_AT };
enum contract_at {
	AT_LOST,       /* it had ended */
	AT_CONTENT,    /* it had not, and nothing speaks against it: contract_content */
	AT_COMPLAINED, /* there had been a complaint */
	AT_COMPLAINTS, AT_CONTACTS, AT_REPEATS,
	AT_SAID,       /* how often they said how they feel … */
	AT_MOOD,       /* … and the sum of it, in millionths */
	CONTRACTS_AT_COUNT
};

static inline bool contract_runs(const struct item *c, int64_t now_ms)
{
	return c->time_ms <= now_ms && (!c->numbers[CONTRACT_ENDED_MS] || c->numbers[CONTRACT_ENDED_MS] > now_ms);
}

/* Of an age: the first band it falls in; CONTRACT_HORIZONS: past the last. */
static inline unsigned contract_band(int64_t age_ms)
{
	unsigned band = 0;
	while (band < CONTRACT_HORIZONS && age_ms > contract_horizons[band] * CONTRACT_DAY_MS)
		band++;
	return band;
}

static inline void contract_lane_add(int64_t *lanes, unsigned band)
{
	if (((uint64_t)*lanes >> (16 * band) & 0xffff) < 0xffff)
		*lanes = (int64_t)((uint64_t)*lanes + (1ull << (16 * band)));
}

/* Of all bands up to a horizon. */
static inline int64_t contract_lanes_upto(int64_t lanes, unsigned horizon)
{
	int64_t sum = 0;
	for (unsigned band = 0; band <= horizon; band++)
		sum += (int64_t)((uint64_t)lanes >> (16 * band) & 0xffff);
	return sum;
}

static inline void contract_mood_add(struct item *c, unsigned band, int64_t millionths)
{
	int64_t *wide = &c->numbers[band < 2 ? CONTRACT_MOOD_EARLY : CONTRACT_MOOD_LATE];
	unsigned shift = band % 2 * 32;
	int64_t sum = (int32_t)(uint32_t)((uint64_t)*wide >> shift) + millionths;
	sum = sum > INT32_MAX ? INT32_MAX : sum < -INT32_MAX ? -INT32_MAX : sum;
	*wide = (int64_t)(((uint64_t)*wide & ~(0xffffffffull << shift)) | (uint64_t)(uint32_t)(int32_t)sum << shift);
}

static inline int64_t contract_mood_upto(const struct item *c, unsigned horizon)
{
	int64_t sum = 0;
	for (unsigned band = 0; band <= horizon; band++) {
		int64_t wide = c->numbers[band < 2 ? CONTRACT_MOOD_EARLY : CONTRACT_MOOD_LATE];
		sum += (int32_t)(uint32_t)((uint64_t)wide >> (band % 2 * 32));
	}
	return sum;
}

static inline bool contract_kept(const struct item *c, unsigned horizon)
{
	int64_t ended_ms = c->numbers[CONTRACT_ENDED_MS];
	return !ended_ms || ended_ms - c->time_ms > contract_horizons[horizon] * CONTRACT_DAY_MS;
}

/* What they said since is not negative on the whole; who said nothing has not complained. */
static inline bool contract_content(const struct item *c, unsigned horizon)
{
	if (contract_lanes_upto(c->numbers[CONTRACT_SAID], horizon))
		return contract_mood_upto(c, horizon) >= 0;
	return !contract_lanes_upto(c->numbers[CONTRACT_COMPLAINTS], horizon);
}

#endif
