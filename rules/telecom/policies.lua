-- What is held back: a customer in trouble is not sold to, nobody is asked too often, a refusal is heard. All of it
-- yields to what the customer asks for: suppress what they did not ask for, never what they did.
local business = require "business"
local complaint = require("service").complaint
local outage = require("network").outage

policy {
  goal = "grow", unless = complaint:is_open(), except = asked_for_it(),
  say = {
    en = "A complaint is open: settle it first, and offer nothing that was not asked for.",
    vi = "Đang có khiếu nại chưa giải quyết: xử lý xong trước đã, đừng mời chào điều khách không hỏi.",
  },
}

policy {
  goal = "grow", unless = outage:is_open(), except = asked_for_it(),
  say = {
    en = "The customer's area has an outage: inform and make good, do not sell.",
    vi = "Khu vực của khách đang mất mạng: thông tin và bù đắp, đừng bán hàng.",
  },
}

policy {
  goal = "grow", unless = request.mood:at_most(business.service.angry), except = asked_for_it(),
  say = { en = "The caller is angry: listen first.", vi = "Khách đang bực: hãy lắng nghe trước." },
}

policy { goal = "grow", unless = attr("consent_marketing", "customer"):is(false), except = asked_for_it() }

local poor = setting("relationship.least", { at_least = 0, at_most = 100, unit = "points" })
policy { -- of who never had to do with us, nothing tells that it is poor
  goal = "grow", unless = all { fact.talks:at_least(1), fact.relationship:below(poor) }, except = asked_for_it(),
  say = {
    en = "This relationship is poor: mend it before anything is sold.",
    vi = "Quan hệ với khách đang kém: hãy cải thiện trước khi bán thêm.",
  },
}

-- Contact policy: what people refused, and how often they may be asked.
policy { per = "group", after = { rejected = 2, within = "180d" }, pause = "90d", except = asked_for_it() }
-- Who twice does not answer has answered.
policy { group = "contract", per = "group", after = { ignored = 2, within = "90d" }, pause = "60d", except = asked_for_it() }
local most = setting("unwanted_offers", { at_least = 1, at_most = 10, unit = "offers" })
policy { goal = "grow", per = "goal", at_most = { offered = most, within = "30d" }, except = asked_for_it() }
-- Nobody wants to be woken by an offer, nor written to where they prefer another way.
channel "sms" {
  preference = "preferred_channel", quiet = { from = "21:30", to = "07:30" }, except = asked_for_it(),
}
policy { channel = "sms", per = "channel", at_most = { offered = 4, within = "7d" } }
policy { action = "survey", at_most = { offered = 1, within = "30d" } }

-- What was accepted is being carried out: offering it again, even to who asks about it, says that nobody took note.
policy { goal = "grow", after = { accepted = 1, within = "7d" }, pause = "7d" }
policy { goal = "retain", after = { accepted = 1, within = "7d" }, pause = "7d" }
policy { goal = "nurture", after = { accepted = 1, within = "7d" }, pause = "7d" }
policy { goal = "serve", after = { accepted = 1, within = "1h" }, pause = "1h" }

-- The worse the relationship, the more the customer's side counts.
local function share(name) return setting("balance." .. name, { at_least = 0, at_most = 1, unit = "%" }) end
balance((share "base" + share "per_complaint" * fact.open_complaints
  + share "per_angry_contact" * fact.angry_month
  + share "per_missed_callback" * fact.missed_callbacks):min(share "most"))
