-- What the business decides beside settings.conf: thresholds and prices. Plain data: whoever owns the numbers changes
-- them here, and needs to read no other file. Money is in dong; spans are "24h", "7d" (exact) or "day", "month" (by
-- the calendar).
return {
  messages = {
    times_habit = 3,        -- so many times its own daily habit is too much for a line …
    at_least = 50,          -- … if it is at least so many messages a day
    habit_unless_known = 30, -- of a line that we know for less than a week
    family_price = 120000,  -- family messages: every line of the household writes as much as it likes, a month
    line_price = 90000,     -- unlimited messages for one line, a month
    bundle_price = 60000,   -- 300 messages for one line, a month
    settled_for = "30d",    -- so long after a plan or limit was accepted none is offered again
    cap = 50,               -- message cap: so many a day, then the line pauses until midnight
  },

  service = {
    same_matter = 2,        -- contacts about one matter within a week that are one too many
    callback_within = "24h",
    complaint_within = "72h",
    low_mood = -0.3,        -- from here down a mood is low; -1 is the worst
    mood_drop = 0.5,        -- so far below this customer's own usual is a fall
    angry = -0.4,           -- from here down a contact ended angry
    unresolved = 2,         -- contacts of a month that resolved nothing, and
    effort = 4,             -- transfers, holds and repeats of a month, from which on one person takes it over
  },

  agents = {
    strain_run = 3,         -- angry endings in a row that wear anybody out
    recent = "4h",          -- angry endings of so long count: what is longer ago wears nobody out any more
    pause = "15m",          -- so long without a conversation is a break
  },

  network = {
    outage_minutes = 60,    -- from here on an outage is worth a credit without being asked
    credit_least = 10000,   -- the smallest credit
  },

  billing = {
    shock = 1.3,            -- a bill so many times the usual one is a shock
  },

  segments = {
    flood_days = 2,         -- days of a week far above its habit that make a household a heavy texter
    ran_out = 2,            -- times a month that a line is out of data
    risk = 0.5,             -- of leaving, from which on they are looked after (see risk.… in settings.conf)
    family_data_price = 250000, -- 50 GB for all lines, a month
  },

  growth = {
    renewal_days = 60,      -- so long before its end a contract may be renewed
    data_add_on_price = 45000,
    data_upgrade_price = 60000,
    retention_discount = "15%",
    retention_extra = "25%", -- of a year's bills, for who refused the smaller one
  },

  relationship = {
    weights = { trust = 30, fit = 20, transparency = 20, openness = 15, length = 15 }, -- what each part counts
    broken_costs = 0.25,    -- of trust, for each promise missed within 30 days and repeat within a week
    complaint_costs = 0.25, -- of trust, for each complaint that is open
    anger_costs = 0.5,      -- of trust, where the last conversation ended furious; in proportion where less
    misfit_costs = 0.15,    -- of fit, for each time data ran out within 30 days and day of a message flood within a week
    unwanted_costs = 0.1,   -- of fit, for each offer refused within 90 days
    full_months = 60,       -- so long a customer is an old one
  },
}
