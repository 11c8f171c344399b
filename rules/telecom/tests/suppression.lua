-- What is held back: a customer in trouble is not sold to, unless they came to buy. And what growth may offer at all.
local homes = require "tests.homes"
local home

before(function() home = homes.small_plan() end)

local function ask(intent, mood)
  return home:ask { member = "dad", intent = intent, mood = mood, limit = 16 }
end

test("without trouble what fits is offered", function()
  ask("bill/pay")
    :expect_action("data-upgrade", { reason = has "data_ran_out 2" })
    :expect_action("data-add-on")
    :expect_no_caution()
end)

test("nothing is sold while a complaint is open, unless asked for", function()
  home:event("complaint.opened", { complaint = "k1" })
  ask "bill/pay"
    :expect_first("apology")
    :expect_no_action("data-upgrade", { gate = "policy", reason = has "complaint is open" })
    :expect_no_action("data-add-on", { gate = "policy" })
    :expect_caution(has "A complaint is open")
  ask("data/plan"):expect_action("data-upgrade"):expect_action "data-add-on"
  home:event("complaint.closed", { complaint = "k1" })
  ask("bill/pay"):expect_action("data-upgrade"):expect_no_caution()
end)

test("nor during an outage", function()
  home:event("outage.started", { outage = "o1" })
  ask("bill/pay"):expect_no_action("data-add-on", { gate = "policy" }):expect_caution(has "outage")
  ask("data/plan"):expect_action "data-add-on"
end)

test("nor to an angry caller", {
  { mood = -0.4, sold = false },
  { mood = -0.3, sold = true },
}, function(row)
  local answer = ask("bill/pay", row.mood)
  if row.sold then
    answer:expect_action "data-add-on"
  else
    answer:expect_no_action("data-add-on", { gate = "policy" }):expect_caution "The caller is angry: listen first."
    ask("data/plan", row.mood):expect_action "data-add-on"
  end
end)

test("nor to who does not want it", function()
  home:event("profile.updated", { consent_marketing = false })
  ask("bill/pay"):expect_no_action("data-add-on", { gate = "policy" })
  ask("data/plan"):expect_action "data-add-on"
end)

test("a refusal is heard", function()
  home:outcome("rejected", "data-add-on")
  wait "1d"
  ask("bill/pay"):expect_action "data-upgrade"
  home:outcome("rejected", "data-upgrade")
  wait "1d"
  ask "bill/pay" -- the whole group rests for 90 days
    :expect_no_action("data-upgrade", { gate = "policy", reason = has "2 rejected" })
    :expect_no_action("data-add-on", { gate = "policy" })
  ask("data/plan"):expect_action "data-upgrade"
end)

test("nobody is asked too often", function()
  for _ = 1, 3 do
    home:outcome("offered", "data-upgrade")
    wait "1h"
  end
  ask("bill/pay"):expect_no_action("data-upgrade", { gate = "policy" })
  ask("data/plan"):expect_action "data-upgrade"
end)

test("what was taken is not offered again", function()
  ask("data/plan"):expect_order { "data-upgrade", "data-add-on", "listen" }
  home:outcome("accepted", "data-add-on")
  ask("data/plan"):expect_no_action("data-add-on", { gate = "policy" }):expect_action "data-upgrade"
  wait "8d"
  ask("data/plan"):expect_action "data-add-on"
end)

test("the balance rises with trouble", function()
  -- listen is worth 0.3 to the customer and 0.1 to the company, propensity 0.3: its score tells the balance
  ask(""):expect_action("listen", { score = 0.3 * 0.2 })
  local function with_balance(b) ask(""):expect_action("listen", { score = 0.3 * (0.1 + b * 0.2) }) end
  home:event("complaint.opened", { complaint = "k1" })
  with_balance(0.65)
  home:event("contact.ended", { mood_end = -0.5 })
  with_balance(0.73)
  home:event("callback.promised", { promise = "p1", agent = "linh" })
  wait "25h"
  with_balance(0.85)
  for i = 2, 4 do home:event("complaint.opened", { complaint = "k" .. i }) end
  with_balance(0.9) -- at most
end)

test("data that runs out in the middle of the month is told", {
  { days_left = 2, told = true },
  { days_left = 1, told = false },
}, function(row)
  wait "7d"
  local out = home:event("data.exhausted", { member = "dad", days_left = row.days_left })
  if row.told then
    out:expect_nudge("data-ran-out", { action = "data-add-on", member = "dad" })
  else
    out:expect_no_nudge "data-ran-out"
  end
end)

test("data is sold to who has too little of it", function()
  home:event("profile.updated", { member = "dad", data_plan = "data-unlimited" })
  ask("data/plan")
    :expect_no_action("data-add-on", { gate = "suitable" })
    :expect_no_action("data-upgrade", { gate = "eligible" })
  home:event("profile.updated", { member = "mum", data_plan = "data-10gb" })
  local function mum() return home:ask { member = "mum", intent = "bill/pay", limit = 16 } end
  mum():expect_no_action("data-upgrade", { gate = "suitable" })
  home:event("web.visit", { member = "mum", page = "plans/data" })
  home:event("web.visit", { member = "mum", page = "plans/data" })
  mum():expect_action("data-upgrade", { reason = has "plan_visits 2" })
end)

test("an unknown tenure or contract opens nothing", function()
  local new = customer "new"
  new:ask { intent = "contract/renew", limit = 16 }
    :expect_no_action("renewal", { gate = "eligible", reason = has "unknown" })
    :expect_no_action("new-phone", { gate = "eligible" })
  new:event("profile.updated", { contract = "prepaid", tenure_band = "new" })
  new:ask { intent = "contract/renew", limit = 16 }
    :expect_no_action("renewal", { gate = "eligible", reason = has "prepaid" })
    :expect_no_action("new-phone", { gate = "eligible" })
end)

test("messages are not for every day", function()
  for i = 1, 4 do home:outcome("offered", "mend-payment", { channel = "sms" }) wait(i .. "h") end
  home:ask { member = "dad", channel = "sms", intent = "bill/pay", limit = 16 }
    :expect_no_action("data-add-on", { gate = "policy", reason = has "4 offered" })
  wait "7d"
  home:ask { member = "dad", channel = "sms", intent = "data/usage", limit = 16 }:expect_action "data-add-on"
end)

test("what was agreed is carried out, not offered again", {
  { action = "renewal", gap = "6d" },
  { action = "autopay", gap = "6d" },
  { action = "listen", gap = "30m" },
}, function(row)
  home:event("profile.updated", { contract_ends = now() + 30 * 24 * 3600 * 1000 })
  ask("bill/pay"):expect_action(row.action)
  home:outcome("accepted", row.action)
  wait(row.gap)
  ask("bill/pay"):expect_no_action(row.action, { gate = "policy" })
  wait "8d"
  ask("bill/pay"):expect_action(row.action)
end)

test("who thinks of leaving is kept", function()
  home:event("profile.updated", { tenure_months = 60, contract_ends = now() + 30 * 24 * 3600 * 1000 })
  ask("")
    :expect_action("renewal", { reason = has "contract_days_left 30" })
    :expect_action("new-phone")
    :expect_no_action("retention-offer", { gate = "applicable" })
  home:event("web.visit", { page = "usage" }):expect_not_fired "thinks-of-leaving"
  home:event("web.visit", { page = "cancel" }):expect_alert("thinks-of-leaving", { to = "retention" })
  home:event("web.visit", { page = "cancel" }):expect_not_fired "thinks-of-leaving"
  ask("contract/cancel"):expect_first "retention-offer"
  home:event("profile.updated", { contract_ends = now() + 300 * 24 * 3600 * 1000 })
  ask(""):expect_no_action("renewal", { gate = "applicable" }):expect_no_action("new-phone", { gate = "applicable" })
end)

test("who wants to leave is heard out, whatever they answer", function()
  ask("contract/cancel"):expect_action("retention-offer", {
    if_accepted = has "from the next bill",
    if_rejected = has "Do not press",
    if_later = has "callback-promise: It is yours to think about",
  })
end)

test("who does not answer twice has answered", function()
  home:event("web.visit", { member = "dad", page = "cancel" })
  local function offer()
    home:outcome("offered", "retention-offer", { member = "dad" })
    wait "14d"
    home:event("web.visit", { member = "dad", page = "cancel" })
  end
  offer()
  ask("bill/pay"):expect_action "retention-offer"
  home:outcome("offered", "retention-offer")
  home:outcome("overruled", "retention-offer", { reason = "moves abroad" }) -- an answer: the agent's
  wait "14d"
  home:event("web.visit", { member = "dad", page = "cancel" })
  ask("bill/pay"):expect_action "retention-offer"
  offer()
  ask("bill/pay"):expect_no_action("retention-offer", { gate = "policy", reason = has "2 ignored" })
  ask("contract/cancel"):expect_action "retention-offer"
end)

test("messages rest at night, and where they are not wanted", function()
  local function sms(intent) return home:ask { member = "dad", channel = "sms", intent = intent, limit = 16 } end
  at "21:29"
  sms("bill/pay"):expect_action "data-add-on"
  at "21:30"
  sms("bill/pay"):expect_no_action("data-add-on", { gate = "policy", reason = has "quiet hours", until_ms = now() + 36e6 })
  sms("data/plan"):expect_action "data-add-on"
  wait "10h"
  sms("bill/pay"):expect_action "data-add-on"
  home:event("profile.updated", { preferred_channel = "call" })
  sms("bill/pay"):expect_no_action("data-add-on", { gate = "policy", reason = has "preferred_channel" })
end)
