-- Numbers of reports that no other story needs: intervals, comparisons of agents, what an hour brings.
local homes = require "tests.homes"

local function talk(name, agent, fields)
  local home = customer(name)
  local contact = name .. "-" .. agent .. "-" .. now()
  home:event("contact.started", {
    contact = contact, member = "dad", agent = agent, channel = "call", topic = fields.topic, ref = fields.ref, mood = 0, wait_s = 0,
  })
  home:event("contact.ended", {
    contact = contact, member = "dad", agent = agent, channel = "call", topic = fields.topic, ref = fields.ref,
    mood_start = 0, mood_end = fields.mood, mood = fields.mood, handle_s = fields.handle_s or 300, wait_s = 0, transfers = 0,
  })
end

test("who sends callers back more often than the others can learn it", function()
  for i = 1, 40 do
    talk("came-back-" .. i, "an", { topic = "messages/usage", ref = "m", mood = -0.4 })
    talk("content-" .. i, "linh", { topic = "messages/usage", ref = "m", mood = 0.4 })
  end
  wait "2d"
  for i = 1, 40 do talk("came-back-" .. i, "linh", { topic = "messages/usage", ref = "m", mood = 0.4 }) end
  wait "9d"
  expect_report("learning", { where = { agent = "an" } }, {
    contacts = 40, repeats = 1, repeats_peers = 0, repeats_difference = 1, repeats_low = between(0.8, 1), repeats_high = 1,
    repeats_verdict = "worse", moods = 40, mood_change = -0.4, mood_change_peers = 0.4, mood_change_difference = -0.8,
    mood_change_low = -0.8, mood_change_high = -0.8, mood_change_verdict = "worse",
  })
  expect_report("learning", { where = { agent = "linh" } }, { contacts = 80, repeats = 0, repeats_verdict = "better" })
end)

test("acceptance has an interval, and brings in what was told", function()
  local home = homes.small_plan()
  for i = 1, 4 do
    home:outcome(i < 4 and "accepted" or "rejected", "data-upgrade", { member = "dad", revenue = i < 4 and 60000 or 0 })
    wait "1h"
  end
  expect_report("actions", { where = { action = "data-upgrade" } }, {
    accepted = 3, rejected = 1, acceptance = 0.75, acceptance_low = between(0.30, 0.31), acceptance_high = between(0.95, 0.96),
    revenue = 180000, acceptance_control = "", control_low = "", control_high = "",
  })
end)

test("a share of few who left says how little it says", function()
  for i = 1, 4 do customer("h" .. i):event("profile.updated", { contract = "monthly", tenure_band = "new", lines = 1 }) end
  customer("h1"):event("contract.cancelled", { reason = "price" })
  expect_report("churn", { by = { "contract" }, where = { contract = "monthly" } }, {
    lost = 1, churn = 0.25, churn_low = between(0.04, 0.05), churn_high = between(0.69, 0.70), moved = 0,
  })
end)

test("sales stand beside the hours that they took", function()
  local home = homes.small_plan()
  home:event("contract.signed", { contract_id = "k1", product = "mobile", contract = "monthly", agent = "an" })
  for _ = 1, 2 do
    talk("tran", "an", { topic = "other", ref = "x", mood = 0.2, handle_s = 1800 })
    wait "1h"
  end
  expect_report("contracts", { by = { "agent" }, where = { agent = "an", days = "30" } },
    { sold = 1, contacts_per_hour = 2, sales_per_hour = 1 })
end)

test("growth of all is the sum, and offers without a bound have none left to tell", function()
  for _, name in ipairs { "tran", "le" } do
    local home = customer(name)
    home:event("profile.updated", { segment = "family", lines = 2 })
    talk(name, "an", { topic = "other", ref = "x", mood = 0.2 })
  end
  expect_report("scores", { where = { segment = "family" } }, { customers = 2, growth_all = at_least(0), moved = 0 })
end)
