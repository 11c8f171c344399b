-- The calls of a bank's call centre, one a row, as call.ended events:
--   nudgectl import bank-calls.csv.gz --map rules/bank/import.lua
-- The times are the bank's local ones; they are taken as UTC, which keeps every distance between two calls.

columns = {
  "vru+line", "call_id", "customer_id", "priority", "type", "date", "vru_entry", "vru_time", "q_time", "outcome",
  "ser_time", "server",
}

-- A call's seconds; the recording has a few negative ones (clocks that were set back), which mean nothing.
local function seconds(text)
  local n = tonumber(text)
  if n and n >= 0 then return n end
  return nil
end

function row(r)
  if r.outcome == "PHANTOM" then return nil, "phantom call: the recording says to ignore it" end
  if r.customer_id == "0" then return nil, "customer not identified" end
  local agent
  if r.server ~= "NO_SERVER" then agent = r.server end
  return {
    -- call numbers repeat over time, and each line has its own
    id = r.date .. "/" .. r["vru+line"] .. "/" .. r.call_id,
    source = "bank-acd",
    customer = r.customer_id,
    agent = agent,
    type = "call.ended",
    channel = "call",
    time = utc(r.date, r.vru_entry),
    attributes = {
      service = r.type,                -- PS regular, PE in English, IN internet, NE stock, NW prospect, TT call-back
      outcome = r.outcome,             -- AGENT served, HANG hung up
      priority = tonumber(r.priority), -- 0 and 1 regular, 2 priority customer
      vru_s = seconds(r.vru_time),
      wait_s = seconds(r.q_time),
      service_s = seconds(r.ser_time),
    },
  }
end
