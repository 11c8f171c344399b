-- The relationship score: its parts, its trends, what reads it and what is counted of it.

local function known(who, attributes)
  local ann = customer(who)
  ann:event("profile.updated", attributes)
  return ann
end

test("the score is the weighted mean of its parts", function()
  local ann = known("ann", { fit = 0.5, since = time "2025-12-01" })
  at "2026-01-20 00:00"
  ann:expect_relationship(50 + 15 + 20 * 0.5, { trust = 1, fit = 0.5, length = 0.5, share = 1 })
  ann:expect_fact("score", 75)
end)

test("an unknown part is left out, and a value beyond 0 to 1 is cut", function()
  local ann = customer "ann"
  ann:event "contact.ended"
  ann:expect_relationship(100 * 50 / 70, { trust = 1, fit = nil, length = 0, share = 0.7 })
  ann:event("profile.updated", { fit = 7 })
  ann:expect_relationship(80, { fit = 1, share = 1 })
end)

test("trends are against 30 days before, and against the end of the last contact", function()
  local ann = known("ann", { fit = 1, since = time "2020-01-01" })
  ann:event("contact.ended", { contact = "k1", agent = "linh" })
  ann:expect_relationship(100, { month = nil, contact = 0 })
  wait "20d"
  ann:event "complaint.opened"
  ann:expect_relationship(75, { month = nil, contact = -25 })
  wait "15d"
  ann:event("contact.ended", { contact = "k2", agent = "linh" })
  ann:expect_relationship(75, { month = -25, contact = 0 })
  wait "1d"
  ann:event "complaint.closed"
  ann:event("profile.updated", { fit = 0 })
  ann:expect_relationship(70, { month = -30, contact = -5 })
  wait "40d"
  ann:expect_relationship(70, { month = -30, contact = -5 }) -- the score kept last was 100: with the complaint closed
end)

test("gates and policies read it", function()
  local ann = known("ann", { fit = 0, since = time "2020-01-01" })
  ann:ask():expect_action "plan"
  ann:event "complaint.opened"
  ann:ask():expect_no_action("plan", { gate = "policy", reason = has "relationship" })
end)

test("what they expect, in words", function()
  local ann = known("ann", { fit = 1 })
  ann:expect_relationship(at_least(0), { expects = "" })
  ann:outcome("rejected", "plan")
  ann:outcome("rejected", "plan")
  ann:expect_relationship(at_least(0), { expects = "to be asked less: 2 refused in 30 days" })
end)

test("the report has everybody once, and who moved", function()
  local ann = known("ann", { segment = "gold", fit = 1, growth = 500, since = time "2020-01-01" })
  local bob = known("bob", { segment = "gold", fit = 0, since = time "2020-01-01" })
  ann:event "contact.ended"
  bob:event "contact.ended"
  expect_report("scores", { where = { segment = "gold" } }, {
    customers = 2, score = 85, to_80 = 0.5, to_100 = 0.5, growth = 250, growth_all = 500, first = 2, up = 0, down = 0,
  })
  bob:event "complaint.opened"
  expect_report("scores", { where = { segment = "gold" } }, {
    customers = 2, score = 72.5, to_60 = 0.5, to_100 = 0.5, first = 2, down = 1, moved = -25,
  })
  bob:event("profile.updated", { segment = "new" })
  bob:event "complaint.closed"
  expect_report("scores", { where = { segment = "gold" } }, { customers = 1, score = 100 })
  expect_report("scores", { where = { segment = "new" } }, { customers = 1, score = 70, up = 1, moved = 25 })
  bob:event("identity.merged", { into = "ann" })
  expect_report("scores", { by = { "total" } }, { customers = 1 })
end)
