---@meta _
-- What can be done for a customer: goals, groups, actions with their words, quick answers. See nudged.lua for the rest of
-- the vocabulary, and for how to read this.

---How likely it is to be accepted when offered: your estimate, which outcomes correct as they come in.
---`propensity = { start = 0.2, by = { "segment" }, half_life = "90d" }`
---@class nudged.Propensity
---@field start? number your estimate, 0 to 1; 0.1
---@field evidence? number how many outcomes the estimate is worth; 50
---@field by? nudged.Types facts, or attributes of the customer, by which it differs; at most 4
---@field strength? number outcomes of its own with which a segment weighs as much as the action's rate; 20
---@field half_life? nudged.ExactSpan outcomes so old count half; "90d", at least "1d"
---@field explore? number share of decisions in which it is drawn, 0 to 1; the pack's
---@class nudged.Worth
---@field customer nudged.Number usually 0 to 1; unknown counts as 0, and is said
---@field business nudged.Number
---@class nudged.ContextWeight
---@field when nudged.Condition
---@field weight number the score is multiplied by it while `when` holds

---The gates and the lever of all its actions: asked before their own.
---@class nudged.GoalBody
---@field skills? nudged.Types words that the agent's attribute `skills` must list
---@field ignored_after? nudged.Span an offer without an answer counts as ignored by then
---@field eligible? nudged.Condition | fun(c: nudged.Context): any
---@field applicable? nudged.Condition | fun(c: nudged.Context): any
---@field suitable? nudged.Condition | fun(c: nudged.Context): any
---@field lever? number
---@param name string
---@return fun(body: nudged.GoalBody)
---`goal "grow" { suitable = fact.open_complaints:is(0), lever = 0.9 }`
function goal(name) end
---@class nudged.GroupBody: nudged.GoalBody
---@field goal? string of all its actions, which need not say it
---@field skills? nudged.Types words that the agent's attribute `skills` must list
---@field ignored_after? nudged.Span an offer without an answer counts as ignored by then
---@field eligible? nudged.Condition | fun(c: nudged.Context): any
---@field applicable? nudged.Condition | fun(c: nudged.Context): any
---@field suitable? nudged.Condition | fun(c: nudged.Context): any
---@field lever? number
---@param name string
---@return fun(body: nudged.GroupBody)
---`group "contract" { goal = "retain", skills = { "retention" } }`
function group(name) end

---Words, or words and the action to go on with (without words, it brings its own).
---@class nudged.NextStep
---@field say? nudged.Words
---@field action? string
---@class nudged.Next
---@field shown? nudged.Words | nudged.NextStep
---@field offered? nudged.Words | nudged.NextStep
---@field accepted? nudged.Words | nudged.NextStep
---@field rejected? nudged.Words | nudged.NextStep
---@field later? nudged.Words | nudged.NextStep
---@field ignored? nudged.Words | nudged.NextStep
---@field overruled? nudged.Words | nudged.NextStep

---@class nudged.Offer
---@field holds nudged.Span exact; from `offered` on its terms are the same on every channel, until it is answered
---@field terms? table<string, nudged.Value> at most 8, of the customer's state; its words use them by name

---@class nudged.ActionBody
---@field offer? nudged.Offer
---@field cost? nudged.Number what it gives away, in the smallest unit of the currency, where an outcome does not say; of the customer's state
---@field holdout? number share of customers who are not recommended it unless they ask, so that its effect can be told; the pack's
---@field goal? string its group's, where that has one
---@field group? string
---@field skills? nudged.Types words that the agent's attribute `skills` must list
---@field ignored_after? nudged.Span an offer without an answer counts as ignored by then
---@field next? nudged.Next how the conversation goes on after an outcome
---@field channels? nudged.Types any
---@field asks? nudged.Types topics of the pack, or groups, that ask for it
---@field eligible? nudged.Condition | fun(c: nudged.Context): any may they have it?
---@field applicable? nudged.Condition | fun(c: nudged.Context): any does it apply now?
---@field suitable? nudged.Condition | fun(c: nudged.Context): any is it good for them?
---@field value nudged.Worth
---@field propensity? nudged.Propensity
---@field context? nudged.ContextWeight[]
---@field lever? number 1
---@field effort? "usual" | "easy" | "hard" on the agent who brings it across: see strain
---@field say nudged.Words
---What can be done. Recommended when its gates are true and no policy holds it back, ranked by
---propensity x (b x customer + (1 - b) x business) x context x lever.
---`action "cap" { goal = "serve", value = { customer = 0.6, business = 0.3 }, say = "Shall I cap it?" }`
---
---Refused: a name twice, a topic or group that nothing has, event.x in a gate (a decision has a request).
---@param name string
---@return fun(body: nudged.ActionBody)
function action(name) end

---Quick answers, shown when the request's topic or intent is that topic or below it.
---`answers "bill" { ["why is it higher?"] = "{bill:money}, usually {bill_usual:money}." }`
---@param topic string
---@return fun(answers: table<string, nudged.Words>)
function answers(topic) end
