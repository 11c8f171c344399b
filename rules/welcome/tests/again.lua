-- Who comes again and again, and what they are told. `nudgectl rules test rules/welcome`
local nam = customer "nam"

-- Three contacts, a day apart: what most of these stories begin with.
local function three_contacts()
  for _ = 1, 3 do
    wait "1d"
    nam:event("contact.started", { channel = "call", topic = "help" })
  end
end

test("a third contact within a week is told to care", function()
  three_contacts()
  nam:expect_alert("again-and-again", {
    to = "care", severity = "medium", say = "nam: contact number 3 within a week.",
  })
end)

test("two contacts are nobody's business", function()
  nam:event "contact.started"
  wait "1d"
  nam:event("contact.started"):expect_not_fired "again-and-again"
  nam:expect_fact("contacts_week", 2)
end)

test("contacts of last week do not count", {
  { wait = "3d", fires = true },
  { wait = "4d", fires = false }, -- the first was exactly seven days before the third: the window is open there
}, function(row)
  nam:event "contact.started"
  wait "3d"
  nam:event "contact.started"
  wait(row.wait)
  local third = nam:event "contact.started"
  if row.fires then third:expect_fired "again-and-again" else third:expect_not_fired "again-and-again" end
end)

test("care is told once a day", function()
  three_contacts()
  nam:event("contact.started"):expect_not_fired "again-and-again"
  wait "1d"
  nam:event("contact.started"):expect_alert("again-and-again", { say = has "number 5" })
end)

test("the agent takes it on, and only then", function()
  nam:ask { intent = "help" }
    :expect_order { "say-hello" }
    :expect_no_action("take-it-on", { gate = "applicable" })
    :expect_answer("how do I reach you again?", has "everybody here sees")
  three_contacts()
  nam:ask { intent = "help" }
    :expect_first("take-it-on", { say = has "3 times this week", reason = "alert again-and-again is open (yes)" })
  nam:acknowledge "again-and-again"
  nam:ask():expect_no_action "take-it-on"
end)
