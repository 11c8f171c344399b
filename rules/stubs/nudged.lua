---@meta nudged
-- What a pack may use, for editors with the Lua language server (completion, help, warnings). Nothing here runs: the
-- engine brings its own. A pack's .luarc.json points here (`nudgectl rules new`, or rules/.luarc.json for those near it).
-- Besides this a pack has assert error ipairs pairs pcall select tonumber tostring type require, most of string and
-- table, and of math what is the same on every machine. Units: points in time are UTC milliseconds, lengths of time are
-- seconds or texts such as "24h", money is integers of the currency's smallest unit.

---An exact span `"90s"` `"5m"` `"24h"` `"7d"` `"2w"`; by the calendar of the pack's zone `"today"` (or `"day"`) and
---`"month"`; or `"ever"`. A window is (now - span, now].
---@alias nudged.Span string
---An exact one only: `"24h"`, not `"today"`.
---@alias nudged.ExactSpan string
---A text such as `"24h"` is a number of seconds.
---@alias nudged.Number nudged.Term | number | string
---@alias nudged.Value nudged.Term | number | string | boolean
---A bare true or false is refused: Lua made it of `and`, `or`, `not` or `==`. Write all { }, any { }, no { }, :is(x).
---@alias nudged.Condition nudged.Term
---Words: one text, or one a language. `{name}` is a fact, else the event's or request's field, else an attribute.
---Formats: `{x:money}` `{x:percent}` `{x:date}` `{x:time}` `{x:duration}` `{x:2}` (decimals); `{{` and `}}` are braces.
---Words to a customer with an unknown part are left out whole; an alert shows "?".
---@alias nudged.Words string | table<string, string>
---One type or a list. `"*"` is all.
---@alias nudged.Types string | string[]
---@alias nudged.About "customer" | "member" | "agent" | "area"
---@alias nudged.Severity "low" | "medium" | "high" | "critical"

---An expression that the engine evaluates in C: a value, or a condition. What was never seen is unknown, and so is what
---is compared with it: an unknown condition fires no rule and holds a gate shut. Terms know + - * / and the methods
---below; `==`, `<`, `and`, `not` do not build terms.
---@class nudged.Term
---@operator add(nudged.Number): nudged.Term
---@operator sub(nudged.Number): nudged.Term
---@operator mul(nudged.Number): nudged.Term
---@operator div(nudged.Number): nudged.Term
---@operator unm: nudged.Term
local Term = {}
---Greater than. `fact.texts_today:above(3 * fact.texts_habit)`
---@param x nudged.Number
---@return nudged.Term condition
function Term:above(x) end
---Less than. `request.mood:below(0)`
---@param x nudged.Number
---@return nudged.Term condition
function Term:below(x) end
---`fact.same_matter:at_least(2)`, `complaint:age():at_least "24h"`
---@param x nudged.Number
---@return nudged.Term condition
function Term:at_least(x) end
---`fact.since_contact:at_most "24h"`
---@param x nudged.Number
---@return nudged.Term condition
function Term:at_most(x) end
---Both ends included. `fact.days_left:between(0, 60)`
---@param low nudged.Number
---@param high nudged.Number
---@return nudged.Term condition
function Term:between(low, high) end
---Equal: text, number or boolean. `attr("plan"):is "small"`
---@param x nudged.Value
---@return nudged.Term condition
function Term:is(x) end
---Known, and something else. `attr("message_plan"):is_not "unlimited"`
---@param x nudged.Value
---@return nudged.Term condition
function Term:is_not(x) end
---`event.topic:one_of { "bill", "bill/why-higher" }`
---@param values nudged.Value[]
---@return nudged.Term condition
function Term:one_of(values) end
---In a text that lists words ("billing, retention"), one of them. `attr("skills", "agent"):has "retention"`
---@param word string | nudged.Term
---@return nudged.Term condition
function Term:has(word) end
---Never unknown itself. `attr("consent"):known()`
---@return nudged.Term condition
function Term:known() end
---A value where it is unknown. `fact.habit:or_else(30)`
---@param x nudged.Value
---@return nudged.Term
function Term:or_else(x) end
---The smaller of the two. `(0.5 + 0.1 * fact.loud):min(0.9)`
---@param x nudged.Number
---@return nudged.Term
function Term:min(x) end
---The greater of the two. `fact.drop:max(0)`
---@param x nudged.Number
---@return nudged.Term
function Term:max(x) end

---@class nudged.PackBody
---@field name string letters, digits, - _ . ; at most 64
---@field zone? string of the tz database: what "today" and "month" mean; "UTC"
---@field currency? string ISO code, of {x:money}; amounts are integers of its smallest unit
---@field languages? string[] the first is the fallback; { "en" }
---@field topics? string[] closed, two levels: "bill", "bill/why-higher"; any where none are listed
---@field balance? nudged.Number the customer's share of an action's value, 0 to 1; 0.5
---@field levers? nudged.Levers
---@field fallback? string[] actions recommended when the deadline passed; their gates are not asked
---@field explore? number share of decisions in which propensities are drawn, to try things, 0 to 1; 0
---@field provenance? boolean | string[] keep where values of attributes came from, and those before: of all, or of these
---@field control? number share of customers about whom is decided without what was learned, 0 to 1; 0
---@field holdout? number share of customers who are never recommended an action, of each that does not say; 0 to 0.5; 0
---@field search? string[] attributes, of customers and members, by which people look for a customer; { "name" }
---@field mask? string[] attributes, fields and facts that must not be in the decision log, nor what is made from them
---@class nudged.Levers
---@field goals? table<string, number> how much a goal counts when actions are ranked; 1
---The pack itself, before everything else. `pack { name = "shop", zone = "Europe/Paris", languages = { "fr", "en" } }`
---
---Refused: an unknown zone or field, a second one.
---@param body nudged.PackBody
function pack(body) end

---The customer's share of the value, where it follows from facts: 0 to 1, unknown is 0.5.
---`balance((0.5 + 0.1 * fact.loud_month):min(0.9))`
---@param share nudged.Number
function balance(share) end

---@class nudged.TimelineBody
---@field keep? integer how many events; 20
---@field types? nudged.Types all
---@field fields? string[] attributes kept with them
---What an agent sees of a customer's past. `timeline { keep = 20, types = { "contact.ended" }, fields = { "topic" } }`
---@param body nudged.TimelineBody
function timeline(body) end

---@class nudged.SeriesBody
---@field on nudged.Types event types; "*" is all
---@field per? nudged.About whose record keeps it; "customer"
---@field by? string[] a window for each combination of these attributes' values
---@field value? string the attribute whose values are kept; without it events are only counted
---@field where? nudged.Condition of the event only: event.x:is "y"
---@field every? nudged.ExactSpan coarser: counts per so long
---@field keep? nudged.Span longer than what is asked of it
---@field name? string for explanations
---@field ends? nudged.Types of an agent's: with these the agent is no longer busy with what `on` began, of the same contact
---@field breaks? nudged.Types with these a break begins
---@field gap? nudged.ExactSpan so long without a contact is a break too; "15m"
---A stream of events kept as windows. `series { on = "sms.sent", per = "member" }`
---
---Refused: a value-reading method (sum, mean …) of a series without `value`.
---@param body nudged.SeriesBody
---@return nudged.Series
function series(body) end

---@class nudged.TallyBody
---@field name string
---@field per? nudged.About
---@field every? nudged.ExactSpan
---@field keep? nudged.Span
---A series that only rules add to. `local repeats = tally { name = "repeats" }`, and in a rule `add = { repeats, 1 }`
---@param body nudged.TallyBody
---@return nudged.Series
function tally(body) end

---A span, or `{ "90d", before = "this" }`: without the event (or addition) that is being judged.
---@alias nudged.Window nudged.Span | nudged.WindowBody
---@class nudged.WindowBody
---@field [1] nudged.Span
---@field before? "this"

---@class nudged.Series
local Series = {}
---Events; 0 where there were none. `texts:count "today"`
---@param window nudged.Window
---@return nudged.Term
function Series:count(window) end
---Of the values; 0 where there were none. `payments:sum "1h"`
---@param window nudged.Window
---@return nudged.Term
function Series:sum(window) end
---Unknown where there were none. `moods:mean { "90d", before = "this" }`
---@param window nudged.Window
---@return nudged.Term
function Series:mean(window) end
---Unknown where there were none. `moods:min "30d"`
---@param window nudged.Window
---@return nudged.Term
function Series:min(window) end
---Unknown where there were none. `bills:max "180d"`
---@param window nudged.Window
---@return nudged.Term
function Series:max(window) end
---How many different values. `channels:distinct "7d"`
---@param window nudged.Window
---@return nudged.Term
function Series:distinct(window) end
---The newest value, within 31 days or the series' keep. `moods:latest()`
---@return nudged.Term
function Series:latest() end
---The value before the newest: before the current event's, in a decision before the one that came last.
---`moods:previous()`
---@return nudged.Term
function Series:previous() end
---Seconds: in a rule from the event before the current one to it, in a decision since the newest. Comparing it with
---:at_least keeps all events, with :at_most those that it needs; else unknown beyond 31 days or the series' keep.
---`contacts:since():at_most "24h"`
---@return nudged.Term
function Series:since() end
---Of a series with `ends`: the share of a span in which the agent was busy. `work:occupancy "2h"`
---@param window nudged.Window
---@return nudged.Term
function Series:occupancy(window) end
---Of a series with `ends`: seconds since the last break ended, 0 on one. `work:since_break()`
---@return nudged.Term
function Series:since_break() end
---How many of the newest values in a row it holds for. `endings:run(at_most(-0.4)):at_least(3)`
---@param predicate nudged.Predicate
---@return nudged.Term
function Series:run(predicate) end
---@class nudged.DailyMean
---@field over nudged.ExactSpan whole days
---@field before? "today" | "this" without the day that runs, or without the current event
---@field at_least? nudged.ExactSpan unknown for those known for less
---@field of? "sum" | "count" "sum" where the series has values
---Days without events count as zero. `texts:daily_mean { over = "28d", before = "today", at_least = "7d" }`
---@param body nudged.DailyMean
---@return nudged.Term
function Series:daily_mean(body) end
---Other keys than the event's or request's own: all of `by`. `contacts:with { topic = "bill", ref = "" }:count "7d"`
---
---Refused: a series without `by`, a name that is not in it.
---@param keys table<string, nudged.Value>
---@return nudged.Series
function Series:with(keys) end
---Over all values of `by`. `contacts:all_keys():count "7d"`
---@return nudged.Series
function Series:all_keys() end

---Of Series:run.
---@class nudged.Predicate
---`moods:run(at_most(-0.4))`
---@param x number
---@return nudged.Predicate
function at_most(x) end
---`moods:run(at_least(0.5))`
---@param x number
---@return nudged.Predicate
function at_least(x) end
---Both ends included. `waits:run(between(60, 600))`
---@param low number
---@param high number
---@return nudged.Predicate
function between(low, high) end

---Facts: `fact.NAME = term` declares, `fact.NAME` reads what is declared above. Conditions, words and explanations use
---the name: letters, digits and _.
---
---Refused: a name that is declared twice or means an event's field, a value that is no term.
---@class nudged.Facts
---@field [string] nudged.Term
---@overload fun(name: string): fun(term: nudged.Term)
fact = {}

---@alias nudged.AttributeType "string" | "number" | "boolean" | "time" | "any"
---@alias nudged.Presence "optional" | "required" | "never"
---@class nudged.Attribute
---@field [1] nudged.AttributeType
---@field required? boolean
---@field one_of? (string | number)[] all the values it can have
---@field at_least? number
---@field at_most? number
---@field money? boolean an amount, in the currency's smallest units: shown as such
---@field why? string
---@class nudged.EventBody
---@field why? string
---@field member? nudged.Presence whether events of the type name one; "optional"
---@field agent? nudged.Presence
---@field contact? nudged.Presence
---@field channels? nudged.Types any
---@field attributes? table<string, nudged.AttributeType | nudged.Attribute>

---`event.x`: the event's fields (id source customer member agent contact type channel time) and attributes. In rules
---only. time is UTC milliseconds.
---
---`event "bill.issued" { attributes = { amount = { "number", required = true } } }` says what comes with events of a
---type, for `nudgectl rules check` and for people; the engine takes an event that does not fit as it is.
---@class nudged.Event
---@field [string] nudged.Term
---@overload fun(type: string): fun(body: nudged.EventBody)
event = {}
---`request.x`: the request's fields (channel intent topic member agent language mood time) and attributes. In decisions
---only. time is UTC milliseconds, mood -1 to 1.
---@type table<string, nudged.Term>
request = {}

---An attribute; unknown until an event `profile.updated` or a rule sets it. `attr("lines", "customer"):at_least(2)`
---@param name string
---@param whose? nudged.About without it: the bound member's where it has one, else the subject's
---@return nudged.Term
function attr(name, whose) end
---All hold. False as soon as one is false; else unknown as soon as one is. `all { a:above(1), b:is "x" }`
---@param ... nudged.Condition | nudged.Condition[]
---@return nudged.Term condition
function all(...) end
---One holds. `any { event.topic:is "bill", complaint:is_open() }`
---@param ... nudged.Condition | nudged.Condition[]
---@return nudged.Term condition
function any(...) end
---None holds. `no { complaint:is_open() }`
---@param ... nudged.Condition | nudged.Condition[]
---@return nudged.Term condition
function no(...) end
---It holds for one of the members, who is then bound: for what follows, and for the words.
---`any_member(open_alert "message-abuse")`
---@param condition nudged.Condition
---@return nudged.Term condition
function any_member(condition) end
---An alert of that rule is open. `open_alert "message-abuse"`
---
---Refused: a rule that the pack does not have.
---@param rule string
---@return nudged.Term condition
function open_alert(rule) end
---@class nudged.OutcomesBody
---@field [1]? nudged.OutcomeKind
---@field kind? nudged.OutcomeKind any, without it
---@field within? nudged.Span "ever"
---@field action? string
---@field group? string
---@field goal? string
---@alias nudged.OutcomeKind "shown" | "offered" | "accepted" | "rejected" | "later" | "ignored" | "overruled"
---How many outcomes there were. `outcomes { "rejected", within = "30d", group = "messages" }`
---@param body nudged.OutcomesBody
---@return nudged.Term
function outcomes(body) end
---Seconds since the customer is one: since the attribute `since`, else the first event. `tenure():at_least "365d"`
---@return nudged.Term
function tenure() end
---Now, UTC milliseconds, as event.time and request.time are: a rule's is its event's time (or when a case fell due), a
---decision's the request's. Durations and tenure() are seconds, so a difference of times is divided by 1000.
---`((attr "contract_ends" - now()) / 1000):below "60d"`
---@return nudged.Term
function now() end
---The request's intent or topic is one that the action under decision `asks` for. `policy { goal = "grow", unless =
---complaint:is_open(), except = asked_for_it() }`
---@return nudged.Term condition
function asked_for_it() end
---Where terms do not reach: a Lua function of named inputs. An unknown input is nil; a result of nil is unknown. It may
---read locals of its file, not change them, and costs some ten times what a term does.
---`calc({ n = fact.repeats }, function(v) return 0.6 + (v.n or 0) / 10 end)`
---
---Stopped, and unknown: a function that raises, or takes more than 100,000 instructions or 8 MiB.
---@param inputs table<string, nudged.Value>
---@param f fun(v: table<string, any>): any
---@return nudged.Term
function calc(inputs, f) end

---What a function(c) may read, and in `run` do. `c.NAME` is a fact. Before one runs, all facts that call Lua are
---computed, since it may read any.
---@class nudged.Context
---@field now number UTC milliseconds: the event's time
---@field event table<string, any> its fields and attributes; nil where unknown
---@field request table<string, any>
---@field attr table<string, any> attributes of the bound member where it has them, else of the subject
---@field member table<string, any>
---@field customer table<string, any>
---@field agent table<string, any>
---@field area table<string, any>
---@field [string] any
local Context = {}
---@class nudged.ContextAlert
---@field severity? nudged.Severity "medium"
---@field to string
---@field say string as it stands: braces are not filled in
---@field expires? nudged.ExactSpan "7d"
---`c:alert { to = "care", say = "Loud for the " .. c.loud_month .. ". time." }`
---@param body nudged.ContextAlert
function Context:alert(body) end
---An attribute of the rule's subject; nil takes it away. `c:set("loud", true)`
---@param name string
---@param value string | number | boolean | nil
function Context:set(name, value) end
---`c:add(repeats, 1)`
---@param t nudged.Series a tally
---@param amount? number 1
function Context:add(t, amount) end
---`c:nudge { channel = "sms", goal = "serve" }`
---@param body nudged.NudgeBody
function Context:nudge(body) end

---@class nudged.AlertBody
---@field severity? nudged.Severity "medium"
---@field to string whom: "care", "agent:{promised_by}"
---@field say nudged.Words
---@field expires? nudged.ExactSpan "7d"
---@field closes? nudged.Types events that close it
---@field closes_when? nudged.Condition of which of those events, and of whom the alert is about
---@field once_per? nudged.Span as the rule's
---@class nudged.NudgeBody
---@field channel string an outbound one: "sms", "push"
---@field goal? string only actions with this goal
---@field action? string only this action
---@field to_member? table<string, string> to the member whose attribute has that value: { role = "payer" }; whom it is about
---@class nudged.RuleBody
---@field why? string for the next person who reads it
---@field about? nudged.About whose state it reads; "customer"
---@field on nudged.Types
---@field when? nudged.Condition | fun(c: nudged.Context): any always, without it
---@field once_per? nudged.Span counted from when it last fired, per subject and member; "day" is the calendar day
---@field alert? nudged.AlertBody
---@field nudge? nudged.NudgeBody decide now, before the customer calls
---@field set? table<string, nudged.Value> attributes of its subject; "customer.x" in a member's rule
---@field add? nudged.Series | table a tally, or { tally, amount }
---@field run? fun(c: nudged.Context)
---On an event, when a condition holds: tell somebody, note something, nudge.
---`rule "again" { on = "contact.started", when = fact.week:at_least(3), alert = { to = "care", say = "…" } }`
---
---Refused: a condition on another subject's state, a name twice, a name without a body.
---@param name string
---@return fun(body: nudged.RuleBody)
function rule(name) end

---`{ rejected = 2, within = "180d" }`: one kind and how many, and the span.
---@class nudged.Outcomes
---@field shown? integer
---@field offered? integer
---@field accepted? integer
---@field rejected? integer
---@field later? integer
---@field ignored? integer
---@field overruled? integer
---@field within nudged.Span
---@class nudged.PolicyBody
---@field goal? string which actions it covers; all that match, every one without any of the four
---@field group? string
---@field action? string
---@field channel? string
---@field unless? nudged.Condition held back while this is true …
---@field except? nudged.Condition … but not where this is
---@field per? "action" | "group" | "goal" | "channel" | "all" whose outcomes count together; "action"
---@field whose? "household" | "member" whose outcomes those are: the whole customer's, or the asking member's only
---@field after? nudged.Outcomes after so many …
---@field pause? nudged.ExactSpan … no more for so long
---@field at_most? nudged.Outcomes no more than so many
---@field say? nudged.Words a caution for the agent while it holds
---What is held back. `policy { per = "group", after = { rejected = 2, within = "180d" }, pause = "90d" }`
---@param body nudged.PolicyBody
function policy(body) end

---@class nudged.Quiet
---@field from string "21:00", in the pack's zone
---@field to string "08:00"; may be of the next day
---@class nudged.ChannelBody
---@field outbound? boolean true: also for requests on it; false, for channels that customers come by: only for nudges
---@field consent? string attribute that must be true; who was never asked has not agreed
---@field preference? string attribute that names the channel they prefer, where they do
---@field quiet? nudged.Quiet hours in which nothing is sent
---@field except? nudged.Condition of preference and quiet: not where this is true
---When a channel may be used to reach a customer.
---`channel "sms" { consent = "consent_sms", quiet = { from = "21:00", to = "08:00" } }`
---@param name string
---@return fun(body: nudged.ChannelBody)
function channel(name) end

---@class nudged.LadderBody
---@field steps string[] actions, the smallest offer first
---@field within? nudged.Span how long a refusal counts; "90d"
---Better offers step by step: each only after the one before was rejected, and none again that was.
---`ladder "stay" { steps = { "five-percent", "fifteen-percent" }, within = "90d" }`
---@param name string
---@return fun(body: nudged.LadderBody)
function ladder(name) end

---@class nudged.BudgetBody
---@field goal? string of one goal, one group, or one action; of all where none is named
---@field group? string
---@field action? string
---@field per? "month" of the pack's zone
---@field at_most? number what it may give away in it, in the smallest unit of the currency
---@field offers? number how many offers may be made in it, less those refused
---@field except? nudged.Condition not where this is true
---@field say? nudged.Words told to the agent while it holds something back
---What may be given away in a month. An action whose cost does not fit into what is left of it is held back until the next.
---`budget { group = "contract", at_most = 5000000 }`
---@param body nudged.BudgetBody
function budget(body) end

---@class nudged.SettingBody
---@field at_least? number
---@field at_most? number
---@field unit? string behind the number in settings.conf: "offers", "%"
---What stands in settings.conf: a number (percent as hundredths), or a text such as "24h".
---`local most = setting("unwanted_offers", { at_least = 1, at_most = 10, unit = "offers" })`
---
---Refused: a name that is not in the file, a number beyond its bounds or in another unit.
---@param name string
---@param body? nudged.SettingBody
---@return any
function setting(name, body) end

---@class nudged.SegmentBody
---@field why? string for the next person who reads it
---@field when nudged.Condition | fun(c: nudged.Context): any over the customer's state: no event, no request
---@field on? nudged.Types event types after which it is looked at; those that what it stands on depends on
---@field again? nudged.ExactSpan looked at again after so long, where time alone changes it; at least "1m"
---Customers of whom a condition holds, kept up to date as events arrive. Rules may be on `"segment.NAME.entered"` and
---`".left"`. `segment "data-runs-out" { when = fact.data_short:at_least(2), again = "1d" }`
---@param name string
---@return fun(body: nudged.SegmentBody)
function segment(name) end
---The customer is a member of the segment, which is declared above. `eligible = in_segment "heavy-texters"`
---@param name string
---@return nudged.Term condition
function in_segment(name) end

---@class nudged.Hours
---@field from string "09:00", in the pack's zone
---@field to string "20:00", later on the same day; "24:00"
---@class nudged.CampaignBody
---@field why? string for the next person who reads it
---@field segment string whose members are made the offer
---@field action? string what is offered; or the best of a goal
---@field goal? string
---@field channel string an outbound one that the action goes by
---@field hours? nudged.Hours any time
---@field from? string "2026-06-01", the first day, in the pack's zone
---@field to? string "2026-06-30", the last day
---@field at_most? integer offers a day, evenly over its hours; as many as there are
---@field again? nudged.ExactSpan a customer may come into it again after so long; once
---@field expires? nudged.ExactSpan an offer that no sender took is decided anew; "2d"
---@field holdout? number share of customers who get nothing, so that its effect can be told, 0 to 0.9; 0
---@field success? nudged.Types event types that it is for; where none is named, its offer accepted on any channel
---@field within? nudged.ExactSpan how long after coming into it a success counts; "30d"
---@field to_member? table<string, string> addressed to the member whose attribute has that value: { role = "payer" }
---Members of a segment are made an offer, under the gates and policies of every other.
---`campaign "share-data" { segment = "data-runs-out", action = "family-data", channel = "sms" }`
---@param name string
---@return fun(body: nudged.CampaignBody)
function campaign(name) end

---@class nudged.ShareBody
---@field [integer] string attributes, facts, rules (their alerts), event types (what happened)
---@field with nudged.Types values of the asking member's attribute
---@field by? string that attribute; "role"
---Who may see what of another member: else one member's details are not shown to another.
---`share { "message_plan", "texts_today", with = "payer" }`
---@param body nudged.ShareBody
function share(body) end
