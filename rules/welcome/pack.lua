-- The smallest useful pack: it notices who contacts you again and again, and tells the agent what to do about it.
-- Start the daemon with it, change a line, `nudgectl rules activate rules/welcome`, and see what changed.

-- Who we are. The first language is the one used where nothing else is known.
pack { name = "welcome", languages = { "en" }, topics = { "help" } }

-- What comes in: one event type, and what is said with it. `nudgectl rules check` holds the rest against this.
event "contact.started" {
  why = "a customer contacts us",
  attributes = { topic = { "string", one_of = { "help" } } },
}

-- A series: a stream of events kept as a window. Here: every contact, one window a customer.
local contacts = series { on = "contact.started" }

-- A fact: a named value. Conditions, words and explanations use its name.
fact.contacts_week = contacts:count "7d"

-- A rule: on an event, when a condition holds, do something. `why` is for the next person who reads it.
rule "again-and-again" {
  why = "who comes a third time within a week was not helped the first two times",
  on = "contact.started",
  when = fact.contacts_week:at_least(3),
  alert = {
    to = "care", severity = "medium", once_per = "day",
    say = "{customer}: contact number {contacts_week} within a week.",
  },
}

-- Actions: what an agent or a channel can do. The best ones are recommended, with these words.
action "take-it-on" {
  goal = "serve",
  applicable = open_alert "again-and-again",       -- only while that alert is open
  value = { customer = 0.9, business = 0.4 },      -- what it is worth to each side, 0 to 1
  propensity = { start = 0.5 },                    -- how likely it is to be accepted: your estimate, 0 to 1
  say = "You have contacted us {contacts_week} times this week. I will see to it myself until it is done.",
}

action "say-hello" {
  goal = "serve",
  value = { customer = 0.3, business = 0.2 },
  propensity = { start = 0.3 },
  say = "Welcome! What can I do for you?",
}

-- A quick answer, shown when the request's topic or intent is `help`.
answers "help" {
  ["how do I reach you again?"] = "Call or write at any time: everybody here sees what we have agreed today.",
}
