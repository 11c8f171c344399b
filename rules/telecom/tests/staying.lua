-- Who stays and who leaves: what sales came to, who was lost after what, and what is said to those who might be next.
local home = customer "pham"

local function signed(fields)
  local what = { contract_id = "k1", product = "mobile", contract = "monthly", agent = "linh" }
  for name, value in pairs(fields or {}) do what[name] = value end
  return home:event("contract.signed", what)
end

local function contact(who, fields)
  local what = { member = "dad", agent = "linh", contact = "c1", channel = "call", topic = "bill/why-higher" }
  for name, value in pairs(fields or {}) do what[name] = value end
  return who:event("contact.ended", what)
end

local function sales(days, by) return { by = by or "agent", where = { days = tostring(days) } } end

test("a sale counts as kept and satisfied once its days have passed", function()
  signed()
  wait "31d"
  expect_report("contracts", sales(30), { sold = 1, matured = 1, kept = 1, satisfied = 1 })
  expect_report("contracts", sales(90), { sold = 1, matured = 0, provisional = 1, kept = "" })
  home:event("complaint.opened", { member = "dad", agent = "minh", complaint = "x", channel = "call", topic = "other" })
  contact(home, { agent = "minh", mood_end = -0.6 })
  wait "60d"
  expect_report("contracts", sales(90), { kept = 1, satisfied = 0, complaints = 1, contacts = 1, mood = -0.6 })
  expect_report("contracts", sales(30), { satisfied = 1, complaints = 0 })
  home:event("contract.cancelled", { reason = "service" })
  wait "100d"
  expect_report("contracts", sales(90), { kept = 1 })
  expect_report("contracts", sales(180), { kept = 0, satisfied = 0 })
end)

test("what they say in the end weighs more than that they complained", function()
  signed { campaign = "spring" }
  wait "1d"
  home:event("complaint.opened", { member = "dad", agent = "minh", complaint = "x", channel = "call", topic = "other" })
  home:event("complaint.closed", { member = "dad", agent = "minh", complaint = "x", topic = "other", satisfied = true })
  wait "31d"
  expect_report("contracts", sales(30, "campaign"), { campaign = "spring", satisfied = 1, complained = 1 })
end)

test("the contract's end comes from the contract", function()
  signed { contract = "1-year", contract_ends = time "2026-03-01" }
  home:expect_fact("contract_days_left", between(54, 55))
  at "2026-02-01"
  home:event("contract.renewed", { contract_id = "k1", contract_ends = time "2027-03-01" })
  home:expect_fact("contract_days_left", at_least(392)):expect_fact("contract_months", between(0.8, 0.9))
  expect_report("contracts", sales(30), { renewals = 1, sold = 1 })
end)

local function customers(count, contract, lost)
  for i = 1, count do
    local one = customer(contract .. i)
    one:event("profile.updated", { contract = contract, tenure_band = "new", internet = "fibre" })
    if i <= lost then one:event("contract.cancelled", { reason = i == 1 and "price" or "service" }) end
  end
end

test("who left, by what they were", function()
  customers(4, "monthly", 2)
  customers(3, "2-year", 0)
  expect_report("churn", { by = "contract", where = { contract = "monthly" } },
    { start = 0, joined = 4, lost = 2, ["end"] = 2, of = 4, churn = 0.5 })
  expect_report("churn", { by = "contract", where = { contract = "2-year" } }, { lost = 0, ["end"] = 3, churn = 0 })
  expect_report("churn", { by = "reason", where = { reason = "price" } }, { lost = 1, share = 0.5 })
  wait "40d"
  expect_report("churn", { by = "total", since = time "2026-02-01" }, { start = 5, lost = 0, ["end"] = 5, churn = 0 })
  customer("monthly1"):event("contract.signed", { product = "mobile" })
  expect_report("churn", { by = "total", since = time "2026-02-01" }, { start = 5, returned = 1, ["end"] = 6 })
  expect(#report("churn", { by = "month" }), 2)
end)

test("lost after contact, against expectation", function()
  customers(60, "monthly", 0)
  for i = 1, 60 do
    local one, agent = customer("monthly" .. i), i <= 30 and "linh" or "minh"
    contact(one, { agent = agent, contact = "c" .. i, mood_end = i <= 30 and 0.2 or -0.5 })
  end
  wait "10d"
  for i = 31, 44 do customer("monthly" .. i):event("contract.cancelled", { reason = "service" }) end
  expect_report("churn", { by = "agent", where = { agent = "minh" } }, { contacts = 0, provisional = 30, provisional_lost = 14 })
  wait "25d"
  expect_report("churn", { by = "agent", where = { agent = "minh" } },
    { contacts = 30, lost = 14, expected = 7, ratio = 2, against = "more", mood_lost = -0.5, provisional = 0 })
  expect_report("churn", { by = "agent", where = { agent = "linh" } }, { contacts = 30, lost = 0, expected = 7, against = "fewer" })
  expect_report("churn", { by = "topic" }, { lost = 14, expected = 14, ratio = 1, against = "" })
end)

test("who might be next is kept before anything is sold", {
  { contract = "monthly", tenure_band = "new", internet = "fibre", payment = "electronic-check", risk = 0.65, first = "stay-a-year" },
  { contract = "monthly", tenure_band = "old", internet = "dsl", payment = "credit-card", risk = 0.25 },
  { contract = "2-year", tenure_band = "new", internet = "fibre", payment = "electronic-check", risk = 0.43, first = "help-settle" },
}, function(row)
  home:event("profile.updated", {
    contract = row.contract, tenure_band = row.tenure_band, internet = row.internet, payment = row.payment,
    tech_support = false, lines = 2, consent_marketing = true,
  })
  home:event("profile.updated", { member = "dad", role = "payer", data_plan = "data-2gb", message_plan = "bundle-300" })
  for _ = 1, 2 do home:event("data.exhausted", { member = "dad", days_left = 5 }) end -- an add-on could be sold
  home:expect_fact("leaving_risk", between(row.risk - 0.001, row.risk + 0.001))
  local answer = home:ask { member = "dad" }
  if row.first then
    answer:expect_first(row.first):expect_action "data-add-on"
  else
    answer:expect_first "data-add-on":expect_no_action("stay-a-year", { gate = "applicable" })
  end
end)

test("who has left is not sold to, but may come back", function()
  home:event("profile.updated", {
    contract = "1-year", contract_ends = time "2026-02-10", tenure_band = "old", lines = 2, consent_marketing = true,
  })
  home:event("profile.updated", { member = "dad", data_plan = "data-2gb" })
  home:event("data.exhausted", { member = "dad", days_left = 5 })
  home:ask { member = "dad" }:expect_action "renewal":expect_action "data-add-on":expect_no_action "win-back"
  home:event("contract.cancelled", { reason = "price" })
  home:ask { member = "dad" }:expect_action "win-back":expect_no_action("renewal", { gate = "policy" })
    :expect_no_action("data-add-on", { gate = "policy" }):expect_caution "They have left us: sell nothing that they do not ask for."
  home:ask { member = "dad", intent = "data/usage" }:expect_action "data-add-on"
  home:expect_fact("has_left", true)
  wait "91d"
  home:ask { member = "dad" }:expect_no_action("win-back", { gate = "applicable" })
  home:event("contract.signed", { product = "mobile" })
  home:expect_fact("has_left", false)
end)
