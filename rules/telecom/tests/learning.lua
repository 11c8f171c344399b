-- What becomes of offers is learned: the author's guess counts until outcomes know better.
local homes = require "tests.homes"
local home

before(function() home = homes.small_plan() end)

-- listen is worth 0.2 here; its guess of 0.3 counts as much as 50 outcomes
local function expect_propensity(p, reason)
  home:ask { member = "dad", intent = "", limit = 16 }:expect_action("listen", { score = 0.2 * p, reason = reason })
end

test("answers of many customers move the guess", function()
  expect_propensity(0.3)
  for i = 1, 50 do customer("other-" .. i):outcome("accepted", "listen") end
  expect_propensity((0.3 * 50 + 50) / 100, has "learned from 50")
  for i = 1, 100 do customer("other-" .. i):outcome(i % 2 == 0 and "rejected" or "ignored", "listen") end
  expect_propensity((0.3 * 50 + 50) / 200)
end)

test("what waits for an answer, or never reached the customer, teaches nothing", {
  { kind = "shown" }, { kind = "offered" }, { kind = "later" }, { kind = "overruled" },
}, function(row)
  for i = 1, 20 do customer("other-" .. i):outcome(row.kind, "listen") end
  expect_propensity(0.3)
end)

test("what is old counts less", function()
  for i = 1, 50 do customer("other-" .. i):outcome("accepted", "listen") end
  wait "720d" -- eight half-lives
  expect_propensity(0.3)
end)
