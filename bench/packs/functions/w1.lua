-- W1: what is kept of every event, and three rules. Series and facts are declared as ever (the engine keeps windows);
-- all that is done with them is Lua.

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
  run = function(c)
    c:set("mood_average", c.mood + 0.2 * (c.event.mood - c.mood))
    c:set("last_intent", c.event.intent)
  end,
}

rule "message-abuse" {
  why = "a hundred texts within an hour are a bill shock in the making",
  on = "sms.sent", about = "member",
  when = function(c) return c.texts_hour > 100 end,
  run = function(c)
    c:alert {
      to = "care", severity = "high", say = c.event.member .. ": " .. c.texts_hour .. " texts within the hour.",
    }
  end,
}

rule "repeat-call" {
  why = "who calls again about the same was not helped the first time",
  on = "call.ended",
  when = function(c) return c.calls_same >= 2 end,
  run = function(c) c:set("repeated_intent", c.event.intent) end,
}

rule "low-mood" {
  why = "a call that leaves somebody this low needs a second one, from us",
  on = "call.ended",
  when = function(c) return c.mood < -0.5 end,
  run = function(c) c:set("low_mood", c.mood) end,
}
