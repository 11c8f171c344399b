-- Bills and outages: said before they are asked about, and made good without a fight.
local home = customer "le"

before(function()
  home:event("profile.updated", { consent_sms = true, consent_marketing = true, monthly_fee = 330000, autopay = false })
end)

test("a bill shock is explained first", {
  ["a little more"] = { amount = 129000, told = false },
  ["a third more"] = { amount = 130000, told = true },
}, function(row)
  local issued = home:event("bill.issued", {
    bill = "2026-07", amount = row.amount, usual = 100000, messages_cost = 9000,
  })
  if not row.told then
    issued:expect_no_alert("bill-shock"):expect_no_nudge "bill-shock"
    return
  end
  issued
    :expect_alert("bill-shock", { say = "le: bill 2026-07 is 130,000 VND, usually 100,000 VND." })
    :expect_nudge("bill-shock", { action = "explain-bill", say = has "30,000 VND more than usual" })
end)

test("a bill without the usual amount shocks nobody we know of", function()
  home:event("bill.issued", { bill = "2026-07", amount = 900000 }):expect_not_fired "bill-shock"
end)

test("who asks why it is higher is told", function()
  home:event("bill.issued", {
    bill = "2026-07", amount = 180000, usual = 100000, messages_cost = 65000, due = time "2026-02-01",
  })
  home:ask { intent = "bill/why-higher" }
    :expect_first("explain-bill", { say = has "65,000 VND of it are messages" })
    :expect_answer("why is it higher?", has "usually 100,000 VND")
    :expect_answer("until when must I pay?", has "1 Feb 2026")
  home:event("bill.paid", { bill = "2026-07" })
  home:expect_no_alert "bill-shock"
  home:ask { intent = "bill/why-higher", limit = 16 }:expect_no_action("explain-bill", { gate = "applicable" })
end)

test("a payment that failed is mended, once a week", function()
  home:event("bill.issued", { bill = "2026-07", amount = 100000, usual = 100000 })
  home:event("payment.failed", { bill = "2026-07", reason = "card-expired" })
    :expect_nudge("payment-failed", { action = "mend-payment" })
  home:ask { intent = "bill/pay" }:expect_action("mend-payment", { reason = has "failed_payments 1" })
  wait "1d"
  home:event("payment.failed", { bill = "2026-07", reason = "no-funds" }):expect_not_fired "payment-failed"
end)

test("autopay is for who asks, or was late", function()
  home:ask { intent = "messages", limit = 16 }:expect_no_action("autopay", { gate = "applicable" })
  home:ask { intent = "bill/pay", limit = 16 }:expect_action "autopay"
  home:event("bill.overdue", { bill = "2026-07" })
  home:ask { intent = "messages", limit = 16 }:expect_action("autopay", { reason = has "overdue_bills 1" })
  home:event("profile.updated", { autopay = true })
  home:ask { intent = "bill/pay", limit = 16 }:expect_no_action("autopay", { gate = "eligible" })
end)

test("an outage of an hour is made good unasked", {
  { minutes = 59, credited = false },
  { minutes = 60, credited = true },
}, function(row)
  home:event("outage.started", { outage = "o1" })
  home:ask { intent = "reception/outage" }:expect_first "outage-news"
  wait "1h"
  local over = home:event("outage.ended", { outage = "o1", minutes = row.minutes })
  if not row.credited then
    over:expect_no_nudge "outage-credit"
    return
  end
  over:expect_nudge("outage-credit", { action = "credit-for-outage", say = has "10,000 VND come off" })
  home:ask { intent = "reception/outage" }
    :expect_action "credit-for-outage"
    :expect_answer("what will I get for it?", "10,000 VND for 60 minutes without network this week.")
    :expect_no_action("outage-news", { gate = "applicable" })
  home:outcome("accepted", "credit-for-outage")
  wait "2h"
  home:ask { intent = "reception/outage" }:expect_no_action("credit-for-outage", { gate = "suitable" })
end)
