-- For tests/unit/test_relations.c: every kind of survey, and a relationship whose score can be reckoned in one's head.
pack { name = "relations", currency = "EUR", provenance = { "segment", "plan" } }

contacts {}

survey "nps" {
  kind = "nps", on = "survey.answered", score = "score", asked = "survey.sent", by = { "segment" }, smallest_cell = 2,
}
survey "csat" { kind = "csat", on = "survey.answered", score = "stars", asked = "contact.ended", by = { "segment" } }
survey "effort" { kind = "ces", on = "survey.answered", score = "easy", asked = "contact.ended" }
survey "effort-mean" { kind = "ces", measure = "mean", on = "survey.answered", score = "easy", asked = "contact.ended" }
survey "yearly" {
  kind = "csat", on = "year.answered", score = "stars", where = event.channel:is "letter", asked = "customers",
  by = { "segment" }, smallest_cell = 2,
}

local complaint = case { opens = "complaint.opened", closes = "complaint.closed" }
local refused = outcomes { "rejected", within = "30d" }
fact.open_complaints = complaint:count_open()

relationship {
  parts = {
    trust = { weight = 50, value = 1 - 0.5 * fact.open_complaints },
    fit = { weight = 30, value = attr("fit", "customer") },
    length = { weight = 20, value = (tenure() / (100 * 24 * 3600)):min(1) },
  },
  sample = { "contact.ended", "complaint.opened", "complaint.closed" },
  by = { "segment" },
  growth = attr("growth", "customer"),
}
fact.score = relationship()

expectation "quiet" {
  why = "who refuses twice wants to be left alone",
  when = refused:at_least(2),
  say = "to be asked less: {refused} refused in 30 days",
}
fact.refused = refused

policy { goal = "grow", unless = relationship():below(60) }
action "plan" {
  goal = "grow", value = { customer = 0.5, business = 0.5 }, say = "A plan.",
}
action "listen" { goal = "serve", value = { customer = 0.5, business = 0.1 }, say = "Tell me." }

rule "note" {
  why = "where a rule's attribute comes from is told too",
  on = "contact.ended", when = event.topic:known(), set = { plan = event.topic },
}
