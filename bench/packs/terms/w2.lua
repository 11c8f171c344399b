-- W2: twenty actions, made from their number as the peers' are. An action's score is
--   start x value x (1 + shift / start) x (asked ? 1 + 0.3 / start : 1) x weight
-- where start = 0.1 + 0.02 i and shift = 0.1 x mood of the request - 0.05 x mood average.

local intents = { "billing", "network", "roaming", "device", "cancel", "upgrade", "payment", "other" }

fact.shift = 0.1 * request.mood - 0.05 * fact.mood

local function eligible(i)
  local kind = i % 5
  if kind == 0 then return fact.calls:at_least(i // 5) end
  if kind == 1 then return fact.mood:above(-0.8 + i * 0.02) end
  if kind == 2 then return fact.texts_hour:below(50) end
  if kind == 3 then return any { request.intent:is(attr "last_intent"), fact.bills:above(0) } end
  return fact.visits:below(10 + i)
end

for i = 1, 20 do
  local start, value = 0.1 + 0.02 * i, 10 + (i * 7) % 23
  action("action_" .. i) {
    goal = "serve",
    eligible = eligible(i),
    propensity = { start = start },
    value = { customer = value * (1 + fact.shift / start), business = 0 },
    context = { { when = request.intent:is(intents[(i - 1) % 8 + 1]), weight = 1 + 0.3 / start } },
    lever = 1 + (i % 3) * 0.25,
    say = "We suggest offer " .. i .. " because you asked about {intent}",
  }
end
