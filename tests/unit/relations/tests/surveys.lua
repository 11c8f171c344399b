-- What surveys come to: definitions, weighting, answers given anew, and whom they speak for.

local function sent(who, contact) who:event("survey.sent", { contact = contact }) end

local function says(who, contact, attributes)
  attributes.contact = contact
  return who:event("survey.answered", attributes)
end

-- `count` customers of a segment are asked; those of `scores` answer.
local function people(segment, count, scores)
  for i = 1, count do
    local who = customer(segment .. i)
    who:event("profile.updated", { segment = segment })
    sent(who, "c" .. segment .. i)
    if scores[i] then says(who, "c" .. segment .. i, { score = scores[i] }) end
  end
end

test("promoters are 9 and 10, detractors 0 to 6, and segments have the weight they have among those asked", function()
  people("fans", 5, { 10, 9, 9, 8 })
  people("others", 15, { 6, 7 })
  -- raw (3 - 1) / 6; fans 3 / 4 of a quarter, others -1 / 2 of three quarters
  expect_report("surveys", { where = { survey = "nps" } }, {
    measure = "NPS", asked = 20, answered = 6, response = 0.3, raw = 100 / 3, corrected = 100 * (0.25 * 0.75 - 0.75 / 2),
    cells = 2, smallest_cell = 2, pooled = 0, top = 0.5, bottom = 1 / 6, unasked = 0, replaced = 0,
    largest_weight = 0.75 / (2 / 6), effective = between(3.36, 3.37),
  })
  expect_report("surveys", { by = { "segment" }, where = { survey = "nps", segment = "fans" } }, {
    asked = 5, answered = 4, raw = 75, corrected = 75, cells = 1,
  })
end)

test("satisfied are 4 and 5 of 5, agreeing 5 to 7 of 7; a mean is the mean", function()
  local ann = customer "ann"
  for i, stars in ipairs { 5, 4, 3, 1 } do
    ann:event("contact.ended", { contact = "k" .. i, topic = "bill" })
    says(ann, "k" .. i, { stars = stars, easy = 8 - i })
  end
  expect_report("surveys", { where = { survey = "csat" } }, { measure = "CSAT %", asked = 4, answered = 4, raw = 50 })
  expect_report("surveys", { where = { survey = "effort" } }, { measure = "CES % agreeing", raw = 75 })
  expect_report("surveys", { where = { survey = "effort-mean" } }, { measure = "CES mean", raw = 5.5 })
end)

test("off the scale is no answer", function()
  local ann = customer "ann"
  sent(ann, "k1")
  says(ann, "k1", { score = 11 })
  says(ann, "k1", { score = -1 })
  expect_report("surveys", { where = { survey = "nps" } }, { asked = 1, answered = 0, raw = nil })
end)

test("one answer a contact counts, the newest; asked twice is asked once", function()
  local ann = customer "ann"
  sent(ann, "k1")
  sent(ann, "k1")
  says(ann, "k1", { score = 0 })
  wait "1h"
  says(ann, "k1", { score = 10 })
  ann:event("survey.answered", { contact = "k1", score = 3, ago = "30m" }) -- came late: what was said later stands
  expect_report("surveys", { where = { survey = "nps" } }, { asked = 1, answered = 1, raw = 100, replaced = 1 })
end)

test("an answer that names no contact is to the newest question; one that nobody asked is told", function()
  local ann = customer "ann"
  sent(ann, "k1")
  wait "1d"
  ann:event("survey.answered", { score = 9 })
  expect_report("surveys", { where = { survey = "nps" } }, { asked = 1, answered = 1, unasked = 0 })
  wait "40d"
  sent(ann, "k2")
  wait "31d"
  ann:event("survey.answered", { score = 9 })
  expect_report("surveys", { where = { survey = "nps" } }, { asked = 3, answered = 2, unasked = 1 })
end)

test("an answer is the contact's agent's and topic's", function()
  local ann = customer "ann"
  ann:event("contact.ended", { contact = "k1", agent = "linh", topic = "bill" })
  wait "1d"
  says(ann, "k1", { stars = 5 })
  expect_report("surveys", { by = { "agent", "topic" }, where = { survey = "csat" } }, {
    agent = "linh", topic = "bill", answered = 1, raw = 100,
  })
end)

test("a yearly survey speaks for all customers, also those who moved over, and were merged", function()
  for i = 1, 8 do customer("a" .. i):event("profile.updated", { segment = i <= 2 and "fans" or "others" }) end
  for i, stars in ipairs { 5, 5, 1, 5 } do
    customer("a" .. i):event("year.answered", { stars = stars, channel = "letter" })
  end
  customer "a5":event("year.answered", { stars = 5, channel = "web" }) -- not where = …
  -- fans 2 of 8, both satisfied; others 6 of 8, one of two
  expect_report("surveys", { where = { survey = "yearly" } }, { asked = 8, answered = 4, raw = 75, corrected = 62.5 })
  customer "a3":event("profile.updated", { segment = "fans" })
  customer "a8":event("identity.merged", { into = "a7" })
  -- 3 fans and 4 others are left; what a3 said was said as one of the others
  expect_report("surveys", { where = { survey = "yearly" } }, { asked = 7, corrected = 100 * (3 / 7 + 4 / 7 / 2) })
end)
