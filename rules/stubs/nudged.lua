---@meta nudged
-- What a pack may use, for editors with the Lua language server (completion, help, warnings). Nothing here runs: the
-- engine brings its own. Point the editor at this folder: rules/.luarc.json does so for the packs beside it.

---An exact span "90s" "5m" "24h" "7d" "2w", or by the calendar of the pack's zone "today" ("day") or "month", or
---"ever".
---@alias nudged.Span string
---@alias nudged.Number nudged.Term | number | string a duration such as "24h" is a number of seconds
---@alias nudged.Value nudged.Term | number | string | boolean
---A bare true or false is refused: Lua made it of `and`, `or`, `not` or `==`.
---@alias nudged.Condition nudged.Term
---Words: one text, or one a language. {name} {name:money} {name:percent} {name:date} {name:time} {name:duration}
---{name:2}
---@alias nudged.Words string | table<string, string>
---@alias nudged.Types string | string[]
---@alias nudged.About "customer" | "member" | "agent" | "area"
---@alias nudged.Severity "low" | "medium" | "high" | "critical"

---An expression that the engine evaluates: a value, or a condition. Unknown where it was never seen.
---@class nudged.Term
---@operator add(nudged.Number): nudged.Term
---@operator sub(nudged.Number): nudged.Term
---@operator mul(nudged.Number): nudged.Term
---@operator div(nudged.Number): nudged.Term
---@operator unm: nudged.Term
local Term = {}
---@param x nudged.Number
---@return nudged.Term
function Term:above(x) end
---@param x nudged.Number
---@return nudged.Term
function Term:below(x) end
---@param x nudged.Number
---@return nudged.Term
function Term:at_least(x) end
---@param x nudged.Number
---@return nudged.Term
function Term:at_most(x) end
---Both ends included.
---@param low nudged.Number
---@param high nudged.Number
---@return nudged.Term
function Term:between(low, high) end
---@param x nudged.Value
---@return nudged.Term
function Term:is(x) end
---@param x nudged.Value
---@return nudged.Term
function Term:is_not(x) end
---@param values nudged.Value[]
---@return nudged.Term
function Term:one_of(values) end
---Never unknown itself.
---@return nudged.Term
function Term:known() end
---@param x nudged.Value
---@return nudged.Term
function Term:or_else(x) end
---@param x nudged.Number
---@return nudged.Term
function Term:min(x) end
---@param x nudged.Number
---@return nudged.Term
function Term:max(x) end

---@class nudged.PackBody
---@field name string
---@field zone? string of the tz database; UTC
---@field currency? string ISO code; amounts are integers of its smallest unit
---@field languages? string[] the first is the fallback; { "en" }
---@field topics? string[] closed, two levels: "bill", "bill/why-higher"
---@field balance? nudged.Number the customer's share of an action's value, 0 to 1; 0.5
---@field levers? { goals: table<string, number> }
---@field fallback? string[] actions recommended when the deadline passed
---@field mask? string[] attributes, fields and facts that must not be in the decision log, nor what is made from them
---@param body nudged.PackBody
function pack(body) end

---@param share nudged.Number the customer's share of the value, where it follows from facts
function balance(share) end

---@class nudged.TimelineBody
---@field keep? integer how many events; 20
---@field types? nudged.Types all
---@field fields? string[] attributes kept with them
---@param body nudged.TimelineBody
function timeline(body) end

---@class nudged.SeriesBody
---@field on nudged.Types event types; "*" is all
---@field per? nudged.About whose record keeps it; "customer"
---@field by? string[] a window for each combination of these attributes' values
---@field value? string the attribute counted; without it only counts
---@field where? nudged.Condition of the event only: event.x:is "y"
---@field every? nudged.Span coarser: counts per so long
---@field keep? nudged.Span longer than what is asked of it
---@field name? string for explanations
---@param body nudged.SeriesBody
---@return nudged.Series
function series(body) end

---@class nudged.TallyBody
---@field name string
---@field per? nudged.About
---@field every? nudged.Span
---@field keep? nudged.Span
---A series that only rules add to.
---@param body nudged.TallyBody
---@return nudged.Series
function tally(body) end

---@alias nudged.Window nudged.Span | { [1]: nudged.Span, before: "this" } before = "this": without the current event

---@class nudged.Series
local Series = {}
---@param window nudged.Window
---@return nudged.Term
function Series:count(window) end
---@param window nudged.Window
---@return nudged.Term
function Series:sum(window) end
---@param window nudged.Window
---@return nudged.Term
function Series:mean(window) end
---@param window nudged.Window
---@return nudged.Term
function Series:min(window) end
---@param window nudged.Window
---@return nudged.Term
function Series:max(window) end
---@param window nudged.Window
---@return nudged.Term
function Series:distinct(window) end
---@return nudged.Term
function Series:latest() end
---The value before the current event's.
---@return nudged.Term
function Series:previous() end
---In a rule seconds from the event before the current one to it, in a decision since the newest. Comparing it with
---:at_least keeps all events, with :at_most those that it needs; else unknown beyond 31 days or the series' keep.
---@return nudged.Term
function Series:since() end
---How many of the newest values in a row it holds for.
---@param predicate nudged.Predicate
---@return nudged.Term
function Series:run(predicate) end
---@class nudged.DailyMean
---@field over nudged.Span whole days
---@field before? "today" without the day that runs
---@field at_least? nudged.Span unknown for those known for less
---@field of? "sum" | "count"
---@param body nudged.DailyMean
---@return nudged.Term
function Series:daily_mean(body) end
---Other keys than the event's or request's own: all of `by`.
---@param keys table<string, nudged.Value>
---@return nudged.Series
function Series:with(keys) end
---@return nudged.Series
function Series:all_keys() end

---@class nudged.Predicate
---@param x number
---@return nudged.Predicate
function at_most(x) end
---@param x number
---@return nudged.Predicate
function at_least(x) end
---@param low number
---@param high number
---@return nudged.Predicate
function between(low, high) end

---@class nudged.CaseBody
---@field opens nudged.Types
---@field closes nudged.Types
---@field key? string the attribute that tells one from another
---@field due? nudged.Span then it is missed
---@field per? "customer" | "member"
---@field name? string the opening type up to its last dot
---@param body nudged.CaseBody
---@return nudged.Case
function case(body) end

---@class nudged.Case
---@field opened string the event type, for rules
---@field closed string
---@field missed string
local Case = {}
---@return nudged.Term
function Case:is_open() end
---@return nudged.Term
function Case:count_open() end
---One is open and past its due time.
---@return nudged.Term
function Case:is_missed() end
---Seconds since the oldest open one was opened.
---@return nudged.Term
function Case:age() end
---Mean seconds from opening to closing.
---@return nudged.Term
function Case:turnaround() end

---Facts: fact.name = term declares, fact.name reads what is declared above.
---@class nudged.Facts
---@field [string] nudged.Term
---@overload fun(name: string): fun(term: nudged.Term)
fact = {}

---@alias nudged.AttributeType "string" | "number" | "boolean" | "time" | "any" time: UTC milliseconds
---@alias nudged.Presence "required" | "optional" | "never"
---{ "number", at_least = 0, required = true }
---@class nudged.Attribute
---@field [1] nudged.AttributeType
---@field required? boolean
---@field one_of? (string | number)[] all the values it can have
---@field at_least? number
---@field at_most? number
---@field why? string
---@class nudged.EventBody
---@field why? string
---@field member? nudged.Presence whether events of the type name one; "optional"
---@field agent? nudged.Presence
---@field contact? nudged.Presence
---@field channels? nudged.Types any
---@field attributes? table<string, nudged.AttributeType | nudged.Attribute>

---event.x: the event's fields (id source customer member agent contact type channel time) and attributes. In rules only.
---time is UTC milliseconds.
---event "type" { … } says what comes with events of a type, for `nudgectl rules check` and for people.
---@class nudged.Event
---@field [string] nudged.Term
---@overload fun(type: string): fun(body: nudged.EventBody)
event = {}
---The request's fields (channel intent topic member agent language mood time) and attributes. In decisions only. time
---is UTC milliseconds.
---@type table<string, nudged.Term>
request = {}

---@param name string
---@param whose? nudged.About without it: the bound member's where it has one, else the subject's
---@return nudged.Term
function attr(name, whose) end
---@param ... nudged.Condition | nudged.Condition[]
---@return nudged.Term
function all(...) end
---@param ... nudged.Condition | nudged.Condition[]
---@return nudged.Term
function any(...) end
---None of them is true.
---@param ... nudged.Condition | nudged.Condition[]
---@return nudged.Term
function no(...) end
---True where it holds for one of the members, who is then bound for the words.
---@param condition nudged.Condition
---@return nudged.Term
function any_member(condition) end
---@param rule string
---@return nudged.Term
function open_alert(rule) end
---@class nudged.OutcomesBody
---@field [1]? nudged.OutcomeKind
---@field kind? nudged.OutcomeKind
---@field within? nudged.Span
---@field action? string
---@field group? string
---@field goal? string
---@alias nudged.OutcomeKind "shown" | "offered" | "accepted" | "rejected" | "later" | "ignored"
---How many outcomes there were.
---@param body nudged.OutcomesBody
---@return nudged.Term
function outcomes(body) end
---Seconds since the customer is one.
---@return nudged.Term
function tenure() end
---Now, UTC milliseconds, as event.time and request.time are: a rule's is its event's time (or when a case fell due), a
---decision's the request's. Durations and tenure() are seconds: divide a difference of times by 1000.
---@return nudged.Term
function now() end
---The request's intent or topic is one that the action under decision answers.
---@return nudged.Term
function asked_for_it() end
---@param inputs table<string, nudged.Value>
---@param f fun(v: table<string, any>): any an unknown input is nil; nil is unknown
---@return nudged.Term
function calc(inputs, f) end

---What a function(c) may read, and in `run` do. c.NAME is a fact.
---@class nudged.Context
---@field now number UTC milliseconds: the event's time
---@field event table<string, any>
---@field request table<string, any>
---@field attr table<string, any>
---@field member table<string, any>
---@field customer table<string, any>
---@field agent table<string, any>
---@field area table<string, any>
---@field [string] any
local Context = {}
---@param body { severity?: nudged.Severity, to: string, say: string, expires?: nudged.Span }
function Context:alert(body) end
---@param name string
---@param value string | number | boolean | nil
function Context:set(name, value) end
---@param t nudged.Series a tally
---@param amount? number
function Context:add(t, amount) end
---@param body { channel: string, goal?: string, action?: string }
function Context:nudge(body) end

---@class nudged.AlertBody
---@field severity? nudged.Severity "medium"
---@field to string whom: "care", "agent:{promised_by}"
---@field say nudged.Words
---@field expires? nudged.Span "7d"
---@field closes? nudged.Types events that close it
---@field once_per? nudged.Span
---@class nudged.NudgeBody
---@field channel string
---@field goal? string
---@field action? string
---@class nudged.RuleBody
---@field why? string
---@field about? nudged.About whose state it reads; "customer"
---@field on nudged.Types
---@field when? nudged.Condition | fun(c: nudged.Context): any
---@field once_per? nudged.Span
---@field alert? nudged.AlertBody
---@field nudge? nudged.NudgeBody
---@field set? table<string, nudged.Value>
---@field add? nudged.Series | table
---@field run? fun(c: nudged.Context)
---@param name string
---@return fun(body: nudged.RuleBody)
function rule(name) end

---@class nudged.Outcomes { rejected = 2, within = "180d" }
---@field shown? integer
---@field offered? integer
---@field accepted? integer
---@field rejected? integer
---@field later? integer
---@field ignored? integer
---@field within nudged.Span
---@class nudged.PolicyBody
---@field goal? string which actions it covers
---@field group? string
---@field action? string
---@field channel? string
---@field unless? nudged.Condition held back while this is true …
---@field except? nudged.Condition … but not where this is
---@field per? "action" | "group" | "goal" | "channel" | "all" whose outcomes count together
---@field after? nudged.Outcomes
---@field pause? nudged.Span
---@field at_most? nudged.Outcomes
---@field say? nudged.Words a caution for the agent
---@param body nudged.PolicyBody
function policy(body) end

---How likely it is to be accepted when offered. Only start is used: outcomes do not change it in this version.
---@class nudged.Propensity
---@field start? number your estimate, 0 to 1; 0.1
---@field evidence? number how many outcomes the estimate is worth; kept for a model that learns
---@field by? nudged.Types attributes by which it differs; kept for a model that learns

---@class nudged.ActionBody
---@field goal string
---@field group? string
---@field channels? nudged.Types any
---@field asks? nudged.Types topics of the pack, or groups, that ask for it
---@field eligible? nudged.Condition | fun(c: nudged.Context): any may they have it?
---@field applicable? nudged.Condition | fun(c: nudged.Context): any does it apply now?
---@field suitable? nudged.Condition | fun(c: nudged.Context): any is it good for them?
---@field value { customer: nudged.Number, business: nudged.Number }
---@field propensity? nudged.Propensity
---@field context? { when: nudged.Condition, weight: number }[]
---@field lever? number
---@field say nudged.Words
---@param name string
---@return fun(body: nudged.ActionBody)
function action(name) end

---@param topic string
---@return fun(answers: table<string, nudged.Words>)
function answers(topic) end
