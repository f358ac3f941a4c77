const orders = `
  select distinct customer, (year(ts) * 12 + month(ts) - 1)::integer as month
  from sales
  where $region is null or region = $region
  order by month, customer`;

function* report({ region = null, months }, rows) {
  const firstMonths = new Map();
  const cohorts = new Map();
  let last = 0;
  for (const { customer, month } of rows(orders, { region })) {
    last = month;
    if (!firstMonths.has(customer)) firstMonths.set(customer, month);
    const first = firstMonths.get(customer);
    if (!cohorts.has(first)) cohorts.set(first, new Array(months + 1).fill(0));
    if (month - first <= months) cohorts.get(first)[month - first] += 1;
  }
  for (const [first, counts] of cohorts) {
    const cohort = new Date(Date.UTC(Math.floor(first / 12), first % 12, 1));
    for (const [later, customers] of counts.slice(0, last - first + 1).entries()) {
      yield { cohort, months_later: later, customers, share: (customers / counts[0]).toFixed(4) };
    }
  }
}
