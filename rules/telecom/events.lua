-- The events of a telecom company: what comes with each, and from whom (EVENTS.md tells more). The engine takes an
-- event that does not fit as it is; `nudgectl rules check` holds the pack against this, so that no rule waits for an
-- attribute that never comes.

local topics = {
  "bill/why-higher", "bill/pay", "bill/error", "messages/usage", "messages/plan", "data/usage", "data/plan",
  "reception/outage", "reception/coverage", "contract/renew", "contract/cancel", "device/fault", "other",
}
local topic = { "string", one_of = topics }
local mood = { "number", at_least = -1, at_most = 1 } -- -1 furious, 1 delighted
local amount = { "number", at_least = 0, money = true } -- VND
local count = { "number", at_least = 0 }
local seconds = { "number", at_least = 0 }
local message_plan = { "string", one_of = { "pay-per-text", "bundle-300", "unlimited" } }
local data_plan = { "string", one_of = { "data-2gb", "data-10gb", "data-unlimited" } }
local contract = { "string", one_of = { "monthly", "1-year", "2-year" } }
local service = { "string", one_of = { "mobile", "fibre" } }
local whom = { "string", one_of = { "on-net", "off-net", "abroad" } }
local spoken = { "call", "chat", "shop" }

-- Who they are: of the household, and of each line (member).
event "profile.updated" {
  why = "what the CRM knows; each attribute becomes one of the household, or of the line that is named",
  agent = "never",
  attributes = {
    -- of the household
    name = "string", language = { "string", one_of = { "vi", "en" } }, area = "string",
    segment = { "string", one_of = { "family", "couple", "single" } },
    lines = count, contract = contract, contract_ends = "time", since = "time", tenure_months = count,
    tenure_band = { "string", one_of = { "new", "young", "settled", "old" } },
    monthly_fee = amount, autopay = "boolean", consent_marketing = "boolean", consent_sms = "boolean",
    preferred_channel = "string",
    -- of those who come from elsewhere (import.lua)
    internet = { "string", one_of = { "fibre", "dsl", "none" } },
    payment = { "string", one_of = { "electronic-check", "mailed-check", "bank-transfer", "credit-card" } },
    tech_support = "boolean", left_last_month = "boolean",
    -- prices and limits of their own, where they have any
    family_price = amount, line_price = amount, bundle_price = amount, add_on_price = amount, upgrade_price = amount, family_data_price = amount,
    message_cap = count,
    -- of a line
    role = { "string", one_of = { "payer", "adult", "child" } }, first_name = "string",
    message_plan = message_plan, message_price = amount, data_plan = data_plan,
    voice_plan = { "string", one_of = { "pay-per-minute", "voice-500" } },
  },
}

-- Use.
event "sms.sent" {
  why = "a line has written one text message",
  member = "required", agent = "never", channels = { "sms" },
  attributes = { to = whom, cost = amount },
}
event "voice.used" {
  why = "a line's own telephone call; not a contact with us",
  member = "required", agent = "never",
  attributes = { seconds = seconds, to = whom, cost = amount },
}
event "usage.day" {
  why = "a line's sums of the day, at 23:55",
  member = "required", agent = "never",
  attributes = { texts = count, seconds = seconds, data_mb = count, cost = amount },
}
event "data.exhausted" {
  why = "a line has used up its data before the plan renews",
  member = "required", agent = "never",
  attributes = { data_plan = data_plan, days_left = count },
}
event "web.visit" {
  why = "somebody looks at a page of ours",
  member = "required", agent = "never", channels = { "web" },
  attributes = {
    page = { "string", one_of = { "usage", "bill", "plans/messages", "plans/data", "help/reception", "cancel" } },
    seconds = seconds,
  },
}

-- The network.
event "outage.started" {
  why = "the household's area has lost its network; one event for each household concerned",
  member = "never", agent = "never",
  attributes = { area = "string", outage = { "string", required = true }, service = service },
}
event "outage.ended" {
  why = "it is back",
  member = "never", agent = "never",
  attributes = { area = "string", outage = { "string", required = true }, service = service, minutes = count },
}

-- Bills and payments.
event "bill.issued" {
  why = "a bill goes out; usual is the mean of the last three",
  member = "never", agent = "never",
  attributes = {
    bill = { "string", required = true }, amount = amount, usual = amount, messages_cost = amount, due = "time",
  },
}
event "bill.paid" {
  why = "it is paid; late_days is 0 where that was in time",
  member = "never", agent = "never",
  attributes = { bill = { "string", required = true }, amount = amount, late_days = count },
}
event "bill.overdue" {
  why = "nobody has paid it in time",
  member = "never", agent = "never",
  attributes = { bill = { "string", required = true }, amount = amount },
}
event "payment.failed" {
  why = "a payment was tried and refused",
  member = "never", agent = "never",
  attributes = {
    bill = "string", amount = amount, reason = { "string", one_of = { "card-expired", "no-funds" } },
  },
}

-- Contacts: one conversation each, from the queue to its end.
event "contact.queued" {
  why = "somebody waits for an agent",
  member = "required", agent = "never", contact = "required", channels = { "call", "chat" },
  attributes = { topic = topic, intent = topic, ref = "string" },
}
event "contact.started" {
  why = "an agent has taken the conversation",
  member = "required", agent = "required", contact = "required", channels = spoken,
  attributes = { topic = topic, intent = topic, ref = "string", mood = mood, wait_s = seconds },
}
event "contact.held" {
  why = "an agent has put somebody on hold",
  member = "required", agent = "required", contact = "required", channels = { "call" },
  attributes = { topic = topic, ref = "string", hold_s = seconds },
}
event "contact.escalated" {
  why = "an agent has passed a conversation on to a supervisor",
  member = "required", agent = "required", contact = "required", channels = spoken,
  attributes = { topic = topic, ref = "string" },
}
event "agent.break" {
  why = "an agent takes a break; the customer is whoever stands for the team, such as \"staff\"",
  member = "never", agent = "required", contact = "never",
}
event "contact.ended" {
  why = "a conversation is over",
  member = "required", agent = "required", contact = "required", channels = spoken,
  attributes = {
    topic = topic, ref = "string", mood_start = mood, mood_end = mood, mood = mood, resolved = "boolean",
    wait_s = seconds, handle_s = seconds, transfers = count,
  },
}
event "contact.abandoned" {
  why = "somebody hung up while waiting",
  member = "required", agent = "never", channels = { "call" },
  attributes = { topic = topic, ref = "string", wait_s = seconds },
}

-- Promises and complaints.
event "callback.promised" {
  why = "an agent has promised to call back within 24 hours",
  member = "required", agent = "required", channels = { "call" },
  attributes = { promise = { "string", required = true }, promised_by = "string", topic = topic, ref = "string" },
}
event "callback.made" {
  why = "the promise is kept",
  member = "required", agent = "required", channels = { "call" },
  attributes = { promise = { "string", required = true }, promised_by = "string", topic = topic, ref = "string" },
}
event "complaint.opened" {
  why = "a complaint that needs an answer",
  member = "required", agent = "required", channels = { "call", "chat" },
  attributes = { complaint = { "string", required = true }, topic = topic, ref = "string" },
}
event "complaint.closed" {
  why = "it has one",
  member = "required", agent = "required",
  attributes = { complaint = { "string", required = true }, topic = topic, satisfied = "boolean" },
}
event "survey.answered" {
  why = "what they say of a conversation afterwards; mood is score / 5 - 1",
  member = "required", channels = { "sms" },
  attributes = { score = { "number", at_least = 0, at_most = 10 }, mood = mood },
}

-- The contract.
event "plan.changed" {
  why = "a line has another plan; its profile.updated follows",
  member = "required",
  attributes = {
    kind = { "string", one_of = { "message_plan", "data_plan", "voice_plan" } },
    from = "string", to = "string", price = amount,
  },
}
event "contract.signed" {
  why = "a contract is sold: by the agent whom the event names, or by a campaign",
  member = "never",
  attributes = {
    contract_id = "string", product = service, contract = contract, contract_ends = "time", campaign = "string",
  },
}
event "contract.renewed" {
  why = "it goes on; the household's profile.updated follows",
  member = "never",
  attributes = { contract_id = "string", product = service, contract = contract, contract_ends = "time" },
}
event "contract.cancelled" {
  why = "it ends: the one that is named, else all; who has none left has left us",
  member = "never",
  attributes = {
    contract_id = "string", product = service,
    reason = { "string", one_of = { "price", "reception", "service", "moved" } },
  },
}
