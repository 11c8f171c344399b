-- Staying and growing: the contract's end, thoughts of leaving, and what fits the use. Nothing here is for a customer
-- in trouble who did not ask for it (policies.lua).
local numbers = require("business").growth
local contracts = require("staying").contracts

local empty = series { on = "data.exhausted", per = "member", name = "data-exhausted" }
local leaving = series { on = "web.visit", where = event.page:is "cancel", name = "cancel-visits" }
local plan_pages = { "plans/data", "plans/messages" }
local curious = series { on = "web.visit", where = event.page:one_of(plan_pages), name = "plan-visits" }

fact.data_ran_out = empty:count "30d"
fact.cancel_visits = leaving:count "14d"
fact.plan_visits = curious:count "7d"
-- of the contract that ends first; else as the profile says
fact.contract_days_left = contracts:days_left()
  :or_else((attr("contract_ends", "customer") - now()) / (24 * 3600 * 1000))
fact.add_on_price = attr("add_on_price", "customer"):or_else(numbers.data_add_on_price)
fact.upgrade_price = attr("upgrade_price", "customer"):or_else(numbers.data_upgrade_price)

rule "data-ran-out" {
  why = "a line without data in the middle of the month is a bad week; the offer is welcome now and a nuisance later",
  about = "member", on = "data.exhausted",
  when = event.days_left:at_least(2),
  once_per = "7d",
  nudge = { channel = "sms", goal = "grow", action = "data-add-on" },
}

rule "thinks-of-leaving" {
  why = "who reads the page about cancelling has not cancelled yet: a call in time is worth more than a discount "
    .. "too late",
  on = "web.visit",
  when = event.page:is "cancel",
  alert = {
    to = "retention", severity = "high", once_per = "7d",
    say = "{customer} has looked at the page about cancelling.",
  },
}

action "data-add-on" {
  goal = "grow", group = "data", channels = { "call", "chat", "sms", "web" },
  asks = { "data/usage", "data/plan" },
  applicable = fact.data_ran_out:at_least(1),
  suitable = attr("data_plan", "member"):is_not "data-unlimited",
  value = { customer = 0.6, business = 0.5 },
  propensity = { start = 0.25, by = { "segment" } },
  context = { { when = asked_for_it(), weight = 1.5 } },
  say = {
    en = "Your line is out of data. 5 GB until the plan renews are {add_on_price:money}; nothing else changes.",
    vi = "Thuê bao của mình đã hết dữ liệu. 5 GB dùng đến kỳ gia hạn giá {add_on_price:money}; các gói khác giữ "
      .. "nguyên.",
  },
}

action "data-upgrade" {
  goal = "grow", group = "data", channels = { "call", "chat", "web", "shop" }, effort = "hard",
  asks = { "data/plan" },
  eligible = attr("data_plan", "member"):one_of { "data-2gb", "data-10gb" },
  -- the use asks for it, or they do
  suitable = any { fact.data_ran_out:at_least(2), fact.plan_visits:at_least(2), asked_for_it() },
  value = { customer = 0.45, business = 0.8 },
  propensity = { start = 0.1, by = { "segment", "tenure_band" } },
  -- who asks for it is as likely to take it as not: six times the share of those to whom it is mentioned
  context = { { when = fact.plan_visits:at_least(1), weight = 1.4 }, { when = asked_for_it(), weight = 6 } },
  say = {
    en = "By your use the next data plan fits better: {upgrade_price:money} more a month, and you stop running out.",
    vi = "Theo mức dùng của mình thì gói dữ liệu kế tiếp hợp hơn: thêm {upgrade_price:money} một tháng, và không "
      .. "còn bị hết giữa chừng.",
  },
}

action "new-phone" {
  goal = "grow", group = "device", channels = { "call", "chat", "web", "shop" }, effort = "hard",
  holdout = setting("holdout.new_phone", { at_least = 0, at_most = 0.2, unit = "%" }), -- does it keep them, or only cost?
  asks = { "device/fault" },
  eligible = attr("tenure_band", "customer"):one_of { "settled", "old" },
  applicable = any { fact.contract_days_left:between(0, numbers.renewal_days), asked_for_it() },
  value = { customer = 0.3, business = 0.9 },
  propensity = { start = 0.06, by = { "segment" } },
  say = {
    en = "As a customer of long standing you can have a new phone at the renewal price.",
    vi = "Là khách hàng lâu năm, anh chị được đổi điện thoại mới với giá ưu đãi gia hạn.",
  },
}

-- What discounts are taken from, where the bill is not known: a usual one.
local year_of_bills = 12 * attr("monthly_fee", "customer"):or_else(200000)

-- All that keeps who has a contract, or wants to leave.
group "contract" { goal = "retain", ignored_after = "14d" }

action "renewal" {
  group = "contract", channels = { "call", "chat", "web", "shop" },
  asks = { "contract/renew" },
  eligible = attr("contract", "customer"):one_of { "1-year", "2-year" },
  applicable = any { fact.contract_days_left:between(0, numbers.renewal_days), asked_for_it() },
  value = { customer = 0.4, business = 0.7 },
  propensity = { start = 0.25, by = { "tenure_band" } },
  context = { { when = asked_for_it(), weight = 1.5 } },
  say = {
    en = "Your contract ends soon. Renewed today it keeps its price for a year, and you may still change the plan.",
    vi = "Hợp đồng của mình sắp hết hạn. Gia hạn hôm nay thì giữ nguyên giá trong một năm, và vẫn đổi gói được.",
  },
}

action "retention-offer" {
  offer = { holds = "14d", terms = { discount = numbers.retention_discount } }, -- a word given on the phone counts
  cost = year_of_bills * 0.15,
  group = "contract", channels = { "call", "chat" },
  asks = { "contract/cancel" },
  applicable = any { fact.cancel_visits:at_least(1), asked_for_it() },
  value = {
    customer = 0.6,
    business = calc({ months = attr("tenure_months", "customer") }, function(v)
      return math.min(0.9, 0.5 + (v.months or 0) / 200)
    end),
  },
  propensity = { start = 0.3, by = { "tenure_band" } },
  context = { { when = asked_for_it(), weight = 1.5 } },
  say = {
    en = "I would be sorry to see you go. May I ask what went wrong? If you stay, "
      .. "{discount} come off for a year.",
    vi = "Em rất tiếc nếu anh chị rời đi. Cho em hỏi điều gì chưa ổn ạ? Nếu ở lại, giá giảm "
      .. "{discount} trong một năm.",
  },
  next = {
    accepted = {
      en = "Say thank you, and that it counts from the next bill; what went wrong goes into the case.",
      vi = "Cảm ơn khách, nói rõ áp dụng từ hóa đơn sau; điều chưa ổn ghi vào hồ sơ.",
    },
    rejected = {
      en = "Do not press. Say what leaving costs and until when the number can be taken along.",
      vi = "Đừng nài ép. Nói rõ chi phí khi rời đi và thời hạn chuyển mạng giữ số.",
    },
    later = {
      say = { en = "It is yours to think about. May I call you back?",
        vi = "Anh chị cứ suy nghĩ ạ. Em gọi lại được không?" },
      action = "callback-promise",
    },
  },
}

-- The second step (budgets.lua): nobody is begun with it.
action "retention-extra" {
  offer = { holds = "14d", terms = { discount = numbers.retention_extra } },
  cost = year_of_bills * 0.25,
  group = "contract", channels = { "call", "chat" },
  asks = { "contract/cancel" },
  applicable = any { fact.cancel_visits:at_least(1), asked_for_it() },
  value = { customer = 0.7, business = 0.4 },
  propensity = { start = 0.4, by = { "tenure_band" } },
  context = { { when = asked_for_it(), weight = 1.5 } },
  say = {
    en = "There is one thing more that I can do: {discount} off for a year, from the next bill on.",
    vi = "Em còn một ưu đãi nữa: giảm {discount} trong một năm, tính từ hóa đơn sau.",
  },
}

answers "data" {
  ["why is it empty already?"] = {
    en = "It has run out {data_ran_out} times within 30 days: the plan is smaller than the use.",
    vi = "Trong 30 ngày đã hết {data_ran_out} lần: gói hiện tại nhỏ hơn mức dùng.",
  },
}

answers "contract" {
  ["until when does it run?"] = { en = "Until {contract_ends:date}.", vi = "Đến ngày {contract_ends:date}." },
  ["what does leaving cost?"] = {
    en = "Nothing after the contract's end. Before it, the monthly fees that remain; I can tell you the exact sum.",
    vi = "Sau khi hết hợp đồng thì không mất gì. Trước đó là các tháng cước còn lại; em có thể báo chính xác số tiền.",
  },
}
