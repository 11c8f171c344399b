-- The benchmark's two workloads as a pack, with conditions, effects and values written as Lua functions.
-- bench/packs/terms says the same in terms.
pack { name = "bench-functions", languages = { "en" }, balance = 1 }

timeline { keep = 20, fields = { "intent" } }

require "w1"
require "w2"
