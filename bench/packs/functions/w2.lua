-- W2: twenty actions, made from their number as the peers' are. An action's score is
--   start x value x (1 + shift / start) x (asked ? 1 + 0.3 / start : 1) x weight
-- where start = 0.1 + 0.02 i and shift = 0.1 x mood of the request - 0.05 x mood average.

local intents = { "billing", "network", "roaming", "device", "cancel", "upgrade", "payment", "other" }

local function eligible(i)
  local kind = i % 5
  if kind == 0 then return function(c) return c.calls >= i // 5 end end
  if kind == 1 then return function(c) return c.mood > -0.8 + i * 0.02 end end
  if kind == 2 then return function(c) return c.texts_hour < 50 end end
  if kind == 3 then return function(c) return c.request.intent == c.attr.last_intent or c.bills > 0 end end
  return function(c) return c.visits < 10 + i end
end

for i = 1, 20 do
  local start, value, target = 0.1 + 0.02 * i, 10 + (i * 7) % 23, intents[(i - 1) % 8 + 1]
  action("action_" .. i) {
    goal = "serve",
    eligible = eligible(i),
    propensity = { start = start },
    value = {
      customer = calc({ asked = request.mood, mood = fact.mood, intent = request.intent }, function(v)
        local worth = value * (1 + (0.1 * v.asked - 0.05 * v.mood) / start)
        return v.intent == target and worth * (1 + 0.3 / start) or worth
      end),
      business = 0,
    },
    lever = 1 + (i % 3) * 0.25,
    say = "We suggest offer " .. i .. " because you asked about {intent}",
  }
end
