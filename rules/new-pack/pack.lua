-- new-pack: what customers' events mean to us, and what to do next. A beginning: change every part of it.
--
-- From this folder, `nudgectl rules check .` finds mistakes, `nudgectl rules test .` tells the stories in tests/, and
-- `nudgectl rules activate .` makes it the pack of the daemon that runs. What else a pack may say is in the author's guide,
-- rules/README.md.

pack {
  name = "new-pack",
  zone = "UTC", -- what "today" and "month" mean: a name such as "Europe/Paris"
  languages = { "en" }, -- the first is used where a text lacks the others
  topics = { "order", "order/late", "other" },
}

-- Events: what comes in, and what comes with it. `nudgectl rules check .` holds all below against this.
event "contact.started" {
  why = "somebody contacts us",
  channels = { "call", "chat" },
  attributes = { topic = { "string", one_of = { "order", "order/late", "other" } } },
}
event "complaint.opened" { why = "a complaint is written down" }
event "complaint.closed" { why = "it is answered" }

-- What is kept: every contact, counted for each topic of a customer; and whether a complaint is open.
local contacts = series { on = "contact.started", by = { "topic" } }
local complaint = case { opens = "complaint.opened", closes = "complaint.closed", due = "48h" }

-- Facts: what conditions, words and explanations speak of.
fact.same_topic = contacts:count "7d" -- contacts about the topic of this event, or of this request

-- Rules: when somebody must know.
rule "same-topic-again" {
  why = "who comes a third time about the same topic was not helped the first two times",
  on = "contact.started",
  when = fact.same_topic:at_least(3),
  alert = { to = "care", severity = "medium", once_per = "day", say = "{customer}: contact {same_topic} about {topic}." },
}

rule "complaint-forgotten" {
  why = "a complaint is answered within two days, or somebody hears of it",
  on = complaint.missed,
  alert = { to = "care", severity = "high", closes = complaint.closed, say = "{customer} waits for an answer." },
}

-- Actions: what can be done for whom. The best are recommended.
action "take-it-on" {
  goal = "serve",
  asks = { "order" },
  applicable = open_alert "same-topic-again",
  value = { customer = 0.9, business = 0.4 }, -- to each side, 0 to 1
  propensity = { start = 0.5 }, -- how likely it is accepted, 0 to 1
  say = "I will see to it myself until it is done.",
}

action "express" {
  goal = "grow",
  asks = { "order/late" },
  value = { customer = 0.4, business = 0.6 },
  propensity = { start = 0.2 },
  say = "With express delivery the next one is there in a day.",
}

-- Policies: what is held back. Who complains is not sold to, unless they ask for it.
policy {
  goal = "grow",
  unless = complaint:is_open(),
  except = asked_for_it(),
  say = "A complaint is open: mend it first.",
}
