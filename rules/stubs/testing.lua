---@meta nudged.testing
-- What a pack's tests (DIR/tests/*.lua) may use, for editors with the Lua language server. Nothing here runs: `nudgectl
-- rules test` brings its own. What tests share with packs (math, string, table, pairs …) is as in packs.

---What a value is held against: the same value, or a match. nil: nothing is there (unknown); in a table, where nil
---cannot be written, "" says so.
---@alias nudged.testing.Wanted nudged.testing.Match | string | number | boolean | nil
---@class nudged.testing.Match
---A text with this part: `{ say = has "number 3" }`. Numbers: at_least(x), at_most(x), between(a, b), as in packs.
---@param part string
---@return nudged.testing.Match
function has(part) end

---Declares a test, or with rows one for each of them. Rows may have names: { ["too late"] = { … } }.
---`test("a third contact is told", function() … end)`, `test("moods", { -0.5, 0.1 }, function(mood) … end)`
---
---Refused within a test; at most 4,096 a file.
---@param name string
---@param rows_or_function table | fun()
---@param each? fun(row: any)
function test(name, rows_or_function, each) end
---Runs before each test declared below it in this file.
---`before(function() home:event("profile.updated", { lines = 2 }) end)`
---@param f fun()
function before(f) end
---What nobody has tested yet: counted, and shown. `todo "a merge keeps its refusals"`
---@param name string
function todo(name) end

---The clock, in the pack's zone: `at "2026-06-28 19:30"`, `at "2026-06-28"`, or `at "19:30"` of the same day. Onward
---only. What falls due on the way fires.
---@param time string
---@return nudged.testing.Step
function at(time) end
---Time passes; what falls due on the way fires. `wait("24h"):expect_alert "callback-missed"`
---@param span nudged.ExactSpan
---@return nudged.testing.Step
function wait(span) end
---UTC milliseconds, as attributes have them: `{ contract_ends = time "2026-07-01" }`. In the pack's zone.
---@param text string
---@return integer
function time(text) end

---`local home = customer "nguyen"`
---@param id string
---@return nudged.testing.Subject
function customer(id) end
---`agent("linh"):expect_alert "strain"`
---@param id string
---@return nudged.testing.Subject
function agent(id) end
---`area("hue"):expect_fact("outages", 1)`
---@param id string
---@return nudged.testing.Subject
function area(id) end

---Whoever this alias names when something happens: a customer, and their member where the alias is a line's. Whom nobody
---has named yet is a prospect, whose history joins the owner's. `alias("+84901234567"):event "sms.sent"`
---
---Refused: one that is not written as it is compared ("+" and digits, e-mail in lower case); ambiguous ones.
---@param name string
---@return nudged.testing.Subject
function alias(name) end

---Fails unless what came is what is wanted. `expect(home:fact "texts_today", at_least(50), "texts")`
---@param came string | number | boolean | nil
---@param wanted nudged.testing.Wanted
---@param what? string
function expect(came, wanted, what) end
---`fail "not reached"`
---@param why string
function fail(why) end

---@class nudged.testing.Alert
---@field to? nudged.testing.Wanted
---@field severity? nudged.testing.Wanted
---@field say? nudged.testing.Wanted
---@field member? nudged.testing.Wanted
---@field state? nudged.testing.Wanted "open" unless you say: "closed", "acknowledged", "expired", "historical"
---@field count? nudged.testing.Wanted how many such alerts the story has raised
---@class nudged.testing.Nudge
---@field action? nudged.testing.Wanted
---@field channel? nudged.testing.Wanted
---@field say? nudged.testing.Wanted
---@field member? nudged.testing.Wanted

---What a step gave: its expectations are about what that step caused, at whomever.
---@class nudged.testing.Step
local Step = {}
---`home:event("sms.sent", { member = "kid" }):expect_alert("message-abuse", { to = "care", member = "kid" })`
---@param rule string
---@param fields? nudged.testing.Alert
---@return nudged.testing.Step
function Step:expect_alert(rule, fields) end
---`home:expect_no_alert "message-abuse"`: none that is open; of a step: none that it raised.
---@param rule string
---@param fields? { member: nudged.testing.Wanted }
---@return nudged.testing.Step
function Step:expect_no_alert(rule, fields) end
---`home:expect_fired("message-abuse", { count = 1 })`
---@param rule string
---@param fields? { count: nudged.testing.Wanted }
---@return nudged.testing.Step
function Step:expect_fired(rule, fields) end
---`home:event("contact.started"):expect_not_fired "again"`
---@param rule string
---@return nudged.testing.Step
function Step:expect_not_fired(rule) end
---A nudge that was decided and sent. `step:expect_nudge("bill-shock", { action = "explain-bill", channel = "sms" })`
---@param rule string
---@param fields? nudged.testing.Nudge
---@return nudged.testing.Step
function Step:expect_nudge(rule, fields) end
---`step:expect_no_nudge "bill-shock"`
---@param rule string
---@return nudged.testing.Step
function Step:expect_no_nudge(rule) end

---A customer, an agent or an area: its expectations are about the story so far. An alert is expected to be open still.
---@class nudged.testing.Subject: nudged.testing.Step
local Subject = {}
---@class nudged.testing.Event
---@field member? string
---@field agent? string
---@field contact? string
---@field channel? string
---@field id? string made up where none is given; the same id again is a duplicate
---@field source? string "test"
---@field ago? nudged.ExactSpan it happened so long ago: it comes late
---@field [string] any all else are attributes
---Of customers: an event, now. `home:event("sms.sent", { member = "kid", cost = 200 })`
---
---Refused: types that the engine makes itself (case., outcome.), what a daemon refuses too; and where the pack declares
---events, a type or attribute that it does not declare, a value of another kind or out of bounds or nearly a known one.
---@param type string
---@param fields? nudged.testing.Event
---@return nudged.testing.Step
function Subject:event(type, fields) end
---@class nudged.testing.Outcome
---@field member? string
---@field agent? string
---@field channel? string "call"
---@field reason? string
---@field until_ms? number of "later": when they want to be asked again, UTC milliseconds
---@field revenue? number smallest units of the pack's currency
---@field cost? number
---Of customers: what became of an action. It teaches the action's propensity, as it does live.
---`home:outcome("rejected", "family-plan")`
---@param kind nudged.OutcomeKind
---@param action string
---@param fields? nudged.testing.Outcome
---@return nudged.testing.Step
function Subject:outcome(kind, action, fields) end
---A person takes care of its newest open alert of that rule. `home:acknowledge "message-abuse"`
---@param rule string
function Subject:acknowledge(rule) end
---@class nudged.testing.Ask
---@field member? string
---@field agent? string
---@field channel? string "call"
---@field intent? string
---@field topic? string
---@field lang? string
---@field mood? number -1 to 1
---@field limit? integer how many actions at most; 3
---@field arm? "recommended" | "withheld" which arm this customer is in, of actions with a holdout; else they are as if they had none
---@field late? boolean the deadline has passed: the answer is the pack's fallback
---@field [string] any further attributes of the request
---Of customers: what is recommended now? `home:ask { member = "kid", intent = "messages", mood = -0.2 }`
---@param request? nudged.testing.Ask
---@return nudged.testing.Answer
function Subject:ask(request) end
---What it is worth now, as a request would read it; nil: unknown. `home:fact("texts_today", "kid")`
---@param name string
---@param member? string
---@return string | number | boolean | nil
function Subject:fact(name, member) end
---`home:attr("message_plan", "kid")`
---@param name string
---@param member? string
---@return string | number | boolean | nil
function Subject:attr(name, member) end
---`home:expect_fact("texts_today", 91, { member = "kid" })`, `home:expect_fact("texts_habit", nil)`: unknown
---@param name string
---@param value nudged.testing.Wanted
---@param fields? { member: string }
---@return nudged.testing.Subject
function Subject:expect_fact(name, value, fields) end
---`home:expect_attr("last_matter", "bill")`
---@param name string
---@param value nudged.testing.Wanted
---@param fields? { member: string }
---@return nudged.testing.Subject
function Subject:expect_attr(name, value, fields) end
---The newest case of that name: "open", "missed" (open, and past its time), "closed" or "none".
---`home:expect_case("callback", "closed", { key = "p1" })`
---@param name string
---@param state nudged.testing.Wanted
---@param fields? { key: nudged.testing.Wanted, member: nudged.testing.Wanted }
---@return nudged.testing.Subject
function Subject:expect_case(name, state, fields) end
---A member of the segment now. `home:expect_segment "heavy-texters"`
---@param name string
---@return nudged.testing.Subject
function Subject:expect_segment(name) end
---Not a member of it. `home:expect_no_segment "heavy-texters"`
---@param name string
---@return nudged.testing.Subject
function Subject:expect_no_segment(name) end
---The relationship score of now, its parts by their names (0 to 1), and besides: `month` and `contact`, by how much it has
---moved in 30 days and since the last contact ended; `share` of the weights that is known; `growth`; `expects`, words that
---are among what they expect. `home:expect_relationship(at_least(60), { trust = 1, month = at_most(0) })`
---@param score? nudged.testing.Wanted any, where it is nil
---@param fields? table<string, nudged.testing.Wanted>
---@return nudged.testing.Subject
function Subject:expect_relationship(score, fields) end

---@class nudged.testing.Action
---@field say? nudged.testing.Wanted
---@field reason? nudged.testing.Wanted one of its reasons
---@field score? nudged.testing.Wanted
---@field place? nudged.testing.Wanted 1 is the first
---@field member? nudged.testing.Wanted whom any_member bound
---@field if_accepted? nudged.testing.Wanted what comes next then: "words", or "action: words"
---@field if_rejected? nudged.testing.Wanted
---@field if_later? nudged.testing.Wanted

---The answer to a request.
---@class nudged.testing.Answer
local Answer = {}
---`answer:expect_action("renewal", { place = 2, reason = has "lines 2" })`
---@param action string
---@param fields? nudged.testing.Action
---@return nudged.testing.Answer
function Answer:expect_action(action, fields) end
---`answer:expect_first("cap", { say = "" })`: recommended first, without words
---@param action string
---@param fields? nudged.testing.Action
---@return nudged.testing.Answer
function Answer:expect_first(action, fields) end
---@class nudged.testing.LeftOut
---@field until_ms? nudged.testing.Wanted of a policy: when nothing holds it back any more; nil: that cannot be told
---@field gate? nudged.testing.Wanted "channel" "goal" "eligible" "applicable" "suitable" "policy" "rank" "holdout"
---@field reason? nudged.testing.Wanted
---It is not there, and this gate refused it. `answer:expect_no_action("renewal", { gate = "policy" })`
---@param action string
---@param fields? nudged.testing.LeftOut
---@return nudged.testing.Answer
function Answer:expect_no_action(action, fields) end
---These actions, in this order, and no others. `answer:expect_order { "take-it-on", "say-hello" }`
---@param actions string[]
---@return nudged.testing.Answer
function Answer:expect_order(actions) end
---`answer:expect_answer("why is it higher?", has "usually")`
---@param question string
---@param text nudged.testing.Wanted
---@return nudged.testing.Answer
function Answer:expect_answer(question, text) end
---`answer:expect_no_answer "why is it higher?"`
---@param question string
---@return nudged.testing.Answer
function Answer:expect_no_answer(question) end
---`answer:expect_caution "A complaint is open: mend it first."`
---@param text? nudged.testing.Wanted any
---@return nudged.testing.Answer
function Answer:expect_caution(text) end
---`answer:expect_no_caution()`
---@param text? nudged.testing.Wanted any
---@return nudged.testing.Answer
function Answer:expect_no_caution(text) end

---@class nudged.testing.ReportAsk
---@field by? string[] what a row is about: `{ "agent", "topic" }`, `{ "total" }`; default: the report's own choice
---@field where? table<string, string> only these: `{ agent = "linh" }`
---@field since? string|number days from this one on, "2026-06-01" or UTC ms
---@field until? string|number days before this one
---A report as the daemon would give it now: a list of rows, each by the columns' names; what is not known is nil.
---`report("agents", { by = { "agent" } })[1].contacts`
---@param name string as `nudgectl report` lists them
---@param ask? nudged.testing.ReportAsk
---@return table<string, any>[]
function report(name, ask) end
---The one row that a report has. `expect_report("agents", { where = { agent = "linh" } }, { contacts = 2, fcr = 0.5 })`;
---`""`: not known
---@param name string
---@param ask nudged.testing.ReportAsk
---@param columns table<string, nudged.testing.Wanted>
function expect_report(name, ask, columns) end
---`answer:expect_opening "Good day. What can I do for you?"`
---@param text? nudged.testing.Wanted any
---@return nudged.testing.Answer
function Answer:expect_opening(text) end
---`answer:expect_no_opening()`
---@param text? nudged.testing.Wanted any
---@return nudged.testing.Answer
function Answer:expect_no_opening(text) end
---`answer:expect_told "Called yesterday about a bill and left angry."`
---@param text? nudged.testing.Wanted any
---@return nudged.testing.Answer
function Answer:expect_told(text) end
---`answer:expect_not_told()`
---@param text? nudged.testing.Wanted any
---@return nudged.testing.Answer
function Answer:expect_not_told(text) end
---`answer:expect_guideline "Leaving is their right."`
---@param text? nudged.testing.Wanted any
---@return nudged.testing.Answer
function Answer:expect_guideline(text) end
---`answer:expect_no_guideline()`
---@param text? nudged.testing.Wanted any
---@return nudged.testing.Answer
function Answer:expect_no_guideline(text) end
---`answer:expect_avoid "Do not ask them to tell it again."`
---@param text? nudged.testing.Wanted any
---@return nudged.testing.Answer
function Answer:expect_avoid(text) end
---`answer:expect_no_avoid()`
---@param text? nudged.testing.Wanted any
---@return nudged.testing.Answer
function Answer:expect_no_avoid(text) end
---@class nudged.testing.Strain
---@field score? nudged.testing.Wanted 0 to 100
---@field level? nudged.testing.Wanted ""; below all levels
---@field say? nudged.testing.Wanted what to do
---@field part? nudged.testing.Wanted the name of a part that has points
---@field actions? nudged.testing.Wanted how many an answer holds at most; 0: as ever
---`answer:expect_strain { level = "strained", score = at_least(60) }`
---@param fields? nudged.testing.Strain
---@return nudged.testing.Answer
function Answer:expect_strain(fields) end
