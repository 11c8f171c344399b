---@meta _
-- What a pack says of contracts and of who leaves. See nudged.lua for the rest of the vocabulary, and for how to read this.

---@class nudged.Opinion
---@field on nudged.Types
---@field value string the attribute: -1 to 1, or true and false, which count as 1 and -1
---@class nudged.ContractBody
---@field starts nudged.Types a contract is sold; of one that is known already: corrects who sold what, and when
---@field renews? nudged.Types it goes on, to the end that the event tells
---@field ends nudged.Types it ends: the one that the event names by id or product, else all
---@field id? string attribute that names it; "contract"
---@field product? string attribute; "product"
---@field term? string attribute: months, or a name; "term"
---@field ends_at? string attribute: when it is to end, UTC milliseconds; "contract_ends"
---@field agent? string who sold it; "agent", the event's field
---@field campaign? string attribute; "campaign"
---@field reason? string attribute of what ends it; "reason"
---@field topic? string attribute of contacts; "topic"
---@field complaints? nudged.Types what happens to the relationship is counted for who sold: report `contracts`
---@field contacts? nudged.Types
---@field opinions? nudged.Opinion[] how they feel, as events tell it
---Contracts of a customer, each with a begin, an end and who sold it. One a pack.
---`local contracts = contract { starts = "contract.signed", renews = "contract.renewed", ends = "contract.cancelled" }`
---@param body nudged.ContractBody
---@return nudged.Contracts
function contract(body) end

---@class nudged.Contracts
local Contracts = {}
---Until the first end of those that run; unknown where none has one. `contracts:days_left():below(14)`
---@return nudged.Term
function Contracts:days_left() end
---How long the oldest that runs has been kept; unknown where none does. `contracts:months_kept():at_least(24)`
---@return nudged.Term
function Contracts:months_kept() end
---One that runs ends within so long. `contracts:in_last "60d"`
---@param span nudged.ExactSpan
---@return nudged.Term condition
function Contracts:in_last(span) end
---`contracts:is_active()`
---@return nudged.Term condition
function Contracts:is_active() end
---`contracts:count_active():at_least(2)`
---@return nudged.Term
function Contracts:count_active() end
---Of the newest that runs. `contracts:product():is "fibre"`
---@return nudged.Term
function Contracts:product() end
---The same, of one product alone. `contracts:of "fibre":in_last "60d"`
---@param product string
---@return nudged.Contracts
function Contracts:of(product) end

---@class nudged.ChurnBody
---@field on? nudged.Types they have left; the end of one contract is no loss while another runs
---@field back? nudged.Types they are there, or there again
---@field when? nudged.Condition they have left while this is true, and are there while it is false
---@field who? nudged.Condition counted from when it first holds; else all but prospects
---@field by? string[] at most 3 facts, or attributes of the customer: losses are counted by their values
---@field reason? string attribute of what makes them leave; "reason"
---@field contacts? nudged.Types contacts that a loss may come after
---@field topic? string attribute of contacts; "topic"
---@field mood? string attribute of contacts; "mood_end"
---@field within? nudged.ExactSpan a contact is held to have come before a loss for so long; "30d"
---Who has left: report `churn`. One a pack.
---`local churned = churn { on = "contract.cancelled", back = "contract.signed", by = { "contract", "tenure_band" } }`
---@param body nudged.ChurnBody
---@return nudged.Churn
function churn(body) end

---@class nudged.Churn
local Churn = {}
---`churned:is_lost()`
---@return nudged.Term condition
function Churn:is_lost() end
---Seconds since they left; unknown where they are there. `churned:since():at_most "90d"`
---@return nudged.Term
function Churn:since() end
