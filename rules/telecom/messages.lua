-- Text messages: a line far above its own habit, the household that pays for it, and the plans that put it right.
--
-- One member's figures are not another's business, but they are the payer's, who gets the bill. So a rule about the
-- line notes the figures at the household, and the facts heavy_… give them to nobody but a caller whose role is
-- `payer`: for everybody else they are unknown, and what needs them (gates, words, quick answers) stays shut.
local numbers = require("business").messages

local texts = series { on = "sms.sent", per = "member", name = "texts" }
local floods = tally { name = "floods" } -- days of abuse in the household, whichever line …
local line_floods = tally { name = "line-floods", per = "member" } -- … and of one line

fact.texts_today = texts:count "today"
fact.texts_mean =
  texts:daily_mean { over = "28d", before = "today", at_least = "7d" }:or_else(numbers.habit_unless_known)
-- Days of abuse are no habit, but they raise the mean: while they last, the habit is what it was before them.
fact.texts_habit = attr("habit_before_flood", "member"):or_else(fact.texts_mean)
fact.flood_days = floods:count "7d"
fact.line_flood_days = line_floods:count "7d"
fact.pays = attr("role", "member"):is "payer"

local far_above_habit = all {
  fact.texts_today:above(numbers.times_habit * fact.texts_habit),
  fact.texts_today:at_least(numbers.at_least),
  attr("message_plan", "member"):or_else("not known"):is_not "unlimited",
}

rule "flood-over" {
  why = "a line that has been itself again for a week has the habit it has now",
  about = "member", on = "sms.sent",
  when = all { attr("habit_before_flood", "member"):known(), fact.line_flood_days:is(0) },
  run = function(c) c:set("habit_before_flood", nil) end,
}

rule "flood-begins" {
  why = "the flood itself must not become the measure that it is held against",
  about = "member", on = "sms.sent",
  when = all { far_above_habit, no { attr("habit_before_flood", "member"):known() } },
  set = { habit_before_flood = fact.texts_mean },
}

rule "message-abuse" {
  why = "a line far above its own habit is a bill shock in the making, and the household learns of it too late",
  about = "member", on = "sms.sent",
  when = far_above_habit,
  alert = {
    severity = "high", to = "care", once_per = "day", expires = "3d", closes = "plan.changed",
    say = "{member.first_name}: {texts_today} texts today, usually {texts_habit:0}.",
  },
  add = { { floods, 1 }, { line_floods, 1 } },
  nudge = { channel = "sms", goal = "serve", action = "message-plan-by-sms" },
}

rule "heavy-line" {
  why = "who pays for the household may hear which line it is, and how much, while the figures are fresh",
  about = "member", on = "sms.sent",
  when = far_above_habit,
  set = {
    ["customer.flood_line"] = event.member,
    ["customer.flood_texts"] = fact.texts_today,
    ["customer.flood_habit"] = fact.texts_habit,
    ["customer.flood_price"] = attr("message_price", "member"),
  },
}

rule "heavy-line-settled" {
  why = "once the line has a plan that fits, nobody should hear of it again",
  on = "plan.changed",
  when = all { event.kind:is "message_plan", event.member:is(attr("flood_line", "customer")) },
  run = function(c)
    c:set("flood_line", nil)
    c:set("flood_texts", nil)
    c:set("flood_habit", nil)
    c:set("flood_price", nil)
  end,
}

-- The value where the caller pays for the household, and while it is fresh; else unknown.
local function for_payer(name)
  local inputs = { role = attr("role", "member"), days = fact.flood_days, value = attr(name, "customer") }
  return calc(inputs, function(v)
    if v.role == "payer" and v.days > 0 then return v.value end
  end)
end

fact.heavy_line = for_payer "flood_line"
fact.heavy_texts = for_payer "flood_texts"
fact.heavy_habit = for_payer "flood_habit"
fact.heavy_price = for_payer "flood_price"
fact.heavy_cost = fact.heavy_texts * fact.heavy_price

-- A household may have prices of its own (an attribute from the CRM); else they are the list's.
fact.family_price = attr("family_price", "customer"):or_else(numbers.family_price)
fact.line_price = attr("line_price", "customer"):or_else(numbers.line_price)
fact.bundle_price = attr("bundle_price", "customer"):or_else(numbers.bundle_price)
fact.message_cap = attr("message_cap", "customer"):or_else(numbers.cap)

local a_line_is_heavy = all {
  fact.heavy_line:known(),
  fact.heavy_texts:above(numbers.times_habit * fact.heavy_habit),
}
local when_asked = { { when = asked_for_it(), weight = 1.5 } }

action "family-messages" {
  goal = "serve", group = "messages", channels = { "call", "chat", "shop", "web" },
  asks = { "messages/usage", "messages/plan" },
  eligible = all { fact.pays, attr("lines", "customer"):at_least(2) },
  applicable = a_line_is_heavy,
  value = {
    -- the further above the habit, the more a plan saves
    customer = calc({ texts = fact.heavy_texts, habit = fact.heavy_habit }, function(v)
      return math.min(1, 0.6 + 0.05 * v.texts / v.habit)
    end),
    business = 0.45,
  },
  propensity = { start = 0.35, by = { "tenure_band" } }, -- a guess, which outcomes correct
  context = when_asked,
  say = {
    en = "One of your lines ({heavy_line}) writes far more than it used to: {heavy_texts} messages today, usually "
      .. "about {heavy_habit:0}. "
      .. "There is nothing wrong with that, but each is charged. With family messages every line writes as much as "
      .. "it likes for "
      .. "{family_price:money} a month. Shall I set it up, so that the bill holds no surprise?",
    vi = "Một thuê bao trong gia đình mình ({heavy_line}) nhắn tin nhiều hơn hẳn mọi khi: hôm nay {heavy_texts} tin, "
      .. "bình thường khoảng "
      .. "{heavy_habit:0}. Không có gì sai cả, nhưng mỗi tin đều tính phí. Với gói tin nhắn gia đình, cả nhà nhắn "
      .. "thoải mái chỉ "
      .. "{family_price:money} một tháng. Em cài đặt luôn để hóa đơn không có bất ngờ nhé?",
  },
}

action "message-cap" {
  goal = "serve", group = "messages", channels = { "call", "chat", "shop", "web" },
  asks = { "messages/usage" },
  eligible = fact.pays,
  applicable = a_line_is_heavy,
  value = { customer = 0.85, business = 0.15 },
  propensity = { start = 0.30 },
  context = when_asked,
  say = {
    en = "If you would rather keep the plan as it is: I can set a limit of {message_cap} messages a day on that line "
      .. "({heavy_line}). It "
      .. "costs nothing, you can lift it at any time, and emergency numbers always work.",
    vi = "Nếu anh chị muốn giữ nguyên gói cước: em có thể đặt giới hạn {message_cap} tin mỗi ngày cho thuê bao đó "
      .. "({heavy_line}). Hoàn "
      .. "toàn miễn phí, gỡ bỏ lúc nào cũng được, và các số khẩn cấp vẫn luôn liên lạc được.",
  },
}

action "unlimited-messages" {
  goal = "grow", group = "messages", channels = { "call", "chat", "shop", "web" },
  asks = { "messages/usage", "messages/plan" },
  eligible = fact.pays,
  applicable = a_line_is_heavy,
  value = { customer = 0.55, business = 0.6 },
  propensity = { start = 0.15, by = { "tenure_band" } },
  context = when_asked,
  say = {
    en = "Or unlimited messages for that line alone ({heavy_line}): {line_price:money} a month.",
    vi = "Hoặc gói nhắn tin không giới hạn cho riêng thuê bao đó ({heavy_line}): {line_price:money} một tháng.",
  },
}

action "own-line-messages" {
  goal = "serve", group = "messages", channels = { "call", "chat", "web" },
  asks = { "messages/usage", "messages/plan" },
  eligible = attr("role", "member"):is_not "payer",
  applicable = open_alert "message-abuse", -- of the caller's own line
  suitable = attr("message_plan", "member"):is_not "unlimited",
  value = { customer = 0.8, business = 0.3 },
  propensity = { start = 0.25 },
  context = when_asked,
  say = {
    en = "Your own line has sent {texts_today} messages today, usually about {texts_habit:0}. A bundle of 300 is "
      .. "{bundle_price:money} a "
      .. "month. The account holder has to agree; shall I send them the question?",
    vi = "Thuê bao của mình hôm nay đã gửi {texts_today} tin, bình thường khoảng {texts_habit:0}. Gói 300 tin giá "
      .. "{bundle_price:money} một "
      .. "tháng. Chủ hợp đồng cần đồng ý; em gửi câu hỏi cho họ nhé?",
  },
}

action "ask-the-payer" {
  goal = "serve", group = "messages", channels = { "call", "chat" },
  asks = { "messages/usage", "messages/plan" },
  eligible = no { attr("role", "member"):or_else("not known"):is "payer" },
  applicable = asked_for_it(),
  value = { customer = 0.5, business = 0.2 },
  propensity = { start = 0.25 },
  say = {
    en = "Plans and limits of other lines are for the account holder to see and to change. Shall I send them word "
      .. "that you asked?",
    vi = "Gói cước và giới hạn của các thuê bao khác do chủ hợp đồng xem và thay đổi. Em nhắn cho chủ hợp đồng là "
      .. "anh chị có hỏi nhé?",
  },
}

-- Before anybody calls: what the nudge of message-abuse sends. It names the line's own figures, so it goes to that
-- line or to the payer.
action "message-plan-by-sms" {
  goal = "serve", group = "messages", channels = { "sms" },
  eligible = attr("consent_sms", "customer"):is(true),
  applicable = all { open_alert "message-abuse", fact.line_flood_days:at_most(1) }, -- told once, not every day of it
  suitable = attr("message_plan", "member"):is_not "unlimited",
  value = { customer = 0.9, business = 0.4 },
  propensity = { start = 0.25 },
  say = {
    en = "{texts_today} messages today from the line of {first_name}, usually about {texts_habit:0}. A message plan "
      .. "would cost less: family "
      .. "messages {family_price:money} a month, or a free daily limit. Reply PLAN or LIMIT, or call us at no charge.",
    vi = "Hôm nay thuê bao của {first_name} đã gửi {texts_today} tin, bình thường khoảng {texts_habit:0}. Dùng gói "
      .. "sẽ rẻ hơn: gói gia đình "
      .. "{family_price:money} một tháng, hoặc đặt giới hạn mỗi ngày miễn phí. Soạn GOI hoặc HAN, hoặc gọi miễn phí "
      .. "cho chúng tôi.",
  },
}

-- A plan or limit that was taken settles the matter for the whole household, plans of the same kind included.
local function taken(name) return outcomes { "accepted", action = name, within = numbers.settled_for } end

fact.messages_settled = taken "family-messages" + taken "message-cap" + taken "unlimited-messages"
  + taken "message-plan-by-sms"

local offers = { "family-messages", "message-cap", "unlimited-messages", "own-line-messages", "message-plan-by-sms" }
for _, name in ipairs(offers) do
  policy { action = name, unless = fact.messages_settled:above(0) }
end

-- Those with heavy_… appear for the payer only: for others they are unknown, and an answer with an unknown part is
-- not shown.
answers "messages" {
  ["which line is it?"] = {
    en = "{heavy_line}: {heavy_texts} messages today, usually about {heavy_habit:0} a day.",
    vi = "{heavy_line}: hôm nay {heavy_texts} tin, bình thường khoảng {heavy_habit:0} tin một ngày.",
  },
  ["what did today cost?"] = {
    en = "{heavy_cost:money} so far: {heavy_price:money} a message beyond the plan.",
    vi = "Đến giờ là {heavy_cost:money}: {heavy_price:money} mỗi tin ngoài gói.",
  },
  ["how many from my own line?"] = {
    en = "{texts_today} today, usually about {texts_habit:0} a day.",
    vi = "Hôm nay {texts_today} tin, bình thường khoảng {texts_habit:0} tin một ngày.",
  },
  ["which plans are there?"] = {
    en = "300 messages {bundle_price:money}, unlimited for one line {line_price:money}, for the whole family "
      .. "{family_price:money} a month.",
    vi = "300 tin {bundle_price:money}, không giới hạn một thuê bao {line_price:money}, cả gia đình "
      .. "{family_price:money} một tháng.",
  },
  ["can you tell me whom a line writes to?"] = {
    en = "No. We count messages, we do not read them, and whom somebody writes to stays theirs. A limit or a plan I "
      .. "can set.",
    vi = "Dạ không. Chúng tôi chỉ đếm số tin, không đọc nội dung, và người nhận là chuyện riêng của mỗi người. Em "
      .. "có thể đặt giới hạn hoặc gói.",
  },
}
