-- A telecom company's households: what they use, what they call about, how it goes, and what to do next. README.md
-- tells it to a business reader; settings.conf and business.lua hold every number that is a
-- decision rather than a fact. One file a
-- topic, read in this order.

pack {
  name = "telecom",
  zone = "Asia/Ho_Chi_Minh",
  currency = "VND",
  languages = { "en", "vi" },
  topics = {
    "bill", "bill/why-higher", "bill/pay", "bill/error",
    "messages", "messages/usage", "messages/plan",
    "data", "data/usage", "data/plan",
    "reception", "reception/outage", "reception/coverage",
    "contract", "contract/renew", "contract/cancel",
    "device/fault", "other",
  },
  fallback = { "listen", "callback-promise" },
  search = { "name", "first_name" }, -- by which agents find people
  provenance = true, -- where attributes came from, and what was corrected
}

-- What an agent sees of a customer's past: conversations and what came of them, not every message.
timeline {
  keep = 20,
  types = {
    "contact.started", "contact.ended", "contact.abandoned", "callback.promised", "callback.made",
    "complaint.opened", "complaint.closed", "outage.started", "outage.ended", "bill.issued", "bill.overdue",
    "payment.failed", "plan.changed", "contract.signed", "contract.renewed", "contract.cancelled", "data.exhausted", "survey.answered",
  },
  fields = { "topic", "ref", "mood_end", "resolved", "amount", "minutes", "to" },
}

require "events"
require "messages"
require "service"
require "agents"
require "network"
require "billing"
require "staying"
require "growth"
require "segments"
require "relationship"
require "budgets"
require "policies"
require "guidance"
require "words"
