-- What keeping customers may cost in a month, step by step; and what a new phone does, against who was held out.
local homes = require "tests.homes"
local home

before(function() home = homes.small_plan() end)

local function leaving(intent) return home:ask { member = "dad", intent = intent or "contract/cancel", limit = 16 } end
-- Others take so much of the month's budget.
local function others(cost, times)
  for i = 1, times or 1 do
    customer("other" .. i):outcome("accepted", "retention-offer", { cost = cost })
  end
end

test("the larger offer comes only after the smaller one was refused", function()
  leaving():expect_first("retention-offer"):expect_no_action("retention-extra", { gate = "policy", reason = has "ladder stay" })
  home:outcome("rejected", "retention-offer", { member = "dad" })
  leaving():expect_no_action("retention-offer", { gate = "policy" }):expect_first("retention-extra", { say = has "25%" })
  home:outcome("rejected", "retention-extra", { member = "dad" })
  leaving():expect_no_action "retention-offer":expect_no_action "retention-extra"
end)

test("what is given away in a month is bounded, and the next month begins anew", function()
  at "2026-09-20 10:00"
  home:event("profile.updated", { monthly_fee = 200000 })
  others(59700000)
  leaving():expect_no_action("retention-offer", { gate = "policy", reason = has "59700000 of 60000000", until_ms = time "2026-10-01" })
    :expect_caution(has "This month's offers")
  at "2026-10-01"
  leaving():expect_first "retention-offer"
end)

test("a smaller bill may still fit into what is left", function()
  others(59700000)
  home:event("profile.updated", { monthly_fee = 100000 }) -- 15 % of a year: 180,000
  leaving():expect_first "retention-offer"
end)

test("an offer that waits for its answer is promised, refused it is free again", function()
  home:event("profile.updated", { monthly_fee = 200000 })
  home:outcome("offered", "retention-offer", { member = "dad" })
  expect_report("budgets", {}, { given = 360000, left = 60000000 - 360000, offers = 1, offers_left = 249 })
  home:outcome("rejected", "retention-offer", { member = "dad" })
  expect_report("actions", {}, { offered = 1, rejected = 1, cost = 0, acceptance = 0 })
  expect(#report "budgets", 0)
end)

test("a word given on the phone counts, whatever is left", function()
  home:event("profile.updated", { monthly_fee = 200000 })
  home:outcome("offered", "retention-offer", { member = "dad" })
  others(59700000)
  leaving():expect_first "retention-offer"
  home:outcome("accepted", "retention-offer", { member = "dad" })
  expect_report("budgets", { by = "month,group" }, { given = 59700000 + 360000, left = -60000 })
end)

test("so many offers a month are enough, whatever they cost", function()
  others(1, 250)
  leaving():expect_no_action("retention-offer", { reason = has "250 of 250 offers" })
end)

test("a new phone is kept from a few, so that it shows what it does", function()
  home:event("profile.updated", { tenure_months = 60, contract_ends = now() + 30 * 24 * 3600 * 1000 })
  local answer = home:ask { member = "dad", arm = "withheld", limit = 16 }
  answer:expect_no_action("new-phone", { gate = "holdout" })
  home:ask({ member = "dad", intent = "device/fault", arm = "withheld", limit = 16 }):expect_action "new-phone"
  expect_report("actions", { where = { action = "new-phone" } }, { withheld = 1, recommended = 0 })
end)

test("agents who know better say why", function()
  home:outcome("overruled", "renewal", { agent = "linh", reason = "in mourning" })
  home:outcome("overruled", "renewal", { agent = "linh", reason = "moves abroad" })
  home:outcome("overruled", "renewal", { agent = "minh", reason = "in mourning" })
  expect_report("reasons", { by = "action", where = { outcome = "overruled" } }, { said = 3 })
  expect_report("reasons", { by = "reason", where = { reason = "in mourning" } }, { said = 2, share = 1 })
  expect_report("reasons", { by = "agent", where = { agent = "linh" } }, { said = 2 })
end)
