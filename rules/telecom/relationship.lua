-- The relationship itself: a score from 0 to 100 with five named parts, what a customer expects of us, how much more we
-- could do for them, and surveys corrected for who answers. What events cannot show is unknown, and left out of the score.
local numbers = require("business").relationship
local service = require "service"

-- After each conversation that ended somebody may be asked: it speaks for all of those, whoever answers.
survey "nps-after-contact" {
  kind = "nps", on = "survey.answered", score = "score", asked = "contact.ended", by = { "segment" }, smallest_cell = 10,
}

local talks = series { on = { "contact.ended", "contact.abandoned" }, name = "talks" }
local bill_talks = series {
  on = "contact.ended", where = event.topic:one_of { "bill/why-higher", "bill/error" }, name = "bill-talks",
}
local emptied = series { on = "data.exhausted", name = "emptied" } -- on whichever line
local shocks = series {
  on = "bill.issued", where = event.amount:at_least(require("business").billing.shock * event.usual), name = "bill-shocks",
}
local bills = series { on = "bill.issued", name = "bills" }
local function answers(kind) return outcomes { kind, within = "180d" } end

fact.talks = talks:count "90d"
fact.promises_broken = fact.missed_callbacks + fact.repeats_week
fact.bill_questions = bill_talks:count "180d"
fact.bill_shocks = shocks:count "180d"
fact.data_emptied = emptied:count "30d"
fact.offers_taken = answers "accepted"
fact.offers_refused = outcomes { "rejected", within = "90d" }

local heard = answers "accepted" + answers "rejected" + answers "later"
local plan_is_used = attr("lines", "customer"):known()

-- Each part is 0 where it is worst and 1 where it is best.
relationship {
  parts = {
    -- do we keep our word, and do they leave us content? Of who never needed us nothing can be told
    trust = {
      weight = numbers.weights.trust,
      value = calc({
        talks = fact.talks, broken = fact.promises_broken, open = fact.open_complaints, mood = fact.mood_now,
      }, function(v)
        if v.talks == 0 and v.broken == 0 and v.open == 0 then return nil end
        local angry = math.max(0, -(v.mood or 0))
        return math.max(0, 1 - numbers.broken_costs * v.broken - numbers.complaint_costs * v.open
          - numbers.anger_costs * angry)
      end),
    },
    -- do they talk to us? Answers to what was offered, of all that got one or ran out
    openness = { weight = numbers.weights.openness, value = heard / (heard + answers "ignored") },
    -- do we surprise them? Bills that were no shock
    transparency = {
      weight = numbers.weights.transparency,
      value = 1 - fact.bill_shocks / bills:count "180d",
    },
    -- does the plan suit the use, and are the offers wanted?
    fit = {
      weight = numbers.weights.fit,
      value = calc({
        known = plan_is_used, emptied = fact.data_emptied, floods = fact.flood_days, refused = fact.offers_refused,
      }, function(v)
        if not v.known then return nil end
        local misfits = numbers.misfit_costs * (v.emptied + v.floods) + numbers.unwanted_costs * v.refused
        return math.max(0, 1 - misfits)
      end),
    },
    length = {
      weight = numbers.weights.length,
      value = (attr("tenure_months", "customer"):or_else(tenure() / (365 / 12 * 24 * 3600)) / numbers.full_months):min(1),
    },
  },
  sample = {
    "contact.ended", "contact.abandoned", "complaint.opened", "complaint.closed", "bill.issued", "data.exhausted",
    "plan.changed", service.callback.missed, "outcome.accepted", "outcome.rejected", "outcome.ignored",
  },
  by = { "segment" },
  -- what would suit the use and is not had yet, in dong a month; nothing where they have just refused it
  growth = calc({
    emptied = fact.data_emptied, floods = fact.flood_days, refused = fact.offers_refused,
    upgrade = fact.upgrade_price, family = fact.family_price,
  }, function(v)
    if v.refused >= 2 then return 0 end
    return (v.emptied >= 2 and v.upgrade or 0) + (v.floods > 0 and v.family or 0)
  end),
}
fact.relationship = relationship()

expectation "kept-promise" {
  why = "who waited in vain for a call wants one thing first",
  when = fact.missed_callbacks:at_least(1),
  say = {
    en = "that we keep our word: {missed_callbacks} missed call backs within 30 days",
    vi = "được giữ lời: {missed_callbacks} lần không gọi lại trong 30 ngày",
  },
}

expectation "plain-bill" {
  why = "who asks about bills again and again wants to be able to foresee them",
  when = any { fact.bill_questions:at_least(2), fact.bill_shocks:at_least(2) },
  say = {
    en = "a bill that holds no surprise: asked about {bill_questions} times in 180 days, {bill_shocks} far above the usual",
    vi = "hóa đơn không bất ngờ: hỏi {bill_questions} lần trong 180 ngày, {bill_shocks} lần cao hơn hẳn",
  },
}

expectation "enough-data" {
  why = "running out in the middle of the month is remembered longer than any price",
  when = fact.data_emptied:at_least(2),
  say = {
    en = "data that lasts the month: ran out {data_emptied} times in 30 days",
    vi = "dữ liệu đủ dùng cả tháng: hết {data_emptied} lần trong 30 ngày",
  },
}

expectation "peace" {
  why = "who refuses what we offer does not want to be asked",
  when = all { fact.offers_refused:at_least(2), fact.offers_refused:above(fact.offers_taken) },
  say = {
    en = "to be left in peace with offers: {offers_refused} refused in 90 days",
    vi = "không bị mời chào: đã từ chối {offers_refused} lần trong 90 ngày",
  },
}
