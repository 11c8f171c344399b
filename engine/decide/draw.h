/* decide/draw.h: chance that can be told again: numbers that follow from a key alone, the same bits on every machine.
 *
 * A key becomes a stream of 64-bit numbers by SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom
 * number generators"); a Beta draw is made of two Gamma draws by Marsaglia and Tsang (2000, "A simple method for
 * generating gamma variables"), whose normals are made by Marsaglia's polar method. log and exp are series of our own:
 * those of the C library may differ in the last bit from one machine to the next. */
#ifndef NUDGED_DECIDE_DRAW_H
#define NUDGED_DECIDE_DRAW_H

#include "base/slice.h"

#include <stdint.h>

double draw_share(uint64_t key);                             /* uniform in (0, 1) */
double draw_beta(uint64_t key, double alpha, double beta);   /* neither negative, not both 0 */

#endif
