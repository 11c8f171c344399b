-- The calls of a bank's call centre (rules/bank/import.lua makes them of the recording): who calls again, who hangs
-- up, who waits.

pack {
  name = "bank",
  zone = "UTC", -- the recording's own clock, taken as UTC
  topics = {
    "PS", "PE", "IN", "NE", "NW", "TT", -- what a call is about: its service
    "service", "waiting",
  },
}

-- What comes in: `nudgectl rules check` holds the rules against it.
event "call.ended" {
  why = "one call, from the line's answering to its end",
  member = "never", contact = "never", channels = { "call" },
  attributes = {
    -- regular, in English, internet, stock, prospect, call-back
    service = { "string", required = true, one_of = { "PS", "PE", "IN", "NE", "NW", "TT" } },
    outcome = { "string", required = true, one_of = { "AGENT", "HANG" } }, -- served by an agent, hung up before
    priority = { "number", one_of = { 0, 1, 2 } },                         -- 0 and 1 regular, 2 priority customer
    vru_s = { "number", at_least = 0 },                                    -- seconds with the answering machine,
    wait_s = { "number", at_least = 0 },                                   -- in the queue,
    service_s = { "number", at_least = 0 },                                -- with the agent
  },
}

-- Each call is a contact, about its service; its time is that of its beginning. Reports: `nudgectl report agents`.
contacts {
  whole = "call.ended", time = "beginning", lasts = { "vru_s", "wait_s", "service_s" },
  topic = "service", wait = "wait_s", handle = "service_s",
  abandoned_when = event.outcome:is "HANG",
}

timeline { keep = 10, types = { "call.ended" }, fields = { "service", "outcome", "wait_s" } }

-- What the business may change without reading further.
local repeat_within = "7d"     -- to the second, both ends included
local hang_up_within = "24h"
local long_wait_s = 300        -- the longest sixteenth of the priority customers' waits
local often = 3                -- repeated calls in a week that are worth a person's look

local calls = series { on = "call.ended", by = { "service" }, name = "calls" }
local hang_ups = series { on = "call.ended", where = event.outcome:is "HANG", name = "hang-ups" }
local repeats = tally { name = "repeats" }

fact.since_last_call = calls:since()       -- since the same customer's previous call for the same service
fact.since_last_hang_up = hang_ups:since()
fact.repeats_week = repeats:count "7d"
fact.hang_ups_week = hang_ups:count "7d"
fact.is_priority = attr("priority", "customer"):is(2)

rule "priority-known" {
  why = "the recording says with every call whether it is a priority customer; decisions read it from the customer",
  on = "call.ended",
  when = event.priority:is_not(attr("priority", "customer"):or_else(-1)),
  set = { priority = event.priority },
}

rule "repeat-call" {
  why = "who calls again about the same service was not helped the first time",
  on = "call.ended",
  when = fact.since_last_call:at_most(repeat_within),
  add = { repeats, 1 },
}

rule "calls-again-and-again" {
  why = "one repeated call may be chance; several in a week are a matter that nobody has taken on",
  on = "call.ended",
  when = fact.repeats_week:at_least(often),
  once_per = "7d",
  alert = {
    to = "care", severity = "medium",
    say = "{customer} called again {repeats_week} times within a week, now about {service}.",
  },
}

rule "second-hang-up" {
  why = "who gives up twice within a day still wants something, and is told each time that it must wait",
  on = "call.ended",
  when = all { event.outcome:is "HANG", fact.since_last_hang_up:at_most(hang_up_within) },
  alert = {
    to = "care", severity = "high", expires = "24h",
    say = "{customer} hung up again, {since_last_hang_up:duration} after the last time. Call back.",
  },
}

rule "priority-long-wait" {
  why = "a priority customer was promised not to wait",
  on = "call.ended",
  when = all { event.priority:is(2), event.wait_s:at_least(long_wait_s) },
  alert = {
    to = "supervisor", severity = "medium", expires = "24h",
    say = "Priority customer {customer} waited {wait_s:duration}.",
  },
}

action "call-back" {
  goal = "serve", group = "waiting", channels = { "call", "sms" },
  applicable = fact.hang_ups_week:at_least(1),
  value = { customer = 0.9, business = 0.4 },
  propensity = { start = 0.5 },
  context = { { when = fact.is_priority, weight = 1.5 } },
  say = "I see that you did not get through lately. May we call you from now on, at a time that suits you?",
}

action "one-contact" {
  goal = "serve", group = "repeats", channels = { "call" },
  applicable = fact.repeats_week:at_least(2),
  value = { customer = 0.8, business = 0.5 },
  propensity = { start = 0.4 },
  say = "You have called about this before. I will stay with it until it is done, and here is my direct number.",
}

answers "waiting" {
  ["why does it take so long?"] = "More people called than we had agents for. I can call you back next "
    .. "time, so that you need not wait.",
}
