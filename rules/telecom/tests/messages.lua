-- The father's story: a line that writes far more than it used to is noticed before anybody calls, and who pays for it
-- gets the plan that fits. What the others of the household may hear of it, and what not.
local homes = require "tests.homes"
local numbers = require("business").messages
local home

before(function() home = homes.nguyen() end)

local function flood() return homes.texts(home, "daughter", 61) end

test("a line is held against its own habit", function()
  homes.texts(home, "daughter", 60):expect_not_fired "message-abuse" -- three times twenty is not passed
  homes.texts(home, "daughter", 1):expect_alert("message-abuse", {
    to = "care", severity = "high", member = "daughter", say = "Mai: 61 texts today, usually 20.",
  })
  homes.texts(home, "daughter", 5)
  home:expect_fired("message-abuse", { count = 1 }) -- once a day
  home:expect_attr("flood_line", "daughter"):expect_attr("flood_texts", 66) -- but what it comes to is kept up
end)

test("the household hears of it before it calls", function()
  flood():expect_nudge("message-abuse", {
    action = "message-plan-by-sms", channel = "sms", say = has "61 messages today from the line of Mai",
  })
end)

test("who has not agreed to messages gets none", function()
  home:event("profile.updated", { consent_sms = false })
  flood():expect_fired("message-abuse"):expect_no_nudge "message-abuse"
end)

test("the father who calls is offered the plan that fits", function()
  flood()
  home:ask { member = "father", agent = "linh", intent = "messages/usage", mood = -0.2 }
    :expect_order { "family-messages", "message-cap", "unlimited-messages" }
    :expect_action("family-messages", { say = has "(daughter) writes far more", reason = has "heavy_line" })
    :expect_answer("which line is it?", "daughter: 61 messages today, usually about 20 a day.")
    :expect_answer("what did today cost?", has "21,350 VND")
    :expect_no_caution()
end)

test("the daughter hears of her own line only", function()
  home:event("profile.updated", { member = "son", role = "child" })
  flood()
  home:ask { member = "daughter", intent = "messages/usage", limit = 16 }
    :expect_action("own-line-messages", { say = has "sent 61 messages today" })
    :expect_action "ask-the-payer"
    :expect_no_action("family-messages", { gate = "eligible" })
  home:ask { member = "son", intent = "messages/usage", limit = 16 }
    :expect_no_action("own-line-messages", { gate = "applicable" })
    :expect_no_answer "which line is it?"
end)

test("words are in the caller's language", function()
  flood()
  home:ask { member = "father", intent = "messages/usage", lang = "vi" }
    :expect_first("family-messages", { say = has "nhắn tin nhiều hơn hẳn" })
end)

test("a plan that was taken settles it", function()
  flood()
  home:outcome("accepted", "message-cap", { member = "father" })
  wait "1h"
  home:ask { member = "father", intent = "messages/usage", limit = 16 }
    :expect_no_action("family-messages", { gate = "policy" })
    :expect_no_action("message-cap", { gate = "policy" })
end)

test("a change of plan ends it, of that line only", function()
  flood()
  home:event("plan.changed", { member = "father", kind = "message_plan" }):expect_not_fired "heavy-line-settled"
  home:expect_alert "message-abuse"
  home:event("plan.changed", { member = "daughter", kind = "message_plan" }):expect_fired "heavy-line-settled"
  home:expect_no_alert "message-abuse"
  home:expect_attr("flood_line", nil)
end)

test("the flood does not become the measure", function()
  flood()
  at "2026-01-16 08:00"
  flood():expect_alert("message-abuse", { say = "Mai: 61 texts today, usually 20." })
  home:expect_fired("flood-begins", { count = 1 })
  at "2026-01-28 12:00" -- a quiet week, and the habit is what it is now
  homes.texts(home, "daughter", 1):expect_fired "flood-over"
  home:expect_attr("habit_before_flood", nil, { member = "daughter" })
end)

test("unlimited is no flood", function()
  home:event("profile.updated", { member = "daughter", message_plan = "unlimited" })
  flood():expect_not_fired "message-abuse"
end)

test("only what is charged by the message is a matter", function()
  home:event("profile.updated", { member = "daughter", message_plan = "unlimited" })
  flood()
  home:ask { member = "daughter", intent = "messages/usage", limit = 16 }
    :expect_no_action("own-line-messages", { gate = "applicable" })
  home:event("profile.updated", { member = "daughter", message_plan = "pay-per-text" })
  homes.texts(home, "daughter", 1):expect_alert "message-abuse"
  home:event("profile.updated", { member = "daughter", message_plan = "unlimited" })
  home:ask { member = "daughter", intent = "messages/usage", limit = 16 }
    :expect_no_action("own-line-messages", { gate = "suitable" })
  home:ask { member = "daughter", channel = "sms", limit = 16 }
    :expect_no_action("message-plan-by-sms", { gate = "suitable" })
end)

test("few messages are never abuse", {
  ["one less than it takes"] = { texts = numbers.at_least - 1, told = false },
  ["as many as it takes"] = { texts = numbers.at_least, told = true },
}, function(row)
  home:event("profile.updated", { member = "gran", message_plan = "pay-per-text" })
  homes.texts(home, "gran", 1)
  at "2026-01-23 08:00"
  local last = homes.texts(home, "gran", row.texts)
  if row.told then last:expect_fired "message-abuse" else last:expect_not_fired "message-abuse" end
end)

test("of a line that is new a habit is assumed", function()
  homes.texts(home, "new", 90):expect_not_fired "message-abuse"
  homes.texts(home, "new", 1):expect_fired "message-abuse"
  home:expect_fact("texts_habit", numbers.habit_unless_known, { member = "new" })
end)
