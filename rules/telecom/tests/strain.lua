-- What wears an agent out: counted in points, told to the supervisor, and answers are fewer and gentler until it is over.
local home, linh = customer "vo", agent "linh"
local staff = customer "staff" -- who stands for the team, where no customer is concerned
local homes = require "tests.homes"
local seq = 0

-- One conversation of so many minutes.
local function talk(minutes, mood, who)
  seq = seq + 1
  local contact = { member = "mum", agent = who or "linh", contact = "s" .. seq, channel = "call", topic = "other" }
  home:event("contact.started", contact)
  wait(minutes .. "m")
  contact.mood_end = mood
  return home:event("contact.ended", contact)
end

test("three angry endings in a row strain, and a calm one ends it", function()
  talk(5, -0.6)
  talk(5, -0.7)
  home:ask { agent = "linh" }:expect_strain { score = between(33, 34), level = "watch", part = "angry" }
  talk(5, -0.5):expect_alert("strain", { to = "supervisor", say = has "strain 50 of 100: 3 angry endings in a row" })
  home:ask { agent = "linh" }
    :expect_strain { score = 50, level = "strained", actions = 2, say = has "One thing at a time" }
  home:ask { agent = "linh", lang = "vi" }:expect_strain { say = has "Từng việc một" }
  home:ask { agent = "tuan" }:expect_strain { score = 0, level = "" }
  talk(5, 0.4)
  home:ask { agent = "linh" }:expect_strain { score = 0 }
end)

test("a night's sleep ends it too", function()
  for _ = 1, 3 do talk(5, -0.6) end
  wait "3h"
  linh:expect_fact("angry_run", 3)
  wait "1h"
  linh:expect_fact("angry_run", 0)
  home:ask { agent = "linh" }:expect_strain { score = 0, level = "" }
end)

test("under strain an answer is short, and nothing hard is in it that was not asked for", function()
  local tran = homes.small_plan()
  tran:ask { member = "dad", agent = "linh", limit = 16 }:expect_action "data-upgrade"
  for _ = 1, 3 do talk(5, -0.6) end
  tran:ask { member = "dad", agent = "linh", limit = 16 }
    :expect_no_action("data-upgrade", { gate = "policy", reason = has "strain 50 at least 50" })
    :expect_no_action("callback-promise")
    :expect_strain { actions = 2 }
  tran:ask { member = "dad", agent = "linh", intent = "data/plan" }:expect_action "data-upgrade"
  tran:ask { member = "dad", agent = "tuan", limit = 16 }:expect_action "data-upgrade"
end)

test("what is easy to bring across weighs more", function()
  local other = customer "ngo"
  other:ask { agent = "linh" }:expect_first("listen", { score = between(0.059, 0.061) })
  for _ = 1, 3 do talk(5, -0.6) end
  other:ask { agent = "linh" }:expect_first("listen", { score = between(0.077, 0.079) })
end)

test("two hours without a pause are strain too, and a break is one", function()
  for _ = 1, 12 do talk(15, 0) end
  linh:expect_fact("occupancy", 1):expect_fact("without_break", 3 * 3600)
  home:ask { agent = "linh" }:expect_strain { score = between(28, 30), part = "no_break" }
  staff:event("agent.break", { agent = "linh" })
  wait "10m"
  linh:expect_fact("without_break", 0):expect_fact("occupancy", between(0.91, 0.92))
  talk(15, 0)
  linh:expect_fact("without_break", 15 * 60)
end)

test("a quarter of an hour without a conversation is a break", function()
  for _ = 1, 4 do talk(30, 0) end
  wait "14m"
  linh:expect_fact("without_break", 134 * 60)
  wait "1m"
  linh:expect_fact("without_break", 0):expect_fact("occupancy", 0.875)
end)

test("two conversations at once are no more than busy", function()
  local first = { member = "mum", agent = "linh", contact = "x1", channel = "chat" }
  local second = { member = "mum", agent = "linh", contact = "x2", channel = "chat" }
  home:event("contact.started", first)
  wait "10m"
  home:event("contact.started", second)
  wait "20m"
  home:event("contact.ended", first)
  wait "30m"
  home:event("contact.ended", second)
  wait "1h"
  linh:expect_fact("occupancy", 0.5)
end)

test("holds and escalations add up", function()
  for i = 1, 5 do
    home:event("contact.held", { member = "mum", agent = "linh", contact = "h" .. i, channel = "call" })
  end
  for i = 1, 2 do
    home:event("contact.escalated", { member = "mum", agent = "linh", contact = "h" .. i, channel = "call" })
  end
  linh:expect_fact("strain", between(6.4, 6.5)) -- 2 of 7 of 5 points, half of 10
  wait "2h"
  linh:expect_fact("strain", 5)
end)

test("nobody in particular is not strained", function()
  for _ = 1, 3 do talk(5, -0.6) end
  home:ask { limit = 16 }:expect_action "listen"
end)

test("a break closes the alert", function()
  for _ = 1, 3 do talk(5, -0.6) end
  linh:expect_alert "strain"
  staff:event("agent.break", { agent = "linh" })
  linh:expect_no_alert "strain"
end)
