-- Outages: said before they are asked about, and made good without a fight.
local numbers = require("business").network

local outage = case { opens = "outage.started", closes = "outage.ended", key = "outage" }
local lost = series { on = "outage.ended", value = "minutes", name = "outage-minutes" }

fact.outages_open = outage:count_open()
fact.outage_minutes = lost:sum "7d"
-- A day's fee for each day that was lost, begun ones in proportion, in whole thousands.
fact.outage_credit = calc({ minutes = fact.outage_minutes, fee = attr("monthly_fee", "customer") }, function(v)
  if not v.fee or not v.minutes then return numbers.credit_least end
  return math.max(numbers.credit_least, math.ceil(v.fee / 30 * v.minutes / 1440 / 1000) * 1000)
end)

rule "outage-credit" {
  why = "a credit that comes by itself keeps more trust than one that had to be asked for",
  on = "outage.ended",
  when = event.minutes:at_least(numbers.outage_minutes),
  once_per = "24h",
  nudge = { channel = "sms", goal = "serve", action = "credit-for-outage" },
}

action "outage-news" {
  goal = "serve", group = "reception", channels = { "call", "chat", "web" },
  asks = { "reception/outage", "reception/coverage" },
  applicable = outage:is_open(),
  value = { customer = 0.9, business = 0.3 },
  propensity = { start = 0.7 },
  say = {
    en = "There is an outage in your area; it is not your device. Our people are on it, and you will get a message "
      .. "when it is over.",
    vi = "Khu vực của mình đang gặp sự cố mạng, không phải do máy của anh chị. Kỹ thuật đang xử lý và sẽ nhắn tin "
      .. "khi khắc phục xong.",
  },
}

action "credit-for-outage" {
  goal = "serve", group = "reception", channels = { "call", "chat", "sms", "shop" },
  asks = { "reception/outage", "bill/error" },
  applicable = fact.outage_minutes:at_least(numbers.outage_minutes),
  suitable = outcomes { "accepted", action = "credit-for-outage", within = "7d" }:is(0), -- once for the same outage
  value = { customer = 0.85, business = 0.2 },
  propensity = { start = 0.6 },
  context = { { when = asked_for_it(), weight = 1.5 } },
  say = {
    en = "The network was down for {outage_minutes} minutes this week. {outage_credit:money} come off your next "
      .. "bill; you need do nothing.",
    vi = "Tuần này mạng bị gián đoạn {outage_minutes} phút. {outage_credit:money} sẽ được trừ vào hóa đơn tới, anh "
      .. "chị không phải làm gì cả.",
  },
}

answers "reception" {
  ["what will I get for it?"] = {
    en = "{outage_credit:money} for {outage_minutes} minutes without network this week.",
    vi = "{outage_credit:money} cho {outage_minutes} phút mất mạng trong tuần.",
  },
}

return { outage = outage }
