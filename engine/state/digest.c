/* state/digest.c: a record's digest: XXH3-128 over its canonical bytes without
 *
 *   - the sequence, and alerts' ids, which come from sequences: another number of shards or another interleaving of
 *     subjects gives other ones;
 *   - timers' fire times: a timer set by imported history fires later than one that was set live;
 *   - outcomes' decision ids: they name a boot of the daemon;
 *   - models' calibration: what was expected depends on the order in which many customers' outcomes arrive.
 *
 * Rules can read none of these. A record with nothing in it counts nothing, whether it exists or not. */
#include "state/codec.h"
#include "state/inside.h"

struct hash128 record_digest(const struct record *r)
{
	struct bytes out = { 0 };
	if (record_is_blank(r))
		return (struct hash128){ 0, 0 };
	record_put(r, &out, true);
	struct hash128 h = hash128(bytes_slice(&out));
	bytes_finish(&out);
	return h;
}
