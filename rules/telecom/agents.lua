-- The agent's side: angry callers wear agents out, worn-out agents leave, and the next caller gets the novice. What wears
-- them out is counted in points of 100; from "strained" on a supervisor hears of it, with a suggestion, and answers to
-- the agent are fewer and gentler until it is over.
local numbers = require("business").agents
local service = require("business").service

local endings = series { on = "contact.ended", per = "agent", value = "mood_end", name = "endings" }
local angry = series { on = "contact.ended", per = "agent", where = event.mood_end:at_most(service.angry), name = "angry-endings" }
local holds = series { on = "contact.held", per = "agent", name = "agent-holds" }
local escalations = series { on = "contact.escalated", per = "agent", name = "agent-escalations" }
local work = series {
  on = "contact.started", ends = "contact.ended", breaks = "agent.break", gap = numbers.pause, per = "agent", name = "work",
}

fact.angry_run = endings:run(at_most(service.angry)):min(angry:count(numbers.recent)) -- a night's sleep ends a run
fact.conversations_today = endings:count "today"
fact.occupancy = work:occupancy "2h":or_else(0) -- share of the last two hours in conversations
fact.without_break = work:since_break():or_else(0)
fact.holds_lately = holds:count "2h"
fact.escalations_lately = escalations:count "4h"

local strained = setting("strain.strained", { at_least = 10, at_most = 100, unit = "points" })

strain {
  parts = {
    {
      name = "angry", of = fact.angry_run, from = 0, to = numbers.strain_run, points = 50,
      say = { en = "{angry_run} angry endings in a row", vi = "{angry_run} cuộc liên tiếp kết thúc bực bội" },
    },
    {
      name = "occupancy", of = fact.occupancy, from = 0.7, to = 0.95, points = 20,
      say = { en = "busy {occupancy:percent} of two hours", vi = "bận {occupancy:percent} trong hai giờ" },
    },
    {
      name = "no_break", of = fact.without_break, from = 1.5 * 3600, to = 4 * 3600, points = 15,
      say = { en = "{without_break:duration} without a break", vi = "{without_break:duration} chưa nghỉ" },
    },
    {
      name = "escalations", of = fact.escalations_lately, from = 0, to = 4, points = 10,
      say = { en = "{escalations_lately} escalations in four hours", vi = "{escalations_lately} lần chuyển cấp trong bốn giờ" },
    },
    {
      name = "holds", of = fact.holds_lately, from = 3, to = 10, points = 5,
      say = { en = "{holds_lately} holds in two hours", vi = "{holds_lately} lần giữ máy trong hai giờ" },
    },
  },
  levels = {
    {
      name = "watch", at_least = setting("strain.watch", { at_least = 5, at_most = 100, unit = "points" }), easy = 1.1,
      say = { en = "It adds up: take the next pause.", vi = "Đang dồn lại: hãy nghỉ ở lần tới." },
    },
    {
      name = "strained", at_least = strained, easy = 1.3, hard = false,
      actions = setting("strain.actions", { at_least = 1, at_most = 3, unit = "actions" }),
      say = {
        en = "One thing at a time: listen, solve the matter, leave the rest. Your supervisor knows; a break is due.",
        vi = "Từng việc một: lắng nghe, giải quyết xong việc chính, phần còn lại để sau. Quản lý đã biết; bạn nên nghỉ.",
      },
    },
    {
      name = "worn-out", at_least = 80, easy = 1.5, hard = false, actions = 1,
      say = {
        en = "Hand the difficult part over after this conversation, and take the break now due.",
        vi = "Sau cuộc này hãy chuyển phần khó cho đồng nghiệp và nghỉ ngay.",
      },
    },
  },
}

rule "strain" {
  why = "several angry endings in a row wear anybody out: a break now costs less than a resignation later",
  about = "agent", on = { "contact.ended", "contact.escalated" },
  when = fact.strain:at_least(strained),
  alert = {
    to = "supervisor", severity = "medium", once_per = "4h", expires = "8h", closes = "agent.break",
    say = "{agent}: strain {strain:0} of 100: {angry_run} angry endings in a row, {conversations_today} conversations today, "
      .. "busy {occupancy:percent} of two hours, {without_break:duration} without a break. Offer a break, and easier "
      .. "contacts after it.",
  },
}

action "hand-over" {
  goal = "serve", group = "service", channels = { "call", "chat" }, effort = "easy",
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
