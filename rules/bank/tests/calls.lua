-- The bounds of the bank's rules, to the second, which no recording need ever touch.
local caller = customer "c"

local function call(fields)
  fields.service = fields.service or "PS"
  fields.outcome = fields.outcome or "AGENT"
  return caller:event("call.ended", fields)
end

test("who calls again about the same service within a week was not helped", {
  { gap = "7d", service = "PS", repeated = true },
  { gap = "604801s", service = "PS", repeated = false }, -- a second more
  { gap = "1d", service = "NE", repeated = false },
}, function(row)
  call { service = "PS" }
  wait(row.gap)
  local again = call { service = row.service }
  if row.repeated then again:expect_fired "repeat-call" else again:expect_not_fired "repeat-call" end
end)

test("several repeated calls are a matter for care, once a week", function()
  for _ = 1, 3 do
    call {}:expect_not_fired "calls-again-and-again"
    wait "1d"
  end
  call {}:expect_alert("calls-again-and-again", {
    to = "care", say = "c called again 3 times within a week, now about PS.",
  })
  wait "1d"
  call {}:expect_not_fired "calls-again-and-again"
  caller:ask { limit = 16 }:expect_action("one-contact", { reason = has "repeats_week 4" })
end)

test("a second hang-up within a day is called back", {
  { gap = "24h", told = true },
  { gap = "86401s", told = false },
}, function(row)
  call { outcome = "HANG" }
  wait "1h"
  call { outcome = "AGENT" }:expect_not_fired "second-hang-up"
  at(row.gap == "24h" and "2026-01-06 09:00" or "2026-01-06 09:00:01")
  local second = call { outcome = "HANG", service = "NE" }
  if row.told then
    second:expect_alert("second-hang-up", { severity = "high", say = has "hung up again" })
  else
    second:expect_not_fired "second-hang-up"
  end
end)

test("a priority customer does not wait", {
  { priority = 2, wait_s = 300, told = true },
  { priority = 2, wait_s = 299, told = false },
  { priority = 1, wait_s = 900, told = false },
  { wait_s = 900, told = false }, -- nobody said
}, function(row)
  local ended = call { priority = row.priority, wait_s = row.wait_s }
  if row.told then
    ended:expect_alert("priority-long-wait", { to = "supervisor", say = "Priority customer c waited 5 min." })
  else
    ended:expect_not_fired "priority-long-wait"
  end
end)

test("the agent sees who did not get through", function()
  caller:ask():expect_no_action("call-back", { gate = "applicable" })
  call { outcome = "HANG", priority = 2 }:expect_fired "priority-known"
  call { outcome = "HANG", priority = 2 }:expect_not_fired "priority-known"
  caller:ask { topic = "waiting" }
    :expect_order { "call-back" }
    :expect_action("call-back", { score = 0.5 * 0.65 * 1.5 })
    :expect_answer("why does it take so long?", has "More people called")
end)
