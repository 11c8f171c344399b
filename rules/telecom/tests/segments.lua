-- Many customers at once: segments by events and by time, a campaign in its hours, and who may see whose line it is.
local homes = require "tests.homes"

test("whose data runs out twice is in the segment, for a month", function()
  local home = homes.small_plan()
  home:expect_segment "data-runs-out"
  wait "31d"
  home:expect_no_segment "data-runs-out"
end)

test("who pays is offered the family's plan, in the campaign's hours", function()
  local home = homes.small_plan()
  home:expect_nudge("family-data", {
    action = "family-data-by-sms", channel = "sms", member = "dad", say = has "Your 2 lines could share 50 GB",
  })
  expect_report("campaigns", {}, { ["in"] = 1, reached = 1, held = 0 })
  home:event("plan.changed", { member = "dad", kind = "data_plan", to = "data-10gb" })
  expect_report("campaigns", {}, { success = 1 })
end)

test("at night it waits for the morning", function()
  at "20:00"
  local home = customer "tran"
  home:event("profile.updated", { lines = 2, consent_sms = true })
  home:event("profile.updated", { member = "dad", role = "payer" })
  for _ = 1, 2 do home:event("data.exhausted", { member = "dad", days_left = 5 }) end
  home:expect_segment("data-runs-out"):expect_no_nudge "family-data"
  expect_report("campaigns", {}, { waiting = 1, reached = 0 })
  at "2026-01-06 08:59"
  home:expect_no_nudge "family-data"
  at "2026-01-06 09:00"
  home:expect_nudge("family-data", { member = "dad" })
  expect_report("campaigns", {}, { waiting = 0, reached = 1 })
end)

test("who has not agreed to messages is held back", function()
  local home = homes.small_plan()
  customer("nobody"):event("profile.updated", { lines = 2, consent_sms = false })
  for _ = 1, 2 do customer("nobody"):event("data.exhausted", { member = "x", days_left = 5 }) end
  customer("nobody"):expect_segment("data-runs-out"):expect_no_nudge "family-data"
  home:expect_segment "data-runs-out"
end)

test("the payer hears which line it is, the others do not", function()
  local home = homes.small_plan()
  home:event("profile.updated", { member = "son", role = "child" })
  home:event("profile.updated", { member = "aunt", role = "adult" })
  wait "31d" -- dad's own are over
  home:event("data.exhausted", { member = "son", days_left = 9 })
  home:event("data.exhausted", { member = "son", days_left = 8 })
  home:ask { member = "dad", intent = "data/usage", limit = 16 }
    :expect_action("which-line-runs-out", { say = has "the line son: it was out of data 2 times" })
  home:ask { member = "aunt", intent = "data/usage", limit = 16 }
    :expect_no_action("which-line-runs-out", { gate = "eligible" })
  home:ask { member = "dad", limit = 16 }:expect_no_action("which-line-runs-out", { gate = "applicable" })
end)

test("who writes far more than usual on two days a week is a heavy texter", function()
  local home = homes.nguyen()
  homes.texts(home, "daughter", 61)
  home:expect_no_segment "heavy-texters"
  wait "1d"
  homes.texts(home, "daughter", 90)
  home:expect_segment "heavy-texters"
  wait "9d"
  home:expect_no_segment "heavy-texters"
end)

test("who is likely to leave is at risk, until they have left", function()
  local home = customer "pham"
  home:event("profile.updated", { contract = "monthly", tenure_band = "new", internet = "fibre", payment = "electronic-check" })
  home:expect_segment "at-risk"
  home:event("profile.updated", { contract = "2-year", tenure_band = "old" })
  home:expect_no_segment "at-risk"
end)
