#!lua name=nudged_bench
-- W1 and W2 in Redis 7: one function call an event, a customer one MessagePack string (read, changed, written back
-- whole). Of the ways tried this is the fastest: hashes and lists cost a command for each field.
-- A customer: { calls, bills, visits, sent, mood, position, timeline = 20 x (type, time, intent) flat,
-- windows = by member + 1: { slot of the newest, 12 counts by slot mod 12 } or false }.

local FIVE_MINUTES, WEEK = 300000, 7 * 86400000
local CALLS, BILLS, VISITS, SENT, MOOD, POSITION, TIMELINE, WINDOWS = 1, 2, 3, 4, 5, 6, 7, 8
local COUNT_OF = { ["call.ended"] = CALLS, ["bill.paid"] = BILLS, ["web.visit"] = VISITS, ["sms.sent"] = SENT }
local INTENTS = { "billing", "network", "roaming", "device", "cancel", "upgrade", "payment", "other" }

-- Libraries are there only while a function runs, so nothing of them is kept in a local here.

-- The count of the last hour with `more` added now (0: only read).
local function hour(w, time, more)
  local slot, sum = math.floor(time / FIVE_MINUTES), 0
  local ahead = slot - w[1]
  if more > 0 and ahead > 0 then
    for i = 0, (ahead < 12 and ahead or 12) - 1 do w[(slot - i) % 12 + 2] = 0 end
    w[1], ahead = slot, 0
  end
  if more > 0 then w[slot % 12 + 2] = w[slot % 12 + 2] + more end
  for i = ahead, 11 do sum = sum + w[(slot - i) % 12 + 2] end
  return sum
end

local function text_sent(s, member, time, out)
  local windows = s[WINDOWS]
  local w = windows[member + 1]
  if not w then
    w = { math.floor(time / FIVE_MINUTES), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
    windows[member + 1] = w
  end
  local sum = hour(w, time, 1)
  if sum > 100 then out[#out + 1] = { "alert", "message-abuse", tostring(member), sum } end
end

local function call_ended(s, time, intent, out)
  local line, same = s[TIMELINE], 0
  for i = 1, #line, 3 do
    if line[i] == CALLS and line[i + 2] == intent and time - line[i + 1] <= WEEK then same = same + 1 end
  end
  if same >= 2 then out[#out + 1] = { "action", "repeat-call", intent, same } end
  if s[MOOD] < -0.5 then out[#out + 1] = { "action", "low-mood", tostring(s[MOOD]) } end
end

-- keys: customer; args: id member type channel time duration intent mood
local function ingest(keys, args)
  local kind, time, intent = COUNT_OF[args[3]], tonumber(args[5]), args[7]
  local raw, out = redis.call("GET", keys[1]), {}
  local s = raw and cmsgpack.unpack(raw) or { 0, 0, 0, 0, 0, 0, {}, { false, false, false, false } }
  s[kind] = s[kind] + 1
  s[MOOD] = s[MOOD] + 0.2 * (tonumber(args[8]) - s[MOOD])
  local line, at = s[TIMELINE], (s[POSITION] % 20) * 3
  s[POSITION] = s[POSITION] + 1
  line[at + 1], line[at + 2], line[at + 3] = kind, time, intent
  if kind == SENT then text_sent(s, tonumber(args[2]), time, out) end
  if kind == CALLS then call_ended(s, time, intent, out) end
  redis.call("SET", keys[1], cmsgpack.pack(s))
  return out
end

local function eligible(i)
  local kind, least = i % 5, (i - i % 5) / 5
  if kind == 0 then return function(s) return s.calls >= least end end
  if kind == 1 then return function(s) return s.mood > -0.8 + i * 0.02 end end
  if kind == 2 then return function(s) return s.texts < 50 end end
  if kind == 3 then return function(s, intent) return s.last == intent or s.bills > 0 end end
  return function(s) return s.visits < 10 + i end
end

local ACTIONS = {}
for i = 1, 20 do
  local start = 0.1 + 0.02 * i
  ACTIONS[i] = {
    name = "action_" .. i, eligible = eligible(i), start = start, value = 10 + (i * 7) % 23,
    weight = 1 + (i % 3) * 0.25, target = INTENTS[(i - 1) % 8 + 1], asked = 1 + 0.3 / start,
    text = "We suggest offer " .. i .. " because you asked about ",
  }
end

local function best(s, intent, mood)
  local shift = 0.1 * mood - 0.05 * s.mood
  local first, second, third
  local s1, s2, s3 = -math.huge, -math.huge, -math.huge
  for i = 1, 20 do
    local a = ACTIONS[i]
    if a.eligible(s, intent) then
      local score = a.start * (a.value * (1 + shift / a.start)) * (a.target == intent and a.asked or 1) * a.weight
      if score > s1 then first, second, third, s1, s2, s3 = a, first, second, score, s1, s2
      elseif score > s2 then second, third, s2, s3 = a, second, score, s2
      elseif score > s3 then third, s3 = a, score end
    end
  end
  local out = {}
  if first then out[1] = { first.name, tostring(s1), first.text .. intent } end
  if second then out[2] = { second.name, tostring(s2), second.text .. intent } end
  if third then out[3] = { third.name, tostring(s3), third.text .. intent } end
  return out
end

-- keys: customer; args: time intent mood
local function recommend(keys, args)
  local s = { calls = 0, bills = 0, visits = 0, mood = 0, texts = 0, last = "" }
  local raw = redis.call("GET", keys[1])
  if raw then
    local r = cmsgpack.unpack(raw)
    s.calls, s.bills, s.visits, s.mood = r[CALLS], r[BILLS], r[VISITS], r[MOOD]
    if r[WINDOWS][1] then s.texts = hour(r[WINDOWS][1], tonumber(args[1]), 0) end
    if r[POSITION] > 0 then s.last = r[TIMELINE][((r[POSITION] - 1) % 20) * 3 + 3] end
  end
  return best(s, args[2], tonumber(args[3]))
end

redis.register_function("ingest", ingest)
redis.register_function { function_name = "recommend", callback = recommend, flags = { "no-writes" } }
