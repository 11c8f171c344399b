---@meta _
-- What a pack says of what opens and closes: cases, and contacts, which are conversations from the queue to their end. See
-- nudged.lua for the rest of the vocabulary, and for how to read this.

---@class nudged.ContactsBody
---@field queued? nudged.Types somebody waits for an agent; "contact.queued"
---@field starts? nudged.Types an agent has taken it, or the next one has; "contact.started"
---@field transferred? nudged.Types it is handed over; without them each further agent is a transfer
---@field held? nudged.Types they are put on hold
---@field ends? nudged.Types "contact.ended"
---@field abandoned? nudged.Types they left before an agent took it; "contact.abandoned"
---@field whole? nudged.Types the event is the whole contact, or with a contact's id one leg of it
---@field topic? string attribute; "topic"
---@field ref? string attribute; "ref"
---@field mood? string attribute, -1 to 1: of what begins it the mood at the start, of what ends it that at the end; "mood"
---@field mood_start? string attribute; "mood_start"
---@field mood_end? string attribute; "mood_end"
---@field wait? string attribute, seconds; "wait_s", else from queueing to being taken
---@field handle? string attribute, seconds; "handle_s", else from being taken to the end
---@field hold? string attribute, seconds; "hold_s"
---@field transfers? string attribute of what ends it: how many; "transfers"
---@field holds? string attribute of what ends it: how many; "holds"
---@field lasts? string | string[] attributes of a whole contact, seconds: together its length; its wait and handling
---@field abandoned_when? nudged.Condition of the event that ends it: they left before they were served
---@field time? "end" | "beginning" what the time of a whole contact's event is; "end"
---@field resolved_within? nudged.ExactSpan nobody comes back about the topic for so long; "7d"
---@field inferred_end? nudged.ExactSpan nothing is heard for so long: it has ended; "4h"
---@field keep? integer contacts of one customer that are kept; 32
---What events make a contact: one conversation from the queue to its end, with one id. Reports and facts are made of it.
---`local conversations = contacts { }`
---@param body nudged.ContactsBody
---@return nudged.Contacts
function contacts(body) end

---Of the customer's contacts that began in the span, as many as are kept.
---@class nudged.Contacts
local Contacts = {}
---`conversations:count "30d"`
---@param span nudged.Span
---@return nudged.Term
function Contacts:count(span) end
---Those that followed another about the same topic within resolved_within of its end. `conversations:repeats "30d"`
---@param span nudged.Span
---@return nudged.Term
function Contacts:repeats(span) end
---`conversations:abandoned "7d"`
---@param span nudged.Span
---@return nudged.Term
function Contacts:abandoned(span) end
---Those served that another followed, or whose topic has a complaint or promise open. `conversations:unresolved "30d"`
---@param span nudged.Span
---@return nudged.Term
function Contacts:unresolved(span) end
---`conversations:transfers "30d"`
---@param span nudged.Span
---@return nudged.Term
function Contacts:transfers(span) end
---`conversations:holds "30d"`
---@param span nudged.Span
---@return nudged.Term
function Contacts:holds(span) end
---What it costs them: transfers, holds and repeats together. `conversations:effort "30d":at_least(4)`
---@param span nudged.Span
---@return nudged.Term
function Contacts:effort(span) end
---Seconds; unknown where none is known. `conversations:mean_wait "30d":above "5m"`
---@param span nudged.Span
---@return nudged.Term
function Contacts:mean_wait(span) end
---At the end of contacts; unknown where none is known. `conversations:mean_mood "90d"`
---@param span nudged.Span
---@return nudged.Term
function Contacts:mean_mood(span) end
---From start to end of a contact; unknown where none is known. `conversations:mean_mood_change "90d"`
---@param span nudged.Span
---@return nudged.Term
function Contacts:mean_mood_change(span) end
---Mean mood at the end of the newer half of contacts less that of the older half; unknown with fewer than two moods.
---`conversations:mood_trend "90d":at_most(-0.3)`
---@param span nudged.Span
---@return nudged.Term
function Contacts:mood_trend(span) end
---One is queued, or with an agent. `conversations:is_open()`
---@return nudged.Term condition
function Contacts:is_open() end
---The event's contact (else the newest) followed another about its topic. `conversations:is_repeat()`
---@return nudged.Term condition
function Contacts:is_repeat() end
---Those about one topic. `conversations:with { topic = event.topic }:count "30d"`
---@param keys { topic: nudged.Value }
---@return nudged.Contacts
function Contacts:with(keys) end

---@class nudged.CaseBody
---@field opens nudged.Types
---@field closes nudged.Types where it is the same type, the next one closes the one before and opens anew
---@field key? string the attribute that tells one from another; without it one is open at a time
---@field due? nudged.ExactSpan then it is missed
---@field per? "customer" | "member"
---@field name? string the opening type up to its last dot
---@field meaning? "none" | "complaint" | "promise" what reports count it as; contacts about its topic are unresolved while it is open
---Something that opens and closes, perhaps with a due time.
---`case { opens = "callback.promised", closes = "callback.made", key = "promise", due = "24h" }`
---@param body nudged.CaseBody
---@return nudged.Case
function case(body) end

---@class nudged.Case
---@field opened string the event type "case.NAME.opened", for `on` and `closes` of rules
---@field closed string "case.NAME.closed"
---@field missed string "case.NAME.missed"; refused where the case has no due time
local Case = {}
---`complaint:is_open()`
---@return nudged.Term condition
function Case:is_open() end
---0 where none is. `callback:count_open():at_least(2)`
---@return nudged.Term
function Case:count_open() end
---One is open and past its due time. `callback:is_missed()`
---@return nudged.Term condition
function Case:is_missed() end
---Seconds since the oldest open one was opened; unknown where none is. `complaint:age():at_least "48h"`
---@return nudged.Term
function Case:age() end
---Mean seconds from opening to closing of the closed ones still held; unknown where none is. `complaint:turnaround()`
---@return nudged.Term
function Case:turnaround() end
