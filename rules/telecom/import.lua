-- The "Telco Customer Churn" sample, one customer a row, as profile.updated events:
--   nudgectl import telco-churn.csv.gz --map rules/telecom/import.lua
-- The sample has no dates. Each row is taken to be true as of 1 June 2026, 00:00 UTC; `since` follows from the tenure.
-- Its money is in dollars: here integer cents, named so (`…_cents`), since this pack's own currency is VND.

columns = {
  "customerID", "gender", "SeniorCitizen", "Partner", "Dependents", "tenure", "PhoneService", "MultipleLines",
  "InternetService", "OnlineSecurity", "TechSupport", "StreamingTV", "StreamingMovies", "Contract",
  "PaperlessBilling", "PaymentMethod",
  "MonthlyCharges", "TotalCharges", "Churn",
}

local as_of = utc("2026-06-01")
local month_ms = 2629746000 -- a twelfth of the mean year

local contracts = { ["Month-to-month"] = "monthly", ["One year"] = "1-year", ["Two year"] = "2-year" }
local internet = { ["Fiber optic"] = "fibre", DSL = "dsl", No = "none" }
local payments = {
  ["Electronic check"] = "electronic-check", ["Mailed check"] = "mailed-check",
  ["Bank transfer (automatic)"] = "bank-transfer", ["Credit card (automatic)"] = "credit-card",
}

-- "No internet service" and "No phone service" are a no as well.
local function yes(text) return text == "Yes" end

local function cents(text)
  local n = tonumber(text)
  if n then return math.floor(n * 100 + 0.5) end
  return nil -- empty for those who have just begun
end

local function band(months)
  if months < 6 then return "new" elseif months < 24 then return "young" elseif months < 60 then return "settled" end
  return "old"
end

function row(r)
  local tenure = tonumber(r.tenure)
  if not tenure then return nil, "tenure is no number" end
  local lines = 0
  if yes(r.PhoneService) then lines = 1 end
  if yes(r.MultipleLines) then lines = 2 end -- the sample says "several", not how many
  local segment = "single"
  if yes(r.Dependents) then segment = "family" elseif yes(r.Partner) then segment = "couple" end
  return {
    id = "churn-" .. r.customerID,
    source = "crm",
    customer = r.customerID,
    type = "profile.updated",
    time = as_of,
    attributes = {
      language = "en",
      segment = segment,
      senior = r.SeniorCitizen == "1",
      gender = string.lower(r.gender),
      tenure_months = tenure,
      tenure_band = band(tenure),
      since = as_of - tenure * month_ms,
      lines = lines,
      internet = internet[r.InternetService],
      online_security = yes(r.OnlineSecurity),
      tech_support = yes(r.TechSupport),
      streaming = yes(r.StreamingTV) or yes(r.StreamingMovies),
      contract = contracts[r.Contract],
      paperless = yes(r.PaperlessBilling),
      payment = payments[r.PaymentMethod],
      autopay = r.PaymentMethod == "Bank transfer (automatic)" or r.PaymentMethod == "Credit card (automatic)",
      monthly_charges_cents = cents(r.MonthlyCharges),
      total_charges_cents = cents(r.TotalCharges),
      left_last_month = yes(r.Churn),
    },
  }
end
