-- Bills: a high one is explained before the question comes, a payment that failed is mended without blame.
local numbers = require("business").billing

local bill = case { opens = "bill.issued", closes = "bill.paid", key = "bill" }
local failures = series { on = "payment.failed", name = "failed-payments" }
local overdue = series { on = "bill.overdue", name = "overdue-bills" }

fact.bill_open = bill:is_open()
fact.bill_more = attr("bill_amount", "customer") - attr("bill_usual", "customer")
fact.failed_payments = failures:count "30d"
fact.overdue_bills = overdue:count "180d"

rule "bill-known" {
  why = "who asks about the bill asks about the newest one; decisions read it from the customer",
  on = "bill.issued",
  set = {
    bill_key = event.bill, bill_amount = event.amount, bill_usual = event.usual, bill_messages = event.messages_cost,
    bill_due = event.due,
  },
}

rule "bill-shock" {
  why = "a bill far above the usual one is opened with a shock and answered with a call: explain it first",
  on = "bill.issued",
  when = event.amount:at_least(numbers.shock * event.usual),
  alert = {
    to = "care", severity = "medium", expires = "14d", closes = "bill.paid",
    say = "{customer}: bill {bill} is {amount:money}, usually {usual:money}.",
  },
  nudge = { channel = "sms", goal = "serve", action = "explain-bill" },
}

rule "payment-failed" {
  why = "a card that expired is no bad will; who hears of it at once pays at once",
  on = "payment.failed",
  once_per = "7d",
  nudge = { channel = "sms", goal = "serve", action = "mend-payment" },
}

action "explain-bill" {
  goal = "serve", group = "bill", channels = { "call", "chat", "sms", "web" }, effort = "easy",
  asks = { "bill/why-higher", "bill/error" },
  applicable = all { fact.bill_open, fact.bill_more:above(0) },
  value = { customer = 0.8, business = 0.3 },
  propensity = { start = 0.6 },
  context = { { when = asked_for_it(), weight = 1.5 } },
  say = {
    en = "Bill {bill_key} is {bill_amount:money}, {bill_more:money} more than usual; {bill_messages:money} of it "
      .. "are messages.",
    vi = "Hóa đơn {bill_key} là {bill_amount:money}, cao hơn thường lệ {bill_more:money}; trong đó tin nhắn là "
      .. "{bill_messages:money}.",
  },
}

action "mend-payment" {
  goal = "serve", group = "payment", channels = { "call", "chat", "sms", "web" },
  asks = { "bill/pay" },
  applicable = all { fact.bill_open, fact.failed_payments:at_least(1) },
  value = { customer = 0.6, business = 0.6 },
  propensity = { start = 0.5 },
  say = {
    en = "Your payment of {bill_amount:money} did not go through. It happens, for example when a card expires. A "
      .. "link to pay comes with this.",
    vi = "Khoản thanh toán {bill_amount:money} chưa thành công. Việc này vẫn hay xảy ra, ví dụ khi thẻ hết hạn. "
      .. "Đường dẫn thanh toán gửi kèm.",
  },
}

action "autopay" {
  goal = "nurture", group = "payment", channels = { "call", "chat", "web", "shop" },
  asks = { "bill/pay" },
  eligible = attr("autopay", "customer"):is(false),
  applicable = any { fact.overdue_bills:at_least(1), asked_for_it() },
  value = { customer = 0.4, business = 0.5 },
  propensity = { start = 0.2, by = { "tenure_band" } },
  say = {
    en = "Shall the bill pay itself from now on? You get a message three days before, and can stop it at any time.",
    vi = "Từ nay anh chị có muốn hóa đơn tự động thanh toán không? Sẽ có tin nhắn báo trước ba ngày, và dừng lúc "
      .. "nào cũng được.",
  },
}

answers "bill" {
  ["why is it higher?"] = {
    en = "{bill_amount:money}, usually {bill_usual:money}. {bill_messages:money} are messages.",
    vi = "{bill_amount:money}, bình thường {bill_usual:money}. Trong đó tin nhắn {bill_messages:money}.",
  },
  ["until when must I pay?"] = { en = "Until {bill_due:date}.", vi = "Đến hết ngày {bill_due:date}." },
}
