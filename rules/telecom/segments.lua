-- Many customers at once: who is in which segment, what a campaign offers them before they call, and what those who
-- pay for a household may see of its lines.
local numbers = require("business").segments

segment "heavy-texters" {
  why = "a household that writes far more than its plan is for, week after week, is on the wrong plan",
  when = fact.flood_days:at_least(numbers.flood_days),
  again = "1d", -- they leave it by time alone
}

segment "data-runs-out" {
  why = "whose lines are out of data twice a month pays for add-ons, or looks elsewhere",
  when = any_member(fact.data_ran_out:at_least(numbers.ran_out)),
  again = "1d",
}

segment "at-risk" {
  why = "who is likely to leave is called before they do",
  when = all { fact.leaving_risk:at_least(numbers.risk), no { fact.has_left:or_else(false) } },
}

-- Who pays may hear which line it is, and how often it ran out. What it was used for nobody hears.
share { "member", "data_ran_out", with = "payer" }

fact.family_data_price = attr("family_data_price", "customer"):or_else(numbers.family_data_price)

action "family-data-by-sms" {
  goal = "grow", group = "data", channels = { "sms" },
  eligible = all { attr("consent_sms", "customer"):is(true), attr("lines", "customer"):at_least(2) },
  applicable = in_segment "data-runs-out",
  value = { customer = 0.6, business = 0.6 },
  propensity = { start = 0.1, by = { "tenure_band" } },
  say = {
    en = "Your {lines} lines could share 50 GB for {family_data_price:money} a month, and none runs out alone. Reply FAMILY, "
      .. "or call us at no charge.",
    vi = "{lines} thuê bao nhà mình có thể dùng chung 50 GB, {family_data_price:money} một tháng, không ai hết trước. Soạn "
      .. "GIADINH hoặc gọi miễn phí cho chúng tôi.",
  },
}

action "which-line-runs-out" {
  goal = "serve", channels = { "call", "chat" },
  asks = { "data/usage" },
  eligible = fact.pays,
  applicable = all { asked_for_it(), any_member(fact.data_ran_out:at_least(numbers.ran_out)) },
  value = { customer = 0.6, business = 0.2 },
  propensity = { start = 0.25 },
  say = {
    en = "It is the line {member}: it was out of data {data_ran_out} times in the last 30 days. The others were not.",
    vi = "Đó là thuê bao {member}: hết dữ liệu {data_ran_out} lần trong 30 ngày qua.",
  },
}

campaign "family-data" {
  why = "a plan for all lines costs the family less than its add-ons",
  segment = "data-runs-out", action = "family-data-by-sms", channel = "sms",
  to_member = { role = "payer" },
  hours = { from = "09:00", to = "19:00" },
  at_most = 2000, -- a day: what the shops can answer
  again = "180d",
  holdout = 0.1,
  success = "plan.changed",
}
