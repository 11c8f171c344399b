-- W1: what is kept of every event, and three rules.
-- Counts per type are series of 30-day steps; the sliding hour of texts has twelve steps of five minutes, per member.

local types = { "sms.sent", "call.ended", "bill.paid", "web.visit" }

local calls  = series { on = "call.ended", every = "30d" }
local bills  = series { on = "bill.paid", every = "30d" }
local visits = series { on = "web.visit", every = "30d" }
local sent   = series { on = "sms.sent", every = "30d" }
local texts  = series { on = "sms.sent", per = "member", every = "5m" }
local about  = series { on = "call.ended", by = { "intent" }, every = "1h" }

fact.calls      = calls:count "3600d"
fact.bills      = bills:count "3600d"
fact.visits     = visits:count "3600d"
fact.sent       = sent:count "3600d"
fact.texts_hour = texts:count "1h"
fact.calls_same = about:count "7d"
fact.mood       = attr("mood_average"):or_else(0)

-- Declared first, so that the rules below see the average with this event in it.
rule "mood" {
  why = "the mood over time says more than the mood of one contact",
  on = types,
  set = { mood_average = fact.mood + 0.2 * (event.mood - fact.mood), last_intent = event.intent },
}

rule "message-abuse" {
  why = "a hundred texts within an hour are a bill shock in the making",
  on = "sms.sent", about = "member",
  when = fact.texts_hour:above(100),
  alert = { to = "care", severity = "high", say = "{member}: {texts_hour} texts within the hour." },
}

rule "repeat-call" {
  why = "who calls again about the same was not helped the first time",
  on = "call.ended",
  when = fact.calls_same:at_least(2),
  set = { repeated_intent = event.intent },
}

rule "low-mood" {
  why = "a call that leaves somebody this low needs a second one, from us",
  on = "call.ended",
  when = fact.mood:below(-0.5),
  set = { low_mood = fact.mood },
}
