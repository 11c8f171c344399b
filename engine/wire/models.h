/* wire/models.h: what actions have learned, as it is answered. */
#ifndef NUDGED_WIRE_MODELS_H
#define NUDGED_WIRE_MODELS_H

#include "state/model.h"
#include "wire/response.h"

struct wire_cell {
	struct slice segment;
	uint64_t trials, accepted;
	double recent_trials, recent_accepted, propensity, deviation, evidence;
};

struct wire_model {
	struct slice action, goal;
	double start, evidence, strength, explore;
	int64_t half_life_ms, since_ms;
	const struct slice *by;
	size_t by_count;
	uint64_t seq, control_trials, control_accepted, late, crowded;
	struct wire_cell own;
	const struct wire_cell *segments;
	size_t segment_count;
	struct model_bin bins[MODEL_BINS];
};

struct wire_models {
	struct slice pack, hash;
	double explore, control;
	int64_t time_ms;
	const struct wire_model *models;
	size_t count;
};

#endif
