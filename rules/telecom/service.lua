-- How contacts go: repeated ones about the same matter, moods that sink, promises and complaints that nobody kept an
-- eye on.
local numbers = require("business").service

-- One conversation from the queue to its end, whoever of us takes part in it: what came of it, and what it cost them.
local conversations = contacts {}
local contacts = series { on = { "contact.started", "contact.abandoned" }, by = { "topic", "ref" }, name = "contacts" }
local moods = series { on = "contact.ended", value = "mood_end", name = "moods" }
local angry = series { on = "contact.ended", where = event.mood_end:at_most(numbers.angry), name = "angry-contacts" }
local repeats = tally { name = "repeats" }
local broken = tally { name = "broken-promises" }
local callback = case {
  opens = "callback.promised", closes = "callback.made", key = "promise", due = numbers.callback_within,
  meaning = "promise",
}
local complaint = case {
  opens = "complaint.opened", closes = "complaint.closed", key = "complaint", due = numbers.complaint_within,
  meaning = "complaint",
}

fact.same_matter = contacts:count "7d" -- about the event's own topic and matter
fact.repeats_week = repeats:count "7d"
fact.mood_now = moods:latest()
fact.mood_before = moods:mean { "90d", before = "this" }
fact.mood_drop = fact.mood_before - fact.mood_now
fact.low_moods_in_a_row = moods:run(at_most(numbers.low_mood))
fact.angry_month = angry:count "30d"
fact.missed_callbacks = broken:count "30d"
fact.open_complaints = complaint:count_open()
fact.open_callbacks = callback:count_open()
fact.unresolved_month = conversations:unresolved "30d"
fact.effort_month = conversations:effort "30d" -- transfers, holds, repeats

rule "same-matter-again" {
  why = "who contacts us again about the same matter was not helped the first time",
  on = { "contact.started", "contact.abandoned" },
  when = all { event.topic:known(), fact.same_matter:at_least(numbers.same_matter) },
  add = { repeats, 1 },
  set = { last_repeat = event.topic },
  alert = {
    to = "care", severity = "medium", expires = "3d",
    say = "{customer}: contact number {same_matter} within a week about {topic}.",
  },
}

rule "sinking-mood" {
  why = "one bad experience loses a customer; a mood that falls contact by contact says so in time",
  on = "contact.ended",
  when = all {
    fact.mood_now:at_most(numbers.low_mood),
    any { fact.mood_drop:at_least(numbers.mood_drop), fact.low_moods_in_a_row:at_least(2) },
  },
  alert = {
    to = "care", severity = "high", once_per = "24h",
    say = "{customer}: mood {mood_now:1} after the last contact, {low_moods_in_a_row} low ones in a row.",
  },
}

rule "callback-missed" {
  why = "a promise to call back is a promise; who gave it can still mend it today",
  on = callback.missed,
  add = { broken, 1 },
  alert = {
    to = "agent:{promised_by}", severity = "high", closes = callback.closed,
    say = "You promised {customer} a call back by {due:time} on {due:date}, and nobody has called. Call now, and "
      .. "say sorry first.",
  },
}

rule "complaint-late" {
  why = "a complaint that nobody answers becomes a second one",
  on = complaint.missed,
  alert = {
    to = "supervisor", severity = "high", closes = complaint.closed,
    say = "{customer}: complaint {complaint} is open since {opened:date} and past its time.",
  },
}

action "listen" {
  goal = "serve", effort = "easy",
  value = { customer = 0.3, business = 0.1 },
  propensity = { start = 0.3 },
  say = {
    en = "I am listening: tell me what happened.",
    vi = "Dạ em nghe đây ạ, anh chị kể giúp em chuyện gì đã xảy ra.",
  },
}

action "apology" {
  goal = "serve", group = "service", channels = { "call", "chat", "shop" },
  applicable = any {
    fact.open_complaints:at_least(1), callback:is_missed(), fact.missed_callbacks:at_least(1),
    fact.repeats_week:at_least(2),
  },
  value = { customer = 0.95, business = 0.4 },
  propensity = { start = 0.6 },
  context = { { when = request.mood:at_most(numbers.low_mood), weight = 1.3 } },
  say = {
    en = "Before anything else: we have let you down, and I am sorry. I have your case open and will stay with it "
      .. "until it is settled.",
    vi = "Trước hết em xin lỗi vì chúng em đã để anh chị phải phiền lòng. Em đang mở hồ sơ của mình và sẽ theo đến "
      .. "khi xong hẳn.",
  },
}

action "one-face" {
  goal = "serve", group = "service", channels = { "call", "chat", "shop" },
  applicable = any {
    fact.unresolved_month:at_least(numbers.unresolved), fact.effort_month:at_least(numbers.effort),
  },
  value = { customer = 0.85, business = 0.3 },
  propensity = { start = 0.5 },
  say = {
    en = "You have told this often enough. From now on it is mine: you need to speak to nobody else until it is settled.",
    vi = "Anh chị đã phải kể lại quá nhiều lần rồi. Từ giờ em phụ trách việc này cho đến khi xong, anh chị chỉ cần gặp em.",
  },
}

action "callback-promise" {
  goal = "serve", group = "service", channels = { "call", "chat" },
  applicable = any {
    fact.repeats_week:at_least(1), fact.open_complaints:at_least(1), request.mood:at_most(numbers.low_mood),
  },
  suitable = fact.open_callbacks:is(0), -- a second promise beside an open one helps nobody
  value = { customer = 0.7, business = 0.2 },
  propensity = { start = 0.35 },
  say = {
    en = "I will find out and call you back within 24 hours, myself. Which time suits you?",
    vi = "Em sẽ kiểm tra và chính em sẽ gọi lại cho anh chị trong vòng 24 giờ. Anh chị tiện lúc nào ạ?",
  },
}

action "survey" {
  goal = "nurture", group = "survey", channels = { "sms", "web" },
  eligible = attr("consent_sms", "customer"):is(true),
  applicable = fact.mood_now:known(),
  suitable = fact.open_complaints:is(0),
  value = { customer = 0.1, business = 0.3 },
  propensity = { start = 0.1 },
  say = {
    en = "How was it with us? One number from 0 to 10 is enough, and criticism helps us most.",
    vi = "Anh chị thấy dịch vụ thế nào? Chỉ cần một số từ 0 đến 10, và lời góp ý thẳng thắn giúp chúng tôi nhiều nhất.",
  },
}

answers "other" {
  ["when will you call me back?"] = {
    en = "Within 24 hours of the promise, at the time you choose.",
    vi = "Trong vòng 24 giờ kể từ khi hẹn, vào giờ anh chị chọn.",
  },
}

return { callback = callback, complaint = complaint }
