-- Households that the stories of several files begin with. `local homes = require "tests.homes"`
local homes = {}

-- Whose line sends texts, one a minute: returns what the last one caused.
function homes.texts(who, member, count)
  local last
  for _ = 1, count do
    wait "1m"
    last = who:event("sms.sent", { member = member })
  end
  return last
end

-- The father pays, the daughter writes: ten days of twenty texts a day, and it is the eleventh morning.
function homes.nguyen()
  local home = customer "nguyen"
  home:event("profile.updated", { lines = 2, consent_sms = true, consent_marketing = true, tenure_band = "old" })
  home:event("profile.updated", { member = "father", role = "payer", message_plan = "bundle-300" })
  home:event("profile.updated", {
    member = "daughter", role = "child", first_name = "Mai", message_plan = "pay-per-text", message_price = 350,
  })
  for day = 5, 14 do
    at("2026-01-" .. (day < 10 and "0" or "") .. day .. " 09:00")
    homes.texts(home, "daughter", 20)
  end
  at "2026-01-15 08:00"
  return home
end

-- A household whose data runs out: what growth could sell to.
function homes.small_plan()
  local home = customer "tran"
  home:event("profile.updated", {
    lines = 2, consent_marketing = true, consent_sms = true, tenure_band = "old", contract = "2-year", autopay = false,
  })
  home:event("profile.updated", { member = "dad", role = "payer", data_plan = "data-2gb", message_plan = "bundle-300" })
  wait "1h"
  home:event("data.exhausted", { member = "dad", days_left = 5 })
  wait "1h"
  home:event("data.exhausted", { member = "dad", days_left = 4 })
  wait "1d"
  return home
end

return homes
