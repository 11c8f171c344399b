-- What things are called for people, in both languages: on the agent's screen, in lists and reports. Nothing here decides
-- anything. guidance.lua spells what its sentences need (topic, mood_end, channel).

spell "type" { -- of events, as the timeline tells them
  ["contact.started"] = { en = "began a conversation", vi = "bắt đầu liên hệ" },
  ["contact.ended"] = { en = "conversation ended", vi = "kết thúc liên hệ" },
  ["contact.abandoned"] = { en = "hung up while waiting", vi = "bỏ máy khi đang chờ" },
  ["callback.promised"] = { en = "was promised a call back", vi = "được hẹn gọi lại" },
  ["callback.made"] = { en = "was called back as promised", vi = "đã được gọi lại như hẹn" },
  ["complaint.opened"] = { en = "made a complaint", vi = "gửi khiếu nại" },
  ["complaint.closed"] = { en = "had a complaint settled", vi = "được giải quyết khiếu nại" },
  ["outage.started"] = { en = "the area lost its network", vi = "khu vực mất mạng" },
  ["outage.ended"] = { en = "the network came back", vi = "mạng hoạt động trở lại" },
  ["bill.issued"] = { en = "a bill was issued", vi = "phát hành hóa đơn" },
  ["bill.overdue"] = { en = "a bill became overdue", vi = "hóa đơn quá hạn" },
  ["payment.failed"] = { en = "a payment failed", vi = "thanh toán không thành công" },
  ["plan.changed"] = { en = "changed plan", vi = "đổi gói cước" },
  ["contract.signed"] = { en = "signed a contract", vi = "ký hợp đồng" },
  ["contract.renewed"] = { en = "renewed the contract", vi = "gia hạn hợp đồng" },
  ["contract.cancelled"] = { en = "cancelled the contract", vi = "chấm dứt hợp đồng" },
  ["data.exhausted"] = { en = "ran out of data", vi = "hết dữ liệu" },
  ["survey.answered"] = { en = "answered a survey", vi = "trả lời khảo sát" },
}

spell "action" {
  ["family-messages"] = { en = "Family messages plan", vi = "Gói tin nhắn gia đình" },
  ["message-cap"] = { en = "Daily message limit, free", vi = "Giới hạn tin mỗi ngày, miễn phí" },
  ["unlimited-messages"] = { en = "Unlimited messages for one line", vi = "Tin nhắn không giới hạn, một thuê bao" },
  ["own-line-messages"] = { en = "Message plan for their own line", vi = "Gói tin nhắn cho thuê bao của mình" },
  ["ask-the-payer"] = { en = "Have the payer asked", vi = "Nhờ hỏi người trả tiền" },
  ["message-plan-by-sms"] = { en = "Offer a message plan by SMS", vi = "Mời gói tin nhắn qua SMS" },
  ["listen"] = { en = "Listen", vi = "Lắng nghe" },
  ["apology"] = { en = "Apologise and own the matter", vi = "Xin lỗi và nhận xử lý" },
  ["one-face"] = { en = "One agent to the end", vi = "Một người theo đến cùng" },
  ["callback-promise"] = { en = "Promise a call back", vi = "Hẹn gọi lại" },
  ["survey"] = { en = "Ask for their opinion", vi = "Hỏi ý kiến" },
  ["hand-over"] = { en = "Hand over to a colleague", vi = "Chuyển cho đồng nghiệp" },
  ["outage-news"] = { en = "News of the outage", vi = "Tin về sự cố mạng" },
  ["credit-for-outage"] = { en = "Credit for the outage", vi = "Đền bù mất mạng" },
  ["explain-bill"] = { en = "Explain the bill", vi = "Giải thích hóa đơn" },
  ["mend-payment"] = { en = "Mend the payment", vi = "Xử lý thanh toán lỗi" },
  ["autopay"] = { en = "Automatic payment", vi = "Thanh toán tự động" },
  ["stay-a-year"] = { en = "Stay for a year", vi = "Cam kết một năm" },
  ["help-settle"] = { en = "Help them settle in", vi = "Hỗ trợ làm quen" },
  ["win-back"] = { en = "Win back", vi = "Mời quay lại" },
  ["data-add-on"] = { en = "Data until the renewal", vi = "Mua thêm dữ liệu" },
  ["data-upgrade"] = { en = "A bigger data plan", vi = "Nâng gói dữ liệu" },
  ["new-phone"] = { en = "A new phone", vi = "Điện thoại mới" },
  ["renewal"] = { en = "Renew the contract", vi = "Gia hạn hợp đồng" },
  ["retention-offer"] = { en = "Offer to stay", vi = "Ưu đãi giữ chân" },
  ["retention-extra"] = { en = "A further offer to stay", vi = "Ưu đãi giữ chân thêm" },
  ["family-data-by-sms"] = { en = "Offer family data by SMS", vi = "Mời dữ liệu gia đình qua SMS" },
  ["which-line-runs-out"] = { en = "Say which line runs out", vi = "Cho biết thuê bao nào hết dữ liệu" },
}

spell "goal" {
  serve = { en = "serve", vi = "phục vụ" },
  nurture = { en = "nurture", vi = "chăm sóc" },
  retain = { en = "keep", vi = "giữ chân" },
  grow = { en = "grow", vi = "phát triển" },
}

spell "attribute" { -- of households and lines, the weightiest first
  { is = "name", say = { en = "Name", vi = "Họ" } },
  { is = "area", say = { en = "Area", vi = "Khu vực" } },
  { is = "language", say = { en = "Language", vi = "Ngôn ngữ" } },
  { is = "segment", say = { en = "Segment", vi = "Phân khúc" } },
  { is = "lines", say = { en = "Lines", vi = "Số thuê bao" } },
  { is = "contract", say = { en = "Contract", vi = "Hợp đồng" } },
  { is = "contract_ends", say = { en = "Contract ends", vi = "Hết hợp đồng" } },
  { is = "since", say = { en = "Customer since", vi = "Khách hàng từ" } },
  { is = "tenure_months", say = { en = "Months with us", vi = "Số tháng gắn bó" } },
  { is = "monthly_fee", say = { en = "Monthly fee", vi = "Cước tháng" } },
  { is = "bill_amount", say = { en = "Last bill", vi = "Hóa đơn gần nhất" } },
  { is = "bill_usual", say = { en = "Usual bill", vi = "Hóa đơn thường lệ" } },
  { is = "bill_messages", say = { en = "… of it messages", vi = "… trong đó tin nhắn" } },
  { is = "bill_due", say = { en = "Bill due", vi = "Hạn thanh toán" } },
  { is = "bill_key", say = { en = "Bill of", vi = "Hóa đơn tháng" } },
  { is = "autopay", say = { en = "Pays automatically", vi = "Thanh toán tự động" } },
  { is = "consent_marketing", say = { en = "May be advertised to", vi = "Đồng ý nhận quảng cáo" } },
  { is = "consent_sms", say = { en = "May be texted", vi = "Đồng ý nhận SMS" } },
  { is = "preferred_channel", say = { en = "Prefers", vi = "Kênh ưa thích" } },
  { is = "internet", say = { en = "Internet", vi = "Internet" } },
  { is = "payment", say = { en = "Pays by", vi = "Cách thanh toán" } },
  { is = "tech_support", say = { en = "Technical support", vi = "Hỗ trợ kỹ thuật" } },
  { is = "first_name", say = { en = "First name", vi = "Tên" } },
  { is = "role", say = { en = "Role", vi = "Vai trò" } },
  { is = "message_plan", say = { en = "Messages", vi = "Tin nhắn" } },
  { is = "message_price", say = { en = "Price of a message", vi = "Giá một tin" } },
  { is = "data_plan", say = { en = "Data", vi = "Dữ liệu" } },
  { is = "voice_plan", say = { en = "Calls", vi = "Cuộc gọi" } },
  { is = "discount", say = { en = "Discount", vi = "Giảm" } },
  { is = "price", say = { en = "Price", vi = "Giá" } },
  { is = "amount", say = { en = "Amount", vi = "Số tiền" } },
  { is = "minutes", say = { en = "Minutes", vi = "Số phút" } },
  { is = "to", say = { en = "New plan", vi = "Gói mới" } },
}

spell "segment" {
  family = { en = "family", vi = "gia đình" }, couple = { en = "couple", vi = "vợ chồng" },
  single = { en = "single", vi = "độc thân" },
}
spell "language" { vi = { en = "Vietnamese", vi = "tiếng Việt" }, en = { en = "English", vi = "tiếng Anh" } }
spell "contract" {
  monthly = { en = "monthly", vi = "từng tháng" }, ["1-year"] = { en = "1 year", vi = "1 năm" },
  ["2-year"] = { en = "2 years", vi = "2 năm" },
}
spell "role" {
  payer = { en = "pays", vi = "người trả tiền" }, adult = { en = "adult", vi = "người lớn" },
  child = { en = "child", vi = "trẻ em" },
}
spell "message_plan" {
  ["pay-per-text"] = { en = "pays each message", vi = "tính theo tin" }, ["bundle-300"] = { en = "300 messages", vi = "300 tin" },
  ["unlimited"] = { en = "unlimited", vi = "không giới hạn" },
}
spell "data_plan" {
  ["data-2gb"] = { en = "2 GB", vi = "2 GB" }, ["data-10gb"] = { en = "10 GB", vi = "10 GB" },
  ["data-unlimited"] = { en = "unlimited", vi = "không giới hạn" },
}
spell "voice_plan" {
  ["pay-per-minute"] = { en = "pays each minute", vi = "tính theo phút" }, ["voice-500"] = { en = "500 minutes", vi = "500 phút" },
}
spell "internet" {
  fibre = { en = "fibre", vi = "cáp quang" }, dsl = { en = "DSL", vi = "DSL" }, none = { en = "none", vi = "không có" },
}

spell "case" {
  bill = { en = "Bill", vi = "Hóa đơn" }, callback = { en = "Promised call back", vi = "Hẹn gọi lại" },
  complaint = { en = "Complaint", vi = "Khiếu nại" }, outage = { en = "Outage", vi = "Sự cố mạng" },
}

spell "part" { -- of the relationship
  trust = { en = "trust", vi = "tin cậy" }, fit = { en = "fit", vi = "phù hợp" },
  transparency = { en = "transparency", vi = "minh bạch" }, length = { en = "length", vi = "gắn bó" },
  openness = { en = "openness", vi = "cởi mở" },
}

spell "rule" { -- what raised an alert
  ["message-abuse"] = { en = "Unusually many messages", vi = "Tin nhắn tăng bất thường" },
  ["data-ran-out"] = { en = "Out of data", vi = "Hết dữ liệu" },
  ["thinks-of-leaving"] = { en = "Thinks of leaving", vi = "Có ý định rời đi" },
  ["bill-shock"] = { en = "A bill far above the usual", vi = "Hóa đơn cao bất thường" },
  ["payment-failed"] = { en = "A payment failed", vi = "Thanh toán lỗi" },
  ["outage-credit"] = { en = "Credit for an outage", vi = "Đền bù mất mạng" },
  ["same-matter-again"] = { en = "The same matter again", vi = "Lại vì cùng một việc" },
  ["sinking-mood"] = { en = "Their mood sinks", vi = "Tâm trạng đi xuống" },
  ["callback-missed"] = { en = "A promised call was missed", vi = "Lỡ hẹn gọi lại" },
  ["complaint-late"] = { en = "A complaint is late", vi = "Khiếu nại quá hạn" },
  ["strain"] = { en = "Agent under strain", vi = "Nhân viên đang căng thẳng" },
}

spell "alert" { -- their sentences, with … for each value, in the order in which both languages have them
  ["message-abuse"] = { en = "…: … texts today, usually ….", vi = "…: hôm nay … tin, thường khoảng …." },
  ["thinks-of-leaving"] = { en = "… has looked at the page about cancelling.", vi = "… đã xem trang chấm dứt hợp đồng." },
  ["bill-shock"] = { en = "…: bill … is …, usually ….", vi = "…: hóa đơn … là …, thường là …." },
  ["same-matter-again"] = {
    en = "…: contact number … within a week about ….", vi = "…: liên hệ lần thứ … trong một tuần về ….",
  },
  ["sinking-mood"] = {
    en = "…: mood … after the last contact, … low ones in a row.",
    vi = "…: tâm trạng … sau lần liên hệ cuối, … lần thấp liên tiếp.",
  },
  ["callback-missed"] = {
    en = "You promised … a call back by … on …, and nobody has called. Call now, and say sorry first.",
    vi = "Bạn đã hẹn gọi lại cho … trước … ngày …, và chưa ai gọi. Hãy gọi ngay, và xin lỗi trước.",
  },
  ["complaint-late"] = {
    en = "…: complaint … is open since … and past its time.", vi = "…: khiếu nại … mở từ … và đã quá hạn.",
  },
  ["strain"] = {
    en = "…: strain … of 100: … angry endings in a row, … conversations today, busy … of two hours, … without a break. "
      .. "Offer a break, and easier contacts after it.",
    vi = "…: căng thẳng … trên 100: … cuộc kết thúc bực bội liên tiếp, … cuộc hôm nay, bận … của hai giờ, … chưa nghỉ. "
      .. "Hãy cho nghỉ, rồi giao việc nhẹ hơn.",
  },
}

spell "recipient" { -- of alerts
  care = { en = "care", vi = "CSKH" }, retention = { en = "retention", vi = "giữ khách" },
  supervisor = { en = "supervisor", vi = "trưởng nhóm" },
}

spell "strain" {
  angry = { en = "angry callers", vi = "khách bực bội" }, occupancy = { en = "always busy", vi = "luôn bận" },
  no_break = { en = "no break", vi = "chưa nghỉ" }, escalations = { en = "escalations", vi = "chuyển cấp trên" },
  holds = { en = "on hold", vi = "giữ máy" },
  watch = { en = "watch", vi = "cần để ý" }, strained = { en = "strained", vi = "căng thẳng" }, -- its levels
  ["worn-out"] = { en = "worn out", vi = "kiệt sức" },
}

spell "advice" { -- by the level of strain, as agents.lua has it
  watch = { en = "It adds up: take the next pause.", vi = "Đang dồn lại: hãy nghỉ ở lần tới." },
  strained = {
    en = "One thing at a time: listen, solve the matter, leave the rest. Your supervisor knows; a break is due.",
    vi = "Từng việc một: lắng nghe, giải quyết xong việc chính, phần còn lại để sau. Quản lý đã biết; bạn nên nghỉ.",
  },
  ["worn-out"] = {
    en = "Hand the difficult part over after this conversation, and take the break now due.",
    vi = "Sau cuộc này hãy chuyển phần khó cho đồng nghiệp và nghỉ ngay.",
  },
}

spell "reason" { -- why an agent overrules: the words that are counted, and how they read
  { is = "has it already", say = { en = "They have it already", vi = "Khách đã có rồi" } },
  { is = "wrong moment", say = { en = "Not the moment for it", vi = "Chưa phải lúc" } },
  { is = "does not suit", say = { en = "It does not suit them", vi = "Không phù hợp với khách" } },
  { is = "too upset", say = { en = "They are too upset", vi = "Khách đang quá bực" } },
  { is = "moves abroad", say = { en = "They move away", vi = "Khách chuyển đi nơi khác" } },
}

spell "question" { -- the quick answers' questions, where the language is not that of the pack's files
  ["why is it higher?"] = { en = "Why is it higher?", vi = "Sao hóa đơn cao hơn?" },
  ["until when must I pay?"] = { en = "Until when must I pay?", vi = "Hạn thanh toán đến khi nào?" },
  ["why is it empty already?"] = { en = "Why is it empty already?", vi = "Sao đã hết rồi?" },
  ["until when does it run?"] = { en = "Until when does it run?", vi = "Hợp đồng đến khi nào?" },
  ["what does leaving cost?"] = { en = "What does leaving cost?", vi = "Chấm dứt thì mất bao nhiêu?" },
  ["which line is it?"] = { en = "Which line is it?", vi = "Thuê bao nào ạ?" },
  ["what did today cost?"] = { en = "What did today cost?", vi = "Hôm nay hết bao nhiêu tiền?" },
  ["how many from my own line?"] = { en = "How many from my own line?", vi = "Số của tôi nhắn bao nhiêu?" },
  ["which plans are there?"] = { en = "Which plans are there?", vi = "Có những gói nào?" },
  ["can you tell me whom a line writes to?"] = { en = "Whom does a line write to?", vi = "Có biết nhắn cho ai không?" },
  ["what will I get for it?"] = { en = "What will I get for it?", vi = "Tôi được đền bù gì?" },
  ["when will you call me back?"] = { en = "When will you call me back?", vi = "Khi nào gọi lại cho tôi?" },
}
