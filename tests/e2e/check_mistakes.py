"""What authors get wrong, and what `nudgectl rules check` must say of it: one row a mistake. check.py tries them.

A row is (code, severity, source, what, mend): `source` comes below SOUND, a pack that has no findings; the line that must
be named is the one marked with `--!` (without a mark: any); `what` and `mend` are parts of what is said. Other errors and
warnings than this one must not come, unless the row names their codes behind these five.
"""

SOUND = '''pack { name = "shop", languages = { "en", "vi" }, topics = { "bill", "help" } }
event "visit" {
  why = "somebody looks at a page",
  member = "optional", agent = "never", channels = { "web" },
  attributes = {
    page = { "string", one_of = { "start", "end", "plans" } }, seconds = { "number", at_least = 0 },
    due = "time", paid = "boolean",
  },
}
event "call" {
  member = "required", agent = "required",
  attributes = { topic = { "string", required = true }, mood = { "number", at_least = -1, at_most = 1 } },
}
event "outage" { member = "never", agent = "never", attributes = { area = "string", minutes = "number" } }
event "profile.updated" {
  attributes = { lines = { "number", at_least = 0 }, plan = { "string", one_of = { "small", "big" } }, ends = "time" },
}
local visits = series { on = "visit", name = "visits" }
fact.visits = visits:count "7d"
rule "often" {
  why = "who looks so often wants something",
  on = "visit", when = fact.visits:at_least(3),
  alert = { to = "care", say = "{customer}: {visits} visits, now of {page}" },
}
action "greet" {
  goal = "serve", channels = { "call" },
  eligible = attr("lines"):at_least(2),
  value = { customer = 1, business = 0.5 },
  say = { en = "Hello", vi = "Xin chào" },
}
'''

E, W, H = "error", "warning", "hint"
DO = 'why = "x", on = "visit", set = { lines = 1 }'
VALUE = 'value = { customer = 1, business = 1 }, say = { en = "x", vi = "y" }'

MISTAKES = [
    # what activation refuses
    ("syntax", E, "local x = = 3 --!", "unexpected symbol near '='", ""),
    ("syntax", E, f'rule "r" {{ {DO}, when = fact.visits:above(1) && fact.visits:below(9) }} --!', "near '&'", "all { a, b }"),
    ("syntax", E, f'rule "r" {{ {DO}, when = fact.visits != 3 }} --!', "near '!'", ":is_not(x)"),
    ("syntax", E, f'rule "r" {{ {DO}, when = if fact.visits > 3 then true end }} --!', "near 'if'", "a condition such as fact.x:above(3)"),
    ("syntax", E, 'rule "r" { why = "x", on = "visit",\n  run = function(c) c:set("lines", 1) } --!', "near '}'", "or the `end` of a function"),
    ("syntax", E, 'local function f()\n  return 1\n', "'end' expected", "is an `end` missing"),
    ("syntax", E, f'rule "r" {{ {DO}, when = function(c) c.visits > 3 end }} --!', "syntax error near '>'", "is `return` missing"),
    ("syntax", E, "local n = 1\nn += 1 --!", "near '+'", "write n = n + 1"),
    ("syntax", E, "// a comment --!", "near '//'", "begins with --"),
    ("syntax", E, 'rule "r" {\n  why = "x", on = "visit",\n  set = { lines = 1 },\n', "near <eof>", "is a } or an `end` missing"),
    ("syntax", E, 'rule "r" {\n  on = "visit"\n  set = { lines = 1 }, --!\n}', "'}' expected", "is a comma missing before it, or a } that closes the { of line"),
    ("power-operator", E, "local x = 2 ^ 3 --!", "the operator `^` differs between machines", "write x * x"),
    ("runtime", E, "local x = nil + 1 --!", "attempt to perform arithmetic on a nil value", ""),
    ("runtime", E, "local function half(x)\n  return x / 2 --!\nend\nlocal y = half(nil)", "attempt to perform arithmetic on a nil value",
     "called from pack.lua:34"),
    ("unknown-name", E, 'local s = seriez { on = "visit" } --!\nfact.n = s:count "7d"', 'unknown name "seriez"',
     'did you mean "series"?'),
    ("unknown-name", E, "local t = os.time() --!", "packs have no clock, files or output", "c.now is the event's time"),
    ("global-assignment", E, 'calls = series { on = "call" } --!\nfact.calls = calls:count "7d"',
     'assignment to the global "calls"', "write `local calls`"),
    ("unknown-field", E, 'rule "r" {\n  why = "x",\n  onn = "visit", --!\n  set = { lines = 1 } }', 'unknown field "onn"',
     'did you mean "on"?'),
    ("unknown-fact", E, 'rule "r" { why = "x", on = "visit", set = { lines = 1 },\n  when = fact.visit:above(1) } --!',
     'no fact "visit" is declared', 'did you mean "visits"?'),
    ("unknown-fact", W, f'rule "r" {{ {DO},\n  when = function(c) return c.visit > 3 end }} --!', "a function reads c.visit",
     'did you mean "visits"?'),
    ("unknown-method", E, 'fact.n = visits:cuont "7d" --!', 'series have no method "cuont"', 'did you mean ":count"?'),
    ("unknown-method", E, 'fact.n = attr("lines"):abov(1) --!', 'terms have no method "abov"', 'did you mean ":above"?'),
    ("bad-span", E, 'fact.n = visits:count "7x" --!', '"7x" is not a span', ""),
    ("bad-span", E, 'rule "r" {\n  why = "x", on = "visit",\n  alert = { to = "x", say = "y",\n    expires = "3x", --!\n  } }',
     'rule "r": alert: expires = "3x" is not a span', 'write "90s", "24h", "7d" or "2w", at most'),
    ("refused", E, 'rule "r" {\n  why = "x", on = "visit",\n  alert = {\n    to = "x", say = "y",\n    severity = "hihg", --!\n  },\n}',
     'severity = "hihg" is not known', ""),
    ("bad-words", E, 'rule "r" {\n  why = "x", on = "visit",\n  alert = {\n    to = "x",\n    say = "now of {page:monney}", --!\n  },\n}',
     'unknown format "monney"', ""),
    ("wrong-subject", E, 'local t = tally { name = "t", per = "member" }\nfact.n = t:sum "7d"\n'
     'rule "r" { why = "x", about = "agent", on = "call", add = { t, 1 } } --!', 'adds to tally "t", which is kept for a member',
     "set per of the tally"),
    ("bare-boolean", E, f'action "a" {{\n  goal = "serve", {VALUE},\n  applicable = true, --!\n}}', "applicable is a bare true",
     "or leave it out"),
    ("bad-span", E, 'rule "r" {\n  why = "x", on = "visit", set = { lines = 1 },\n  once_per = "1y", --!\n}',
     'rule "r": once_per = "1y" is not a span', 'or "today", "month", "ever"'),
    ("missing-field", E, 'rule "r" { why = "x", set = { lines = 1 } } --!', "needs on =", ""),
    ("missing-field", E, 'action "a" { goal = "serve", say = "x" } --!', "needs value =", ""),
    ("missing-file", E, 'require "lib.none" --!', "the pack has no file lib/none.lua", ""),
    ("bare-boolean", E, f'rule "r" {{ {DO}, when = attr "plan" == "big" }} --!', "when is a bare false", "use all { … }"),
    ("lua-operator", E, f'rule "r" {{ {DO}, when = fact.visits > 3 }} --!', "`<` and `>` do not compare terms", "use :below(…)"),
    ("unused-condition", E, f'rule "r" {{ {DO},\n  when = fact.visits:above(1) and fact.visits:below(9) }} --!',
     "`visits > 1` is used by nothing", "use all { … }"),
    ("no-body", E, 'rule "r" --!', 'rule "r" has no body', 'write rule "r" { … }'),
    ("duplicate", E, f'rule "often" {{ {DO} }} --!', 'rule "often" is declared twice', "first at pack.lua:20"),
    ("duplicate", E, 'event "visit" {} --!', 'event "visit" is declared twice', "first at pack.lua:2"),
    ("unknown-reference", E, 'policy { unless = open_alert "oftn", goal = "serve" } --!', 'open_alert "oftn": no such rule',
     'did you mean "often"?'),
    ("unknown-reference", E, 'policy { goal = "srve", unless = open_alert "often" } --!', 'no action has the goal "srve"',
     'did you mean "serve"?'),
    ("unknown-reference", E, f'action "a" {{ goal = "serve", asks = {{ "bil" }}, {VALUE} }} --!',
     'no such topic as "bil"', 'did you mean "bill"?'),
    ("wrong-subject", E, 'rule "r" { why = "x", about = "agent", on = "call", when = fact.visits:above(1),\n'
     '  alert = { to = "x", say = "y" } }', "reads state of a customer", "set about"),
    ("event-in-decision", E, f'action "a" {{ goal = "serve", eligible = event.page:is "end", {VALUE} }} --!',
     "a decision has no event", "use request.page"),
    ("event-in-segment", E, 'local s = series { on = "call", by = { "channel" } }\nsegment "g" { when = s:count "7d":at_least(2) } --!',
     "by the values of the event at hand", "write :with"),
    ("bad-words", E, 'rule "r" { why = "x", on = "visit", alert = { to = "x", say = "{page" } } --!', 'a "{" without "}"',
     "write {{ for a brace"),
    ("unknown-language", E, f'action "a" {{ goal = "serve", value = {{ customer = 1, business = 1 }},\n'
     '  say = { en = "x", vi = "y", de = "z" } } --!', 'language "de" is not among the pack\'s', "add it to pack"),
    ("gap-never-known", E, 'local s = series { on = "call", keep = "30d" }\nfact.n = s:since():at_least "58d" --!',
     "a gap this long is never known", "leave out keep"),
    ("bad-value", E, f'group "g" {{ goal = "grow" }}\naction "a" {{ goal = "serve", group = "g", {VALUE} }} --!',
     'has the goal "serve", but its group "g" has "grow"', ""),
    ("refused", E, 'policy { goal = "serve" } --!', "it suppresses nothing", "give it unless"),
    ("refused", E, 'event "x" { attributes = { n = "nunber" } } --!', 'type "nunber" is not known', 'did you mean "number"?'),
    # names of what comes in
    ("unknown-event", E, 'rule "r" { why = "x", set = { lines = 1 },\n  on = "vist" } --!',
     'no event type "vist" is declared', 'did you mean "visit"?'),
    ("unknown-event", E, 'local s = series { on = "cal" } --!\nfact.n = s:count "7d"', 'series "cal#1": no event type "cal"',
     'did you mean "call"?'),
    ("unknown-event", E, 'rule "r" { why = "x", on = "outcome.acepted", set = { lines = 1 } } --!',
     "there is no outcome of that name", 'did you mean "outcome.accepted"?'),
    ("unknown-event", E, 'timeline { keep = 5, types = { "visits" } } --!', 'no event type "visits"', 'did you mean "visit"?'),
    ("unknown-attribute", E, f'rule "r" {{ {DO},\n  when = event.pagge:is "end" }} --!',
     'events of type visit have no attribute "pagge"', 'did you mean "page"?'),
    ("unknown-attribute", E, 'local s = series { on = "call", value = "moood" } --!\nfact.n = s:mean "7d"',
     'events of type call have no attribute "moood"', 'did you mean "mood"?'),
    ("unknown-attribute", E, 'local s = series {\n  on = "call",\n  by = { "topc" }, --!\n}\nfact.n = s:all_keys():count "7d"',
     'no attribute "topc"', 'did you mean "topic"?'),
    ("unknown-attribute", E, 'local s = series { on = "visit", where = event.pages:is "end" } --!\nfact.n = s:count "7d"',
     'no attribute "pages"', 'did you mean "page"?'),
    ("unknown-attribute", E, 'local c = case { opens = "visit", closes = "call", key = "topic" } --!\nfact.n = c:count_open()',
     'case "visit": key: events of type visit have no attribute "topic"', ""),
    ("unknown-attribute", E, f'action "a" {{ goal = "serve", {VALUE},\n  eligible = attr("line"):at_least(2) }} --!',
     'gives anybody the attribute "line"', 'did you mean "lines"?'),
    ("unknown-attribute", E, f'rule "r" {{ {DO},\n  when = function(c)\n    return c.event.secnds > 3 --!\n  end }}',
     "a function reads event.secnds", 'did you mean "seconds"?'),
    ("unknown-attribute", E, f'action "a" {{ goal = "serve", {VALUE},\n  propensity = {{ by = {{ "pln" }} }} }} --!',
     'by: neither a fact nor an attribute is named "pln"', 'did you mean "plan"?'),
    ("unknown-request-field", W, 'policy { goal = "serve", unless = request.moood:below(0) } --!',
     "request.moood is no field of a request", 'did you mean "mood"?'),
    ("never-there", E, 'rule "r" {\n  why = "x", on = "outage",\n  about = "member", --!\n  set = { lines = 1 } }',
     'rule "r" is about a member, and events of type outage never name one', "correct about or on"),
    ("never-there", E, 'local s = series { on = "visit",\n  per = "agent" } --!\nfact.n = s:count "7d"', "is kept per agent",
     "leave out per"),
    ("never-there", E, 'rule "r" { why = "x", on = "outage", alert = { to = "x", say = "y" },\n'
     '  when = event.member:is "x" } --!', "events of type outage never name a member", ""),
    # values
    ("impossible-value", E, f'rule "r" {{ {DO},\n  when = event.page:is "strat" }} --!', 'event.page is never "strat"',
     'did you mean "start"?'),
    ("impossible-value", E, f'action "a" {{ goal = "serve", {VALUE},\n  suitable = attr("plan"):one_of {{ "small", "bigg" }} }} --!',
     'plan is never "bigg"', 'did you mean "big"?'),
    ("impossible-value", E, f'action "a" {{ goal = "serve", {VALUE},\n  suitable = request.topic:is "bil" }} --!', 'request.topic is never "bil"',
     'did you mean "bill"?'),
    ("impossible-value", E, f'rule "r" {{ {DO},\n  when = event.channel:is "sms" }} --!', 'event.channel is never "sms"', ""),
    ("wrong-type", E, f'rule "r" {{ {DO},\n  when = event.seconds:is "9s" }} --!', "event.seconds is 0 or more", ""),
    ("wrong-type", E, f'rule "r" {{ {DO},\n  when = event.page:above(3) }} --!', "event.page is one of", "compare it with :is"),
    ("wrong-type", E, f'rule "r" {{ {DO},\n  when = event.due:at_most "24h" }} --!',
     "a point in time is compared with a length of time", "(x - now()) / 1000"),
    ("wrong-type", E, f'rule "r" {{ {DO},\n  when = event.paid:is(1) }} --!', "event.paid is true or false", ""),
    ("wrong-type", E, f'fact.left = attr("ends") - now()\nrule "r" {{ {DO},\n  when = fact.left:below "30d" }} --!',
     "is in milliseconds, and is compared with seconds", "/ 1000"),
    ("wrong-type", E, f'rule "r" {{ {DO},\n  when = now():above(1700000000) }} --!', "what looks like seconds", "write milliseconds"),
    # gates
    ("never-holds", E, f'rule "r" {{ {DO},\n  when = fact.visits:below(0) }} --!', "visits is 0 or more", "correct the bound"),
    ("never-holds", E, 'rule "r" { why = "x", on = "call", set = { lines = 1 },\n  when = event.mood:at_most(-3) } --!',
     "event.mood is from -1 to 1", ""),
    ("never-holds", E, f'fact.days = visits:since() / 86400\nrule "r" {{ {DO},\n  when = fact.days:at_least(40) }} --!',
     "days is from 0 to 31", 'say keep = "ever" in series "visits"'),
    ("never-holds", E, f'action "a" {{ goal = "serve", {VALUE},\n  applicable = asked_for_it() }}', "neither asks nor group",
     "give it asks"),
    ("never-holds", E, f'rule "r" {{ {DO} }}\npolicy {{ goal = "serve", unless = open_alert "r" }} --!',
     "that rule raises no alert", "give the rule alert"),
    ("never-holds", E, f'local s = series {{ on = "call", by = "topic", value = "mood" }}\n'
     f'fact.n = s:all_keys():run(at_most(0)) --!\nrule "r" {{ {DO}, when = fact.n:at_least(2) }}', "over all keys it is never known",
     "choose one by :with"),
    ("contradiction", E, f'rule "r" {{ {DO}, when = all {{\n  fact.visits:above(5),\n  fact.visits:below(3), --!\n}} }}',
     "`visits < 3` and `visits > 5` (pack.lua:32) can never hold together", "write any { … }"),
    ("contradiction", E, f'rule "r" {{ {DO}, when = all {{\n  event.page:is "end",\n  event.page:is "start", --!\n}} }}',
     "can never hold together", ""),
    ("contradiction", E, f'action "a" {{ goal = "serve", {VALUE},\n  eligible = attr("plan"):is "small",\n'
     '  suitable = attr("plan"):is_not "small" } --!', "can never hold together", ""),
    ("contradiction", E, f'group "g" {{ eligible = attr("plan"):is "big" }}\naction "a" {{ goal = "serve", group = "g", {VALUE},\n'
     '  suitable = attr("plan"):is "small" } --!', "can never hold together", ""),
    ("wrong-type", E, f'action "a" {{ goal = "serve", {VALUE},\n  eligible = attr("lines"):has "two" }} --!', "lines is 0 or more",
     "compare it with :is"),
    ("always-holds", W, f'action "a" {{ goal = "serve", {VALUE},\n  applicable = request.mood:between(-1, 1) }} --!',
     "request.mood is from -1 to 1", "leave the condition out"),
    ("always-holds", W, f'rule "r" {{ {DO},\n  when = fact.visits:known() }} --!', "it is never unknown", ""),
    # words
    ("unfilled-word", E, 'rule "r" { why = "x", on = "visit", alert = { to = "x",\n  say = "{customr} came" } } --!',
     "nothing fills {customr}", 'did you mean "customer"?'),
    ("unfilled-word", W, 'action "a" { goal = "serve", value = { customer = 1, business = 1 }, say = {\n'
     '  en = "{visitz} times", --!\n  vi = "y" } }', "the words would be left out whole", 'did you mean "visits"?'),
    ("bad-format", W, 'rule "r" { why = "x", on = "visit", alert = { to = "x",\n  say = "due {due}" } } --!',
     "{due} is a point in time", "write {due:date}"),
    ("bad-format", E, 'rule "r" { why = "x", on = "visit", alert = { to = "x",\n  say = "{page:money}" } } --!',
     "the format is for numbers", "write {page}"),
    ("bad-format", W, f'action "a" {{ goal = "serve", value = {{ customer = 1, business = 1 }}, say = {{ en = "x",\n'
     '  vi = "{ends:money}" } } --!', "{ends} is a point in time, and no amount or length", ""),
    ("missing-language", W, 'action "a" { goal = "serve", value = { customer = 1, business = 1 }, say = "Hello" } --!',
     'the words in "vi" are missing', 'add vi = "…"'),
    ("missing-language", W, 'answers "bill" {\n  ["why?"] = { en = "x" }, --!\n}', 'answer "why?": the words in "vi"', ""),
    ("unfilled-word", E, 'rule "r" { why = "x", on = "visit", alert = { to = "x",\n  say = "{fact.visits} and {event.page}" } } --!',
     "nothing fills {event.page}", "write {page}"),
    # what functions do, as far as their text tells
    ("unknown-method", W, 'rule "r" { why = "x", on = "visit", run = function(c)\n  c.alert { to = "x", say = "y" } --!\nend }',
     "calls c.alert with a dot", "write c:alert"),
    ("unknown-name", W, f'rule "r" {{ {DO}, when = function(c)\n  return c.fact.visits > 3 --!\nend }}', "reads c.fact", "write c.NAME"),
    ("unknown-name", E, 'rule "r" { why = "x", on = "visit", run = function(c)\n  if c.now > 3 then c:set("lines", 1) end\n'
     '  if fact.visits > 3 then c:set("lines", 2) end --!\nend }', "reads fact.visits: when it runs, declarations are over", "write c.visits"),
    # what nothing uses, and what reaches nobody
    ("unused-series", W, 'local s = series { on = "call" } --!', 'nothing reads series "call#1"', "or remove it"),
    ("unused-tally", W, 'local t = tally { name = "t" } --!\nfact.n = t:sum "7d"', 'no rule adds to tally "t"', "add = {"),
    ("not-kept", E, 'timeline { keep = 9, types = { "visit" }, fields = { "page" } }\ntell "call" { say = { en = "x", vi = "y" } } --!',
     'tell "call": the timeline does not keep events of this type', "add it to timeline"),
    ("uncorrected-survey", H, 'survey "s" { kind = "nps", on = "call", asked = "visit", score = "mood" } --!', 'survey "s" has no segments', "name segments"),
    ("unused-case", W, 'local c = case { opens = "visit", closes = "call" } --!', 'nothing asks for case "visit"', ""),
    ("unused-fact", H, 'fact.n = visits:count "30d" --!', 'read fact "n"', ""),
    ("impossible-value", E, 'rule "r" { why = "x", on = "visit", run = function(c)\n  c:alert { to = "x", say = "y",\n    severity = "hihg" } --!\nend }',
     'severity = "hihg", which is not known', 'did you mean "high"?'),
    ("unknown-field", E, 'rule "r" { why = "x", on = "visit", run = function(c)\n  c:alert { to = "x", say = "y", severty = "high" } --!\nend }',
     'an alert with the field "severty"', 'did you mean "severity"?'),
    ("unknown-method", W, 'rule "r" { why = "x", on = "visit", run = function(c)\n  c:st("lines", 3) --!\nend }', "a function calls c:st", 'did you mean ":set"?'),
    ("unknown-name", W, 'rule "r" { why = "x", on = "visit", run = function(c)\n  c:set("lines", c.atr.lines) --!\nend }', "a function reads c.atr",
     'did you mean "attr"?'),
    ("lone-name", W, f'action "a" {{ goal = "serve", {VALUE} }}\naction "b" {{\n  goal = "srve", {VALUE} }} --!',
     'action "b": the goal "srve" stands here only', 'did you mean "serve"?'),
    ("lone-name", W, f'action "a" {{ goal = "serve", channels = {{ "call" }}, {VALUE} }}\naction "b" {{ goal = "serve",\n'
     f'  channels = {{ "caal" }}, {VALUE} }} --!', 'the channel "caal" stands here only', 'did you mean "call"?'),
    ("lone-name", W, 'rule "a" { why = "x", on = "visit", alert = { to = "care", say = "y" } }\n'
     'rule "b" { why = "x", on = "visit",\n  alert = { to = "caer", say = "y" } } --!', 'rule "b": the receiver "caer"',
     'did you mean "care"?'),
    ("later-rule", H, 'local t = tally { name = "t" }\n'
     'rule "a" { why = "x", on = "visit", when = t:sum("7d"):at_least(3), set = { lines = 1 } } --!\n'
     'rule "b" { why = "x", on = "visit", add = t }', 'rule "a" reads tally "t", which rule "b" (pack.lua:33) changes later',
     "declare it after that rule"),
    ("later-rule", H, 'rule "a" { why = "x", on = "visit", when = attr("lines"):at_least(3), alert = { to = "x", say = "y" } } --!\n'
     'rule "b" { why = "x", on = "*", set = { lines = 4 } }', 'rule "a" reads the attribute "lines", which rule "b"', ""),
    ("unused-event", H, 'event "fax" {} --!', 'is on "fax"', ""),
    ("unused-attribute", H, 'rule "r" { why = "x", on = "visit",\n  set = { last_page = event.page } } --!',
     'sets "last_page", which nothing in the pack reads', ""),
    ("unreachable-nudge", E, 'rule "r" { why = "x", on = "visit",\n  nudge = { channel = "sms" } } --!',
     'goes by the channel "sms"', "add the channel"),
    ("policy-covers-nothing", W, 'policy { goal = "serve", channel = "sms", at_most = { offered = 1, within = "7d" } } --!',
     "no action fits all that this policy names", ""),
    ("no-why", H, 'rule "r" { on = "visit", set = { lines = 1 } } --!', "does not say why it exists", "for the next person"),
]

# Packs that need not begin with SOUND: (code, severity, files, FILE:LINE, what, mend)
PACKS = [
    ("pack-not-first", E, {"pack.lua": 'fact.n = attr "n"\nrule "r" { on = "x", set = { y = 1 } }\n'}, "pack.lua:2",
     "rule comes before pack", "declare the pack first"),
    ("missing-file", E, {"other.lua": "return 1\n"}, "pack.lua:1", "the pack has no file pack.lua", "it is where loading begins"),
    ("unknown-zone", E, {"pack.lua": 'pack { name = "x", zone = "Mars/Base" }\n'}, "pack.lua:1", 'zone = "Mars/Base" is not a time zone',
     "Europe/Paris"),
    ("unused-language", W, {"pack.lua": 'pack {\n  name = "x",\n  languages = { "en", "vn" },\n}\n'
                            'answers "bill" { ["why?"] = { en = "x" } }\n'},
     "pack.lua:3", 'no words are in the language "vn"', "write words in it"),
    ("unused-language", W, {"pack.lua": 'pack { name = "x", languages = { "en", "vn" }, topics = { "bill" } }\n'
                            'answers "bill" { ["why?"] = { en = "x", vi = "y" } }\n'},
     "pack.lua:1", 'no words are in the language "vn"', 'did you mean "vi"?', "unknown-language"),
    ("no-tests", W, {"pack.lua": 'pack { name = "x" }\n', "tests": None}, "pack.lua:1", "the pack has no tests", "tests/NAME.lua"),
    ("unused-file", W, {"pack.lua": 'pack { name = "x" }\n', "test/more.lua": "test()\n"}, "test/more.lua:1",
     "no file requires it", "move it to tests/"),
    ("no-tests", W, {"pack.lua": 'pack { name = "x" }\n', "tests/b.lua": "local ann = customer \"ann\"\n"}, "tests/b.lua:1",
     "the file declares no", "or remove it"),
    ("unused-file", W, {"pack.lua": 'pack { name = "x" }\n', "lib/more.lua": "return 1\n"}, "lib/more.lua:1",
     "no file requires it", 'require "lib/more"'),
    ("syntax", E, {"pack.lua": 'pack { name = "x" }\n', "tests/x.lua": "local a = 1\nlocal b = = 2\n"}, "tests/x.lua:2",
     "unexpected symbol near '='", ""),
    ("syntax", E, {"pack.lua": 'pack { name = "x" }\nrequire "lib.more"\n', "lib/more.lua": "return 1 2\n"}, "lib/more.lua:1",
     "expected near '2'", ""),
    ("unknown-attribute", W, {"pack.lua": 'pack { name = "x",\n  mask = { "phon" } }\nevent "profile.updated" { attributes = { phone = "string" } }\n'},
     "pack.lua:2", 'nothing is named "phon", so nothing is masked', 'did you mean "phone"?'),
    ("unknown-attribute", W, {"pack.lua": 'pack { name = "x",\n  search = { "nam" } }\nevent "profile.updated" { attributes = { name = "string" } }\n'},
     "pack.lua:2", 'gives anybody the attribute "nam", so nobody is found by it', 'did you mean "name"?'),
    ("wrong-type", W, {"pack.lua": 'pack { name = "x",\n  search = { "vip" } }\nevent "profile.updated" { attributes = { vip = "boolean" } }\n'},
     "pack.lua:2", '"vip" is true or false, and nobody is found by that', "a text or a number"),
    ("masked-search", H, {"pack.lua": 'pack { name = "x", search = { "name" },\n  mask = { "name" } }\nevent "profile.updated" { attributes = { name = "string" } }\n'},
     None, '"name" is masked: it is found only by the whole of its value', "leave it out of mask"),
    ("bad-setting", E, {"pack.lua": 'pack { name = "x" }\nlocal most = setting("most", { at_least = 1, at_most = 3 })\n',
                        "settings.conf": "# how many\nmost = 9\n"},
     "pack.lua:2", "settings.conf:2: most = 9 is beyond its bounds", "it may be 1 to 3"),
    ("missing-setting", E, {"pack.lua": 'pack { name = "x" }\nlocal most = setting "mots"\n', "settings.conf": "most = 2\n"},
     "pack.lua:2", 'settings.conf has no "mots"', 'did you mean "most"?', "unused-setting"),
    ("unused-setting", E, {"pack.lua": 'pack { name = "x" }\nlocal most = setting "most"\n',
                           "settings.conf": "most = 2\nmots = 2\n"},
     "settings.conf:2", 'nothing asks for the setting "mots"', "correct its name, or remove it"),
    # without event "…": against the other uses
    ("unknown-event", W, {"pack.lua": 'pack { name = "x" }\nlocal a = series { on = "visited" }\nlocal b = series { on = "visited", by = "p" }\n'
                          'local c = series { on = "vistied", by = "q" }\nfact.n = a:count "1d" + b:all_keys():count "1d" + c:all_keys():count "1d"\n'},
     "pack.lua:4", 'the event type "vistied" stands here only', 'did you mean "visited"?'),
    ("unknown-attribute", W, {"pack.lua": 'pack { name = "x" }\nrule "a" { on = "v", when = event.region:is "n", set = { y = 1 } }\n'
                              'rule "b" { on = "v", when = event.region:is "s", set = { y = 1 } }\n'
                              'rule "c" { on = "v", when = event.regoin:is "s", set = { y = 1 } }\n'},
     "pack.lua:4", 'the attribute "regoin" stands here only', 'did you mean "region"?'),
    ("unknown-attribute", W, {"pack.lua": 'pack { name = "x" }\nrule "a" { on = "v", when = attr("lst_visit"):known(), set = { last_visit = 1 } }\n'},
     "pack.lua:2", "no rule sets it", 'did you mean "last_visit"?'),
]
