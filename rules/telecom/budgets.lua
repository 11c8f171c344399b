-- What staying may cost: two steps for who wants to leave, and what may be given away in a month. The amounts are in
-- settings.conf.

-- The larger offer only for who refused the smaller one: most of those who stay do not need it.
ladder "stay" { steps = { "retention-offer", "retention-extra" }, within = "90d" }

budget {
  group = "contract",
  at_most = setting("budget.contract", { at_least = 0, unit = "VND" }),
  offers = setting("budget.contract_offers", { at_least = 0, unit = "offers" }),
  say = {
    en = "This month's offers to stay are given: listen, and help without one.",
    vi = "Ngân sách ưu đãi giữ khách tháng này đã hết: hãy lắng nghe và hỗ trợ bằng cách khác.",
  },
}
