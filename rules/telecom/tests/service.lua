-- How contacts go: the same matter again, a mood that sinks, promises, complaints, and what it does to the agents.
local home = customer "pham"

test("the second contact about one matter is one too many", function()
  home:event("contact.started", { topic = "bill/why-higher", ref = "bill-1" })
  wait "1h"
  home:event("contact.started", { topic = "messages/usage", ref = "daughter" }):expect_not_fired "same-matter-again"
  wait "6d"
  home:event("contact.abandoned", { topic = "bill/why-higher", ref = "bill-1" })
    :expect_alert("same-matter-again", { say = "pham: contact number 2 within a week about bill/why-higher." })
  home:expect_attr("last_repeat", "bill/why-higher")
  home:event("contact.started", { topic = "bill/why-higher", ref = "bill-2" }):expect_not_fired "same-matter-again"
end)

test("a contact about nothing in particular is no matter", function()
  home:event "contact.started"
  home:event("contact.started"):expect_not_fired "same-matter-again"
end)

test("what an event leaves out fires nothing", {
  { on = "plan.changed", rule = "heavy-line-settled" },
  { on = "contact.started", rule = "same-matter-again" },
  { on = "outage.ended", rule = "outage-credit" },
  { on = "data.exhausted", rule = "data-ran-out" },
  { on = "web.visit", rule = "thinks-of-leaving" },
  { on = "bill.issued", rule = "bill-shock" },
}, function(row)
  home:event(row.on, { member = "son" }):expect_not_fired(row.rule)
end)

test("who was not helped is told sorry, and called back", function()
  for _ = 1, 3 do
    home:event("contact.started", { topic = "bill/error", ref = "b" })
    wait "1d"
  end
  home:ask { intent = "bill/error", mood = -0.35, limit = 16 }
    :expect_first("apology", { reason = has "repeats_week" })
    :expect_action "callback-promise"
  home:event("callback.promised", { promise = "p1", promised_by = "an" })
  home:ask { intent = "bill/error", limit = 16 }:expect_no_action("callback-promise", { gate = "suitable" })
end)

-- A conversation of ten minutes, and what it was like.
local function talk(id, agents, ending)
  home:event("contact.queued", { contact = id, member = "mum", channel = "call", topic = ending.topic })
  wait "1m"
  for _, name in ipairs(agents) do
    home:event("contact.started", { contact = id, member = "mum", channel = "call", agent = name, topic = ending.topic })
    wait "9m"
  end
  ending.contact, ending.member, ending.channel, ending.agent = id, "mum", "call", agents[#agents]
  home:event("contact.ended", ending)
end

test("whoever is not helped twice gets one person who sees it through", function()
  talk("k1", { "an" }, { topic = "bill/error", mood_start = -0.2, mood_end = -0.1 })
  wait "2d"
  talk("k2", { "an" }, { topic = "bill/error", mood_start = -0.4, mood_end = -0.2 })
  home:expect_fact("unresolved_month", 1)
  home:ask { limit = 16 }:expect_no_action("one-face", { gate = "applicable" })
  wait "2d"
  talk("k3", { "an", "linh" }, { topic = "bill/error", mood_start = -0.5, mood_end = 0.3 })
  home:expect_fact("unresolved_month", 2):expect_fact("effort_month", 3) -- two repeats and a transfer
  home:ask { limit = 16 }:expect_action("one-face", { say = has "From now on it is mine" })
  wait "8d"
  expect_report("agents", { where = { agent = "an" } }, { contacts = 2, fcr = 0, fcr_contacts = 2, mood_change = 0.15 })
  expect_report("agents", { where = { agent = "linh" } }, { contacts = 1, fcr = 1, repeats = 1, transfers = 1, wait = 60 })
  expect_report("relationship", { where = { topic = "bill/error" } }, {
    contacts = 3, served = 3, fcr = 1 / 3, fcr_contacts = 3, provisional_contacts = 0, repeats = 2, transfers = 1,
    effort = 1, abandoned = 0, inferred = 0, open = 0, mood_start = -1.1 / 3, mood_end = 0, wait = 60, handle = 720,
  })
end)

test("what is less than a week old is provisional, and who gives up is apart", function()
  talk("k1", { "an" }, { topic = "data/usage" })
  home:event("contact.abandoned", { topic = "bill/pay", channel = "call", wait_s = 40 })
  home:event("contact.started", { contact = "k2", member = "mum", channel = "chat", agent = "an", topic = "other" })
  wait "4h" -- and no end of it comes
  expect_report("relationship", { by = { "total" } }, {
    contacts = 3, served = 2, abandoned = 1 / 3, inferred = 1, fcr_contacts = 0, fcr_provisional = 1,
    provisional_contacts = 2,
  })
end)

test("complaints and promises are counted to whom they were made", function()
  home:event("complaint.opened", { complaint = "c1", agent = "an", channel = "call", topic = "bill/error", member = "mum" })
  home:event("callback.promised", { promise = "p1", agent = "an", channel = "call", topic = "bill/error", member = "mum" })
  wait "30h"
  home:event("callback.made", { promise = "p1", agent = "linh", channel = "call", member = "mum" })
  home:event("complaint.closed", { complaint = "c1", agent = "linh", member = "mum" })
  home:event("callback.promised", { promise = "p2", agent = "an", channel = "call", member = "mum" })
  wait "1h"
  home:event("callback.made", { promise = "p2", agent = "an", channel = "call", member = "mum" })
  home:event("complaint.opened", { complaint = "c1", agent = "linh", channel = "chat", member = "mum" })
  home:event("callback.promised", { promise = "p3", agent = "linh", channel = "call", member = "mum" })
  wait "2d"
  expect_report("relationship", { by = { "total" } }, {
    complaints = 1, reopened = 1, complaints_open = 1, promises = 3, kept = 1 / 3, late = 1, broken = 1,
  })
  home:event("complaint.closed", { complaint = "c1", agent = "an", member = "mum" })
  expect_report("relationship", { by = { "total" } }, { turnaround = 79, complaints_open = 0 })
  expect_report("agents", { where = { agent = "an" } }, { promises = 2, kept = 0.5, complaints = 1 })
end)

test("a mood that sinks is told", {
  ["low, but nothing to compare it with"] = { -0.35, told = false },
  ["low twice in a row"] = { -0.35, -0.35, told = true },
  ["a fall to a low one"] = { 0.5, -0.3, told = true },
  ["a fall that is not low"] = { 0.5, -0.1, told = false },
}, function(row)
  local last
  for _, mood in ipairs(row) do
    wait "1d"
    last = home:event("contact.ended", { mood_end = mood })
  end
  if row.told then last:expect_alert("sinking-mood", { to = "care" }) else last:expect_no_alert "sinking-mood" end
end)

test("a mood nobody noted is unknown, not low", function()
  home:event("contact.ended"):expect_not_fired "sinking-mood"
  home:expect_fact("mood_now", nil)
end)

test("who promised to call back hears of it when the time is up", function()
  at "2026-01-05 09:00"
  home:event("callback.promised", { agent = "tuan", promise = "p1", promised_by = "tuan" })
  wait "23h"
  home:expect_case("callback", "open", { key = "p1" }):expect_no_alert "callback-missed"
  wait("1h"):expect_alert("callback-missed", {
    to = "agent:tuan", severity = "high", say = has "You promised pham a call back by 09:00",
  })
  home:expect_case("callback", "missed")
  home:ask():expect_action("apology", { reason = has "callback is missed" })
  wait "2h"
  home:event("callback.made", { agent = "tuan", promise = "p1" })
  home:expect_no_alert("callback-missed"):expect_case("callback", "closed"):expect_fact("missed_callbacks", 1)
end)

test("a promise that was kept is nobody's business", function()
  home:event("callback.promised", { promise = "p1", promised_by = "tuan" })
  wait "20h"
  home:event("callback.made", { promise = "p1" })
  wait("7d"):expect_not_fired "callback-missed"
end)

test("a complaint past its time goes to the supervisor", function()
  home:event("complaint.opened", { agent = "an", complaint = "k1" })
  wait "1h"
  home:event("complaint.opened", { agent = "an", complaint = "k2" })
  wait "47h"
  home:event("complaint.closed", { complaint = "k1" })
  wait("25h"):expect_alert("complaint-late", { to = "supervisor", say = has "complaint k2 is open" })
  home:expect_fired("complaint-late", { count = 1 })
end)

test("a survey is for who spoke to us and is content", function()
  home:event("profile.updated", { consent_sms = true })
  home:ask { channel = "sms" }:expect_no_action("survey", { gate = "applicable" })
  home:event("contact.ended", { mood_end = 0.4 })
  home:ask { channel = "sms" }:expect_action "survey"
  home:event("complaint.opened", { complaint = "k1" })
  home:ask { channel = "sms" }:expect_no_action("survey", { gate = "suitable" })
  home:event("complaint.closed", { complaint = "k1" })
  home:outcome("offered", "survey", { channel = "sms" })
  home:ask { channel = "sms" }:expect_no_action("survey", { gate = "policy" })
  home:event("profile.updated", { consent_sms = false })
  home:ask { channel = "sms" }:expect_no_action("survey", { gate = "eligible" })
end)

test("angry callers in a row strain an agent", function()
  local linh, tuan = agent "linh", agent "tuan"
  local function ended(who, by, mood)
    wait "1h"
    return customer(who):event("contact.ended", { agent = by, mood_end = mood })
  end
  ended("a", "tuan", -0.5)
  ended("b", "tuan", -0.4)
  ended("c", "tuan", 0.1)
  ended("a", "tuan", -0.7)
  ended("b", "tuan", -0.5)
  ended("c", "linh", -0.9) -- another's
  tuan:expect_no_alert "strain"
  ended("a", "tuan", -0.4):expect_alert("strain", { to = "supervisor", say = has "3 angry endings in a row, 6" })
  ended("b", "tuan", -0.4):expect_not_fired "strain" -- once in four hours
  tuan:expect_alert "strain"
  linh:expect_fact("angry_run", 1):expect_no_alert "strain"
end)

test("a strained agent may hand over an angry caller", function()
  for _ = 1, 3 do
    wait "1h"
    customer("a"):event("contact.ended", { agent = "linh", mood_end = -0.9 })
  end
  home:ask { agent = "linh", mood = -0.6, limit = 16 }
    :expect_action("hand-over", { reason = has "alert strain is open" })
  home:ask { agent = "linh", mood = 0.2, limit = 16 }:expect_no_action("hand-over", { gate = "applicable" })
  home:ask { agent = "tuan", mood = -0.6, limit = 16 }:expect_no_action("hand-over", { gate = "applicable" })
  home:ask { agent = "linh", limit = 16 }:expect_no_action("hand-over", { reason = has "unknown" })
end)
