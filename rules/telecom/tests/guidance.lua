-- What the agent reads beside the actions: in words, in both languages, and nothing that is not known.
local home = customer "le"

before(function()
  home:event("profile.updated", { lines = 2, name = "Ms Le" })
  home:event("profile.updated", { member = "mum", role = "payer" })
  home:event("profile.updated", { member = "son", role = "child" })
end)

local function contact(id, topic, mood, more)
  home:event("contact.started", { member = "mum", agent = "linh", contact = id, channel = "call", topic = topic })
  for _, step in ipairs(more or {}) do
    wait "1m"
    step[2].member, step[2].agent, step[2].contact, step[2].channel = "mum", "linh", id, "call"
    home:event(step[1], step[2])
  end
  wait "5m"
  home:event("contact.ended", {
    member = "mum", agent = "linh", contact = id, channel = "call", topic = topic, mood_end = mood,
  })
end

test("a contact is one sentence, the newest first", function()
  contact("c1", "bill/why-higher", -0.6, { { "callback.promised", { promise = "p1", promised_by = "linh" } } })
  wait "3h"
  home:event("callback.made", { member = "mum", agent = "linh", promise = "p1" })
  wait "2d"
  contact("c2", "messages/usage", 0.5)
  wait "1h"
  home:ask { member = "mum" }
    :expect_told "Called today at 12:11 about how many texts are written and left content."
    :expect_told "Called 2 days ago about a bill higher than usual and left angry; was promised a call back."
  home:ask { member = "mum", lang = "vi" }
    :expect_told "Gọi đến hôm nay lúc 12:11 về lượng tin nhắn, kết thúc hài lòng."
    :expect_told "Gọi đến 2 ngày trước về hóa đơn cao hơn thường lệ, kết thúc bực bội; được hẹn gọi lại."
end)

test("a promise that nobody kept is told, and how to begin with it", function()
  contact("c1", "bill/pay", 0, { { "callback.promised", { promise = "p1", promised_by = "linh" } } })
  wait "25h"
  home:ask { member = "mum" }
    :expect_told "Called yesterday about paying a bill and left calm; was promised a call back, and nobody called."
    :expect_opening(has "You waited for our call")
    :expect_avoid(has "tell it all again")
end)

test("how to begin: the first that applies, and without a name where none is known", function()
  home:ask():expect_opening "Good day, Ms Le. What can I do for you?"
  home:ask { lang = "vi" }:expect_opening "Em chào Ms Le. Em giúp gì được ạ?"
  customer("nobody"):ask():expect_opening "Good day. What can I do for you?"
  home:ask { intent = "contract/cancel" }
    :expect_opening(has "think of leaving")
    :expect_guideline(has "Leaving is their right")
  contact("c1", "bill/pay", 0)
  wait "1d"
  contact("c2", "bill/pay", 0)
  home:ask():expect_opening(has "in touch about this before")
end)

test("a complaint is told to whoever of the household calls, a conversation is not", function()
  contact("c1", "bill/error", -0.3, { { "complaint.opened", { complaint = "k1", topic = "bill/error" } } })
  wait "1d"
  home:ask { member = "son" }
    :expect_told "Complained yesterday about an error in a bill."
    :expect_not_told(has "left")
    :expect_opening(has "I have your complaint before me")
    :expect_guideline(has "within three days")
  home:ask { member = "mum" }
    :expect_told "Called yesterday about an error in a bill and left dissatisfied; complained about it."
  home:event("complaint.closed", { member = "mum", agent = "linh", complaint = "k1" })
  home:ask { member = "son" }:expect_not_told():expect_no_guideline():expect_no_avoid()
end)

test("at most four sentences, and nothing older than ninety days", function()
  for i = 1, 6 do
    contact("c" .. i, "other", 0)
    wait "1d"
  end
  home:ask { member = "mum" }:expect_told(has "yesterday"):expect_told(has "4 days ago"):expect_not_told(has "5 days ago")
  wait "90d"
  home:ask { member = "mum" }:expect_not_told()
end)

test("the rule that applies is that of the topic", {
  { intent = "bill/error", rule = "An amount in dispute is not due" },
  { intent = "reception/outage", rule = "From an hour on" },
}, function(row)
  home:ask { intent = row.intent }:expect_guideline(has(row.rule))
  home:ask { intent = "other" }:expect_no_guideline()
end)

test("who is angry is not told to calm down", function()
  home:ask { mood = -0.8 }:expect_avoid(has "calm down")
  home:ask { mood = 0.2 }:expect_no_avoid()
end)
