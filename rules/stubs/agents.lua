---@meta
-- What packs tell the agent beside actions, and how strain is measured: the vocabulary of rules/README.md, "What else the
-- agent is told".

---@class nudged.SaidBody
---@field when? nudged.Condition always, without it
---@field topic? nudged.Types only when it is about one of these; whatever it is about, without it
---@field say nudged.Words left out whole where a part is not known
---How to begin the conversation: the first that applies.
---`opening { when = fact.repeats_week:at_least(1), say = "I see that you called before. Let us settle it today." }`
---@param body nudged.SaidBody
function opening(body) end
---The rule that applies, in words. `guideline { topic = "contract/cancel", say = "Leaving is their right." }`
---@param body nudged.SaidBody
function guideline(body) end
---What not to say. `avoid { when = complaint:is_open(), say = "Do not ask them to tell it again." }`
---@param body nudged.SaidBody
function avoid(body) end

---@class nudged.TellBody
---@field when? nudged.Condition reads the event that it tells of: event.mood_end; always, without it
---@field say nudged.Words a clause, without a capital and full stop; {x} is a field that the timeline keeps
---@field instead_of? nudged.Types in the same contact, these types are not told then
---@field within? nudged.ExactSpan how long ago at most; "90d"
---@field whose? "member" | "household" "member": only where the member who asks did it, or nobody in particular
---The conversation so far: how events of a type are told. Of several for a type, the first that applies.
---`tell "contact.ended" { say = "called {time:ago} about {topic:words} and left {mood_end:words}" }`
---@param type string one that the timeline keeps
---@return fun(body: nudged.TellBody)
function tell(type) end

---@class nudged.Band
---@field is? string one value, in place of a band
---@field at_least? number
---@field at_most? number
---@field say nudged.Words
---How values of a name are spelled, where words say {name:words}. Of bands of numbers the first that holds. "bill" stands
---for "bill/pay" where that has no words of its own; a value without any is shown as it is.
---`{ is = "value", say = … }` in a list keeps its order for screens that show it.
---
---`spell "mood_end" { { at_most = -0.4, say = "angry" }, { say = "content" } }`
---@param name string
---@return fun(body: table<string | integer, nudged.Words | nudged.Band>)
function spell(name) end

---@class nudged.StrainPart
---@field name string makes the fact strain_NAME: its points
---@field of nudged.Number of the agent; unknown counts nothing
---@field from number where it begins to count …
---@field to number … and where all its points are reached
---@field points number 0 to 100
---@field say? nudged.Words what it is, in words
---@class nudged.StrainLevel
---@field name string
---@field at_least number 0 to 100
---@field actions? integer an answer holds at most so many
---@field easy? number weight of actions whose effort is "easy"; 1
---@field hard? boolean false: from here on actions whose effort is "hard" are held back, unless they were asked for
---@field say? nudged.Words what to do
---@class nudged.StrainBody
---@field parts nudged.StrainPart[]
---@field levels? nudged.StrainLevel[] from the lowest on
---What wears an agent out, as the fact strain from 0 to 100, and what follows from it.
---`strain { parts = { { name = "angry", of = fact.angry_run, from = 0, to = 5, points = 60 } } }`
---@param body nudged.StrainBody
function strain(body) end
