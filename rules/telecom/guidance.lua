-- What the agent reads while it rings, beside the actions: how to begin, what was before, the rule that applies, what not
-- to say. Facts in words, so that nobody has to make sense of a list with a customer on the line.
local numbers = require("business").service
local complaint = require("service").complaint

spell "topic" {
  ["bill"] = { en = "a bill", vi = "hóa đơn" },
  ["bill/why-higher"] = { en = "a bill higher than usual", vi = "hóa đơn cao hơn thường lệ" },
  ["bill/pay"] = { en = "paying a bill", vi = "việc thanh toán" },
  ["bill/error"] = { en = "an error in a bill", vi = "hóa đơn bị sai" },
  ["messages"] = { en = "text messages", vi = "tin nhắn" },
  ["messages/usage"] = { en = "how many texts are written", vi = "lượng tin nhắn" },
  ["messages/plan"] = { en = "a plan for messages", vi = "gói tin nhắn" },
  ["data"] = { en = "mobile data", vi = "dữ liệu di động" },
  ["data/plan"] = { en = "a data plan", vi = "gói dữ liệu" },
  ["reception"] = { en = "reception", vi = "sóng" },
  ["reception/coverage"] = { en = "coverage", vi = "vùng phủ sóng" },
  ["reception/outage"] = { en = "an outage", vi = "việc mất mạng" },
  ["contract"] = { en = "the contract", vi = "hợp đồng" },
  ["contract/renew"] = { en = "renewing the contract", vi = "việc gia hạn hợp đồng" },
  ["contract/cancel"] = { en = "leaving us", vi = "việc chấm dứt hợp đồng" },
  ["device/fault"] = { en = "a faulty device", vi = "máy bị lỗi" },
  ["other"] = { en = "another matter", vi = "việc khác" },
}

spell "mood_end" {
  { at_most = numbers.angry, say = { en = "angry", vi = "bực bội" } },
  { at_most = -0.15, say = { en = "dissatisfied", vi = "chưa hài lòng" } },
  { at_most = 0.3, say = { en = "calm", vi = "bình thường" } },
  { say = { en = "content", vi = "hài lòng" } },
}

spell "channel" {
  call = { en = "called", vi = "gọi đến" },
  chat = { en = "wrote in the chat", vi = "nhắn qua chat" },
  shop = { en = "came to a shop", vi = "đến cửa hàng" },
}

-- Within a contact these stand in this order: what it was about and how it ended, then what came of it.
tell "contact.ended" {
  say = {
    en = "{channel:words} {time:ago} about {topic:words} and left {mood_end:words}",
    vi = "{channel:words} {time:ago} về {topic:words}, kết thúc {mood_end:words}",
  },
}
tell "contact.ended" { -- where nobody noted how it ended
  say = { en = "{channel:words} {time:ago} about {topic:words}", vi = "{channel:words} {time:ago} về {topic:words}" },
}
tell "contact.abandoned" {
  say = {
    en = "hung up {time:ago} while waiting, about {topic:words}",
    vi = "bỏ máy {time:ago} khi đang chờ, về {topic:words}",
  },
}
tell "complaint.opened" { -- in the contact's own sentence
  when = all { fact.open_complaints:at_least(1), event.contact:known() },
  say = { en = "complained about it", vi = "có khiếu nại về việc này" },
}
tell "complaint.opened" {
  whose = "household",
  when = fact.open_complaints:at_least(1),
  say = { en = "complained {time:ago} about {topic:words}", vi = "khiếu nại {time:ago} về {topic:words}" },
}
tell "callback.promised" {
  when = fact.missed_callbacks:at_least(1),
  say = { en = "was promised a call back, and nobody called", vi = "được hẹn gọi lại mà không ai gọi" },
}
tell "callback.promised" {
  say = { en = "was promised a call back", vi = "được hẹn gọi lại" },
}
tell "outage.started" {
  when = require("network").outage:is_open(), within = "7d",
  say = { en = "the area lost its network {time:ago}", vi = "khu vực mất mạng {time:ago}" },
}
tell "payment.failed" {
  within = "30d", whose = "household",
  say = { en = "a payment failed {time:ago}", vi = "thanh toán không thành công {time:ago}" },
}

-- How to begin: the first that applies.
opening {
  when = fact.missed_callbacks:at_least(1),
  say = {
    en = "Good day. You waited for our call and nobody called: I am sorry. I am listening.",
    vi = "Em chào anh chị. Bên em hẹn gọi lại mà chưa gọi, em xin lỗi ạ. Em xin nghe.",
  },
}
opening {
  when = fact.open_complaints:at_least(1),
  say = {
    en = "Good day. I have your complaint before me, so you need not tell it again. Shall I say where it stands?",
    vi = "Em chào anh chị. Em đang xem khiếu nại của mình nên anh chị không cần kể lại. Em báo tình hình nhé?",
  },
}
opening {
  when = fact.repeats_week:at_least(1),
  say = {
    en = "Good day. I see that you have been in touch about this before; let us settle it today.",
    vi = "Em chào anh chị. Em thấy mình đã liên hệ về việc này rồi, hôm nay em xử lý cho xong ạ.",
  },
}
opening {
  topic = "contract/cancel",
  say = {
    en = "Good day. I am sorry that you think of leaving. May I ask what made you think of it?",
    vi = "Em chào anh chị. Em rất tiếc khi anh chị muốn dừng. Em có thể hỏi điều gì khiến mình nghĩ vậy không ạ?",
  },
}
opening { say = { en = "Good day, {name}. What can I do for you?", vi = "Em chào {name}. Em giúp gì được ạ?" } }
opening { say = { en = "Good day. What can I do for you?", vi = "Em chào anh chị. Em giúp gì được ạ?" } }

-- The rule that applies.
guideline {
  topic = { "bill/error", "bill/why-higher" },
  say = {
    en = "An amount in dispute is not due: note it, and no reminder goes out until it is settled.",
    vi = "Khoản đang khiếu nại thì chưa phải trả: ghi nhận, và không nhắc nợ cho đến khi xong.",
  },
}
guideline {
  topic = "contract/cancel",
  say = {
    en = "Leaving is their right: ask once why, make at most one offer, then cancel without delay and confirm by text.",
    vi = "Chấm dứt là quyền của khách: hỏi lý do một lần, mời tối đa một ưu đãi, rồi hủy ngay và xác nhận bằng tin nhắn.",
  },
}
guideline {
  topic = "reception/outage",
  say = {
    en = "From an hour on, an outage is credited without being asked for.",
    vi = "Mất mạng từ một giờ trở lên thì được đền bù mà khách không cần yêu cầu.",
  },
}
guideline {
  when = complaint:is_open(),
  say = {
    en = "A complaint has an answer within three days: say by when, and who looks after it.",
    vi = "Khiếu nại phải có trả lời trong ba ngày: nói rõ khi nào và ai phụ trách.",
  },
}

-- What not to say.
avoid {
  when = any { fact.open_complaints:at_least(1), fact.missed_callbacks:at_least(1) },
  say = {
    en = "Do not ask them to tell it all again, and do not say that it cannot be seen from here.",
    vi = "Đừng bắt khách kể lại từ đầu, và đừng nói rằng không xem được.",
  },
}
avoid {
  when = request.mood:at_most(numbers.angry),
  say = {
    en = "Do not say \"calm down\", and do not explain before they have finished.",
    vi = "Đừng nói \"anh chị bình tĩnh\", và đừng giải thích khi khách chưa nói hết.",
  },
}
avoid {
  when = any_member(open_alert "message-abuse"),
  say = {
    en = "Do not name whose line writes so much, nor to whom, to anybody but that person or who pays.",
    vi = "Đừng nói thuê bao nào nhắn nhiều hay nhắn cho ai, trừ với chính người đó hoặc người trả tiền.",
  },
}
