-- The benchmark's two workloads as a pack, with all that the engine can evaluate itself written as terms.
-- bench/packs/functions says the same in Lua functions.
pack { name = "bench-terms", languages = { "en" }, balance = 1 }

timeline { keep = 20, fields = { "intent" } }

require "w1"
require "w2"
