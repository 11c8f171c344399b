-- A CRM's snapshot, one line (one person) of a household a row:
--   nudgectl load snapshot.csv.gz --map rules/telecom/crm.lua --as-of 2026-06-01
-- It names what such an export usually has; change the names to those of yours. A column NAME may have a NAME_since beside
-- it: since when that value is true. Where there is none, or it is empty, the row's `updated` is, and else --as-of.
--
-- An empty value is not known: it is left as it is. A dash says that it is not known any more.

columns = { "household" }
-- These may be there or not:
optional = {
  "household_name", "segment", "segment_since", "language", "area", "consent_marketing", "consent_since",
  "line", "line_since", "phone", "phone_since", "first_name", "role",
  "message_plan", "message_plan_since", "data_plan", "data_plan_since", "payer", "updated",
  "contract_id", "contract", "contract_since", "contract_ends",
}

local since = {
  segment = "segment_since", message_plan = "message_plan_since", data_plan = "data_plan_since",
  consent_marketing = "consent_since",
}
local booleans = { consent_marketing = true }
local words = {
  yes = true, y = true, ["true"] = true, ["1"] = true, ["1.0"] = true,
  no = false, n = false, ["false"] = false, ["0"] = false, ["0.0"] = false,
}

local function time_of(text)
  if not text or text == "" then return nil end
  local date, clock = string.match(text, "^(%S+)[T ](%S+)$")
  return utc(date or text, clock)
end

-- { value, time } of each of the names that the row says something of.
local function attributes(r, names)
  local out, any = {}, false
  local updated = time_of(r.updated)
  for i = 1, #names do
    local name = names[i]
    local value = r[name]
    if value and value ~= "" then
      if value == "-" then value = removed
      elseif booleans[name] then
        local said = words[string.lower(tostring(value))]
        if said == nil then error(name .. ' "' .. tostring(value) .. '" is neither yes nor no', 0) end
        value = said
      end
      out[name] = { value = value, time = since[name] and time_of(r[since[name]]) or updated }
      any = true
    end
  end
  if any then return out end
  return nil
end

function row(r)
  if not r.household or r.household == "" then return nil, "no household" end
  local events = {}
  local updated = time_of(r.updated)
  local function say(event)
    event.source = "crm"
    event.customer = r.household
    events[#events + 1] = event
  end

  local own = attributes(r, { "segment", "language", "area", "consent_marketing" })
  if r.household_name and r.household_name ~= "" then
    own = own or {}
    own.name = { value = r.household_name, time = updated }
  end
  if own then say { type = "profile.updated", attributes = own } end

  if r.line and r.line ~= "" then
    say { type = "member.joined", member = r.line, time = time_of(r.line_since) or updated }
    local theirs = attributes(r, { "first_name", "role", "message_plan", "data_plan" })
    if theirs then say { type = "profile.updated", member = r.line, attributes = theirs } end
    if r.phone and r.phone ~= "" then
      if not string.match(r.phone, "^%+[1-9]%d+$") then
        error('phone "' .. r.phone .. '" is not in E.164: write it with the country, like +84901234567', 0)
      end
      say { type = "alias.added", member = r.line, time = time_of(r.phone_since) or time_of(r.line_since) or updated,
        attributes = { alias = r.phone } }
    end
  end

  if r.contract_id and r.contract_id ~= "" then
    local ends = time_of(r.contract_ends)
    say { type = "contract.signed", time = time_of(r.contract_since) or updated,
      attributes = { contract_id = r.contract_id, contract = r.contract, contract_ends = ends } }
  end
  if #events == 0 then return nil, "says nothing" end
  return events
end
