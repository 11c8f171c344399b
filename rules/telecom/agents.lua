-- The agent's side: angry callers wear agents out, worn-out agents leave, and the next caller gets the novice.
local numbers = require("business").agents
local service = require("business").service

local endings = series { on = "contact.ended", per = "agent", value = "mood_end", name = "endings" }

fact.angry_run = endings:run(at_most(service.angry))
fact.conversations_today = endings:count "today"

rule "strain" {
  why = "several angry endings in a row wear anybody out: a break now costs less than a resignation later",
  about = "agent", on = "contact.ended",
  when = fact.angry_run:at_least(numbers.strain_run),
  alert = {
    to = "supervisor", severity = "medium", once_per = "4h", expires = "8h",
    say = "{agent}: {angry_run} angry endings in a row, {conversations_today} conversations today. Offer a break.",
  },
}

action "hand-over" {
  goal = "serve", group = "service", channels = { "call", "chat" },
  -- this agent's strain, this caller's mood
  applicable = all { open_alert "strain", request.mood:at_most(service.angry) },
  value = { customer = 0.5, business = 0.4 },
  propensity = { start = 0.4 },
  say = {
    en = "A colleague who knows this matter well can take it from here. May I connect you? You will not have to "
      .. "repeat anything.",
    vi = "Đồng nghiệp của em rất rành việc này và có thể hỗ trợ tiếp. Em nối máy nhé? Anh chị sẽ không phải kể lại "
      .. "từ đầu.",
  },
}
