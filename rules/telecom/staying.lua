-- Who stays and who leaves: contracts and who sold them, customers lost and after what, and what keeps those who might be
-- next. `nudgectl report contracts` and `nudgectl report churn` show it. The numbers are in settings.conf.
local staying = {}

local contracts = contract {
  starts = "contract.signed", renews = "contract.renewed", ends = "contract.cancelled",
  id = "contract_id", product = "product", term = "contract", ends_at = "contract_ends", campaign = "campaign",
  -- what happened to the relationship since counts for who sold
  complaints = "complaint.opened", contacts = "contact.ended",
  opinions = {
    { on = "contact.ended", value = "mood_end" }, { on = "survey.answered", value = "mood" },
    { on = "complaint.closed", value = "satisfied" },
  },
}

local churned = churn {
  on = "contract.cancelled", back = { "contract.signed", "contract.renewed" }, reason = "reason",
  when = attr("left_last_month", "customer"):is(true), -- of customers who come from elsewhere (import.lua)
  who = any { attr("contract", "customer"):known(), contracts:is_active() },
  by = { "contract", "tenure_band", "internet" },
  contacts = "contact.ended", topic = "topic", mood = "mood_end",
}

fact.contract_months = contracts:months_kept()
fact.has_left = churned:is_lost()
fact.left_since = churned:since()

-- How likely they are to leave, by what they are: who has no contract to keep them, has just come, has a fast line that
-- others sell too, or pays by a method that nobody forgets. Added up: plain enough to be read out.
local function points(name) return setting("risk." .. name, { at_least = 0, at_most = 1, unit = "%" }) end
local base, monthly, new, young = points "base", points "monthly", points "new", points "young"
local fibre, check, most = points "fibre", points "electronic_check", points "most"

fact.leaving_risk = calc({
  contract = attr("contract", "customer"), band = attr("tenure_band", "customer"),
  internet = attr("internet", "customer"), payment = attr("payment", "customer"),
}, function(v)
  if not v.contract then return nil end
  local risk = base
  if v.contract == "monthly" then risk = risk + monthly end
  if v.band == "new" then risk = risk + new elseif v.band == "young" then risk = risk + young end
  if v.internet == "fibre" then risk = risk + fibre end
  if v.payment == "electronic-check" then risk = risk + check end
  return math.min(risk, most)
end)

local at_risk = fact.leaving_risk:at_least(points "at")

action "stay-a-year" {
  goal = "retain", group = "staying", channels = { "call", "chat", "web", "shop" },
  asks = { "contract/cancel" },
  eligible = attr("contract", "customer"):is "monthly",
  applicable = at_risk,
  value = {
    customer = 0.6, -- a lower price for what they have
    business = calc({ risk = fact.leaving_risk }, function(v) return 0.5 + (v.risk or 0) / 2 end),
  },
  propensity = { start = 0.25, by = { "tenure_band", "internet" } },
  context = { { when = fact.leaving_risk:at_least(2 * points "at"), weight = 1.3 } },
  say = {
    en = "You pay month by month. With a year's contract the same lines cost less, and nothing else changes.",
    vi = "Mình đang trả theo tháng. Nếu ký một năm thì các thuê bao này rẻ hơn, còn lại không đổi gì.",
  },
}

action "help-settle" {
  goal = "retain", group = "staying", channels = { "call", "chat" },
  eligible = attr("internet", "customer"):is "fibre",
  applicable = all { at_risk, attr("tech_support", "customer"):is(false) },
  suitable = attr("tenure_band", "customer"):one_of { "new", "young" }, -- the others know their line
  value = { customer = 0.7, business = 0.5 },
  propensity = { start = 0.3, by = { "tenure_band" } },
  say = {
    en = "Fast lines give most trouble in the first months. Shall a technician look at yours, free of charge?",
    vi = "Đường cáp mấy tháng đầu hay trục trặc. Em cho kỹ thuật viên kiểm tra miễn phí nhé?",
  },
}

action "win-back" {
  goal = "retain", group = "win-back", channels = { "call", "shop" },
  applicable = all { fact.has_left, fact.left_since:at_most "90d" },
  value = { customer = 0.5, business = 0.6 },
  propensity = { start = 0.08, by = { "contract" } },
  say = {
    en = "You have left us, and I would like to know why. If you come back within three months, your number waits.",
    vi = "Anh chị đã rời bên em, em rất muốn biết vì sao. Trong ba tháng quay lại vẫn giữ được số.",
  },
}

-- Who has left is not sold to, and has no contract to renew.
local gone = {
  en = "They have left us: sell nothing that they do not ask for.", vi = "Khách đã rời mạng: đừng bán thêm điều khách không hỏi.",
}
policy { goal = "grow", unless = churned:is_lost(), except = asked_for_it(), say = gone }
policy { group = "contract", unless = churned:is_lost(), except = asked_for_it() }
policy { group = "staying", unless = churned:is_lost() }

staying.contracts = contracts
return staying
