-- What new-pack is for, told as stories. Each begins with nobody known, on a clock of its own.
local ann = customer "ann"

local function contact(topic)
  wait "1d"
  return ann:event("contact.started", { channel = "call", topic = topic })
end

test("a third contact about the same topic is told to care", function()
  contact "order"
  contact("order"):expect_not_fired "same-topic-again"
  contact("order"):expect_alert("same-topic-again", { to = "care", say = "ann: contact 3 about order." })
  ann:event("contact.started", { topic = "order" }):expect_not_fired "same-topic-again" -- once a day is enough
end)

test("other topics do not count", function()
  contact "order"
  contact "other"
  contact("order"):expect_not_fired "same-topic-again"
end)

test("a contact without a topic is nobody's", function()
  ann:event("contact.started"):expect_not_fired "same-topic-again"
end)

test("who comes again is helped before anything is sold", function()
  ann:ask { intent = "order" }:expect_order { "express" }
  for _ = 1, 3 do contact "order" end
  ann:ask { intent = "order" }:expect_order { "take-it-on", "express" }
end)

test("who complains is not sold to", {
  { intent = "order", sold = false },
  { intent = "order/late", sold = true }, -- they asked for it
}, function(row)
  ann:event "complaint.opened"
  local answer = ann:ask { intent = row.intent }
  if row.sold then
    answer:expect_action("express", { say = has "express delivery" })
  else
    answer:expect_no_action("express", { gate = "policy" }):expect_caution "A complaint is open: mend it first."
  end
end)

test("a complaint is not forgotten", function()
  ann:event "complaint.opened"
  wait("48h"):expect_alert("complaint-forgotten", { severity = "high" })
  ann:event "complaint.closed"
  ann:expect_no_alert "complaint-forgotten"
end)
