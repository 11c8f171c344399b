---@meta nudged.testing
-- What a pack's tests (DIR/tests/*.lua) may use, for editors with the Lua language server. Nothing here runs: `nudgectl
-- rules test` brings its own. What tests share with packs (math, string, table, pairs …) is as in packs.

---What a value is held against: the same value, or a match. nil: nothing is there (unknown).
---@alias nudged.testing.Wanted nudged.testing.Match | string | number | boolean | nil
---@class nudged.testing.Match
---A text with this part. Numbers: at_least(x), at_most(x), between(a, b), as in packs.
---@param part string
---@return nudged.testing.Match
function has(part) end

---Declares a test, or with rows one for each of them. Rows may have names: { ["too late"] = { … } }.
---@param name string
---@param rows_or_function table | fun()
---@param each? fun(row: any)
function test(name, rows_or_function, each) end
---Runs before each test declared below it in this file.
---@param f fun()
function before(f) end
---What nobody has tested yet: counted, and shown.
---@param name string
function todo(name) end

---The clock, in the pack's zone: "2026-06-28 19:30", "2026-06-28", or "19:30" of the same day. Onward only.
---@param time string
---@return nudged.testing.Step
function at(time) end
---Time passes; what falls due on the way fires.
---@param span nudged.Span exact: "90s", "24h", "7d"
---@return nudged.testing.Step
function wait(span) end
---UTC milliseconds, as attributes have them: time "2026-07-01". In the pack's zone.
---@param text string
---@return integer
function time(text) end

---@param id string
---@return nudged.testing.Subject
function customer(id) end
---@param id string
---@return nudged.testing.Subject
function agent(id) end
---@param id string
---@return nudged.testing.Subject
function area(id) end

---Fails unless what came is what is wanted.
---@param came string | number | boolean | nil
---@param wanted nudged.testing.Wanted
---@param what? string
function expect(came, wanted, what) end
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
---@param rule string
---@param fields? nudged.testing.Alert
---@return nudged.testing.Step
function Step:expect_alert(rule, fields) end
---@param rule string
---@param fields? { member: nudged.testing.Wanted }
---@return nudged.testing.Step
function Step:expect_no_alert(rule, fields) end
---@param rule string
---@param fields? { count: nudged.testing.Wanted }
---@return nudged.testing.Step
function Step:expect_fired(rule, fields) end
---@param rule string
---@return nudged.testing.Step
function Step:expect_not_fired(rule) end
---A nudge that was decided and sent.
---@param rule string
---@param fields? nudged.testing.Nudge
---@return nudged.testing.Step
function Step:expect_nudge(rule, fields) end
---@param rule string
---@return nudged.testing.Step
function Step:expect_no_nudge(rule) end

---A customer, an agent or an area: its expectations are about the story so far. An alert is expected to be open still.
---@class nudged.testing.Subject: nudged.testing.Step
local Subject = {}
---Of customers. Fields: member, agent, contact, channel, id, source, and ago = "2h" for an event that comes late; all
---else are attributes.
---@param type string
---@param fields? table<string, any>
---@return nudged.testing.Step
function Subject:event(type, fields) end
---Of customers: what became of an action.
---@param kind nudged.OutcomeKind
---@param action string
---@param fields? { member: string, agent: string, channel: string }
---@return nudged.testing.Step
function Subject:outcome(kind, action, fields) end
---Its newest open alert of that rule.
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
---@field [string] any further attributes of the request
---Of customers: what is recommended now?
---@param request? nudged.testing.Ask
---@return nudged.testing.Answer
function Subject:ask(request) end
---@param name string
---@param member? string
---@return string | number | boolean | nil
function Subject:fact(name, member) end
---@param name string
---@param member? string
---@return string | number | boolean | nil
function Subject:attr(name, member) end
---@param name string
---@param value nudged.testing.Wanted
---@param fields? { member: string }
---@return nudged.testing.Subject
function Subject:expect_fact(name, value, fields) end
---@param name string
---@param value nudged.testing.Wanted
---@param fields? { member: string }
---@return nudged.testing.Subject
function Subject:expect_attr(name, value, fields) end
---The newest case of that name: "open", "missed" (open, and past its time), "closed" or "none".
---@param name string
---@param state nudged.testing.Wanted
---@param fields? { key: nudged.testing.Wanted, member: nudged.testing.Wanted }
---@return nudged.testing.Subject
function Subject:expect_case(name, state, fields) end

---@class nudged.testing.Action
---@field say? nudged.testing.Wanted
---@field reason? nudged.testing.Wanted one of its reasons
---@field score? nudged.testing.Wanted
---@field place? nudged.testing.Wanted 1 is the first
---@field member? nudged.testing.Wanted whom any_member bound

---The answer to a request.
---@class nudged.testing.Answer
local Answer = {}
---@param action string
---@param fields? nudged.testing.Action
---@return nudged.testing.Answer
function Answer:expect_action(action, fields) end
---@param action string
---@param fields? nudged.testing.Action
---@return nudged.testing.Answer
function Answer:expect_first(action, fields) end
---@class nudged.testing.LeftOut
---@field gate? nudged.testing.Wanted "channel" "goal" "eligible" "applicable" "suitable" "policy" "rank"
---@field reason? nudged.testing.Wanted
---@param action string
---@param fields? nudged.testing.LeftOut
---@return nudged.testing.Answer
function Answer:expect_no_action(action, fields) end
---These actions, in this order, and no others.
---@param actions string[]
---@return nudged.testing.Answer
function Answer:expect_order(actions) end
---@param question string
---@param text nudged.testing.Wanted
---@return nudged.testing.Answer
function Answer:expect_answer(question, text) end
---@param question string
---@return nudged.testing.Answer
function Answer:expect_no_answer(question) end
---@param text? nudged.testing.Wanted any
---@return nudged.testing.Answer
function Answer:expect_caution(text) end
---@param text? nudged.testing.Wanted any
---@return nudged.testing.Answer
function Answer:expect_no_caution(text) end
