-- The score, what is expected, growth potential, and the survey.
local homes = require "tests.homes"

local function talk(who, id, fields)
  fields = fields or {}
  who:event("contact.ended", {
    member = "dad", agent = "linh", contact = id, channel = "call", topic = fields.topic or "data/usage",
    mood_end = fields.mood or 0.2,
  })
end

test("of who never needed us, only what events show is told", function()
  local home = customer "le"
  home:event("profile.updated", { lines = 1, tenure_months = 30, segment = "single" })
  home:expect_relationship(100 * (20 * 1 + 15 * 0.5) / 35, {
    trust = "", openness = "", transparency = "", fit = 1, length = 0.5, share = 0.35,
  })
end)

test("what we let happen takes from it, part by part", function()
  local home = homes.small_plan() -- ran out of data twice
  home:event("bill.issued", { bill = "1", amount = 200000, usual = 200000 })
  home:event("bill.issued", { bill = "2", amount = 300000, usual = 200000 })
  talk(home, "k1")
  home:expect_relationship(between(1, 99), { trust = 1, transparency = 0.5, fit = 0.7 })
  wait "1h"
  home:event("complaint.opened", { member = "dad", agent = "linh", complaint = "c1", channel = "call" })
  home:expect_relationship(at_least(0), { trust = 0.75 })
  home:event("callback.promised", { member = "dad", agent = "linh", promise = "p1", channel = "call" })
  wait "25h"
  home:expect_relationship(at_least(0), { trust = 0.5, contact = at_most(-10) })
  home:event("callback.made", { member = "dad", agent = "linh", promise = "p1", channel = "call" })
  home:event("complaint.closed", { member = "dad", agent = "linh", complaint = "c1" })
  home:expect_relationship(at_least(0), { trust = 0.75 })
  wait "31d"
  talk(home, "k2")
  home:expect_relationship(at_least(0), { trust = 1, month = at_least(1), contact = between(-0.01, 0.01) })
end)

test("who answers offers is open with us, who lets them run out is not", function()
  local home = homes.small_plan()
  home:expect_relationship(at_least(0), { openness = "" })
  home:outcome("rejected", "data-upgrade")
  home:expect_relationship(at_least(0), { openness = 1 })
  home:outcome("ignored", "renewal", { channel = "sms" })
  home:expect_relationship(at_least(0), { openness = 0.5 })
end)

test("who left us furious does not trust us", function()
  local home = homes.small_plan()
  talk(home, "k1", { mood = -0.8 })
  home:expect_relationship(at_least(0), { trust = 0.6 })
end)

test("growth potential is what the use asks for, and nothing after two refusals", function()
  local home = homes.small_plan()
  home:expect_relationship(at_least(0), { growth = 60000, expects = has "data that lasts the month: ran out 2 times" })
  home:outcome("rejected", "data-upgrade")
  home:outcome("rejected", "data-add-on")
  home:expect_relationship(at_least(0), { growth = 0, expects = has "left in peace with offers: 2 refused" })
end)

test("what they expect is in words for the agent", function()
  local home = homes.small_plan()
  talk(home, "k1", { topic = "bill/why-higher" })
  talk(home, "k2", { topic = "bill/error" })
  home:expect_relationship(at_least(0), { expects = has "a bill that holds no surprise: asked about 2 times" })
  home:event("callback.promised", { member = "dad", agent = "linh", promise = "p1", channel = "call" })
  wait "25h"
  home:expect_relationship(at_least(0), { expects = "that we keep our word: 1 missed call backs within 30 days" })
end)

test("a poor relationship is not sold to, unless they ask", function()
  local home = homes.small_plan()
  home:ask { member = "dad" }:expect_action "data-add-on"
  for i = 1, 4 do
    talk(home, "k" .. i, { mood = 0.3 })
    home:event("callback.promised", { member = "dad", agent = "linh", promise = "p" .. i, channel = "call" })
  end
  home:event("bill.issued", { bill = "1", amount = 400000, usual = 200000 })
  wait "25h"
  home:expect_relationship(at_most(25))
  home:ask { member = "dad" }:expect_no_action("data-add-on", { gate = "policy", reason = has "relationship" })
  home:ask { member = "dad", intent = "data/usage", limit = 5 }:expect_action "data-add-on"
end)

-- `count` customers of a segment are talked to; those of `scores` answer.
local function surveyed(segment, count, scores)
  for i = 1, count do
    local who = customer(segment .. i)
    who:event("profile.updated", { segment = segment })
    talk(who, segment .. i)
    if scores[i] then
      who:event("survey.answered", { member = "dad", channel = "sms", contact = segment .. i, score = scores[i] })
    end
  end
end

local function of(count, score)
  local scores = {}
  for i = 1, count do scores[i] = score end
  return scores
end

test("the survey speaks for those who did not answer, segment by segment", function()
  surveyed("family", 12, of(12, 10)) -- all answer, and love us
  surveyed("single", 36, of(12, 3))  -- one in three does
  expect_report("surveys", { where = { survey = "nps-after-contact" } }, {
    asked = 48, answered = 24, response = 0.5, raw = 0, corrected = 100 * (12 - 36) / 48, cells = 2, smallest_cell = 12,
  })
  expect_report("surveys", { by = { "agent", "topic" }, where = { agent = "linh" } }, {
    topic = "data/usage", asked = 48, raw = 0,
  })
end)

test("the report tells how customers stand, and what they could become", function()
  local home = homes.small_plan()
  home:event("profile.updated", { segment = "family" })
  talk(home, "k1")
  expect_report("scores", { where = { segment = "family" } }, { customers = 1, growth = 60000, first = 0 })
end)
