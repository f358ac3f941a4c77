// What kinds do, more or less: V8 optimizes what of QuickJS this calls, once, and all sandboxes start with that.
class Sale {
  #units;
  constructor(region, units, revenue = 0) {
    Object.assign(this, { region, revenue });
    this.#units = units;
  }
  get size() {
    return this.#units > 10 ? "large" : "small";
  }
  static compare(one, other) {
    return one.region.localeCompare(other.region) || one.revenue - other.revenue;
  }
}

function texts({ region, units, share, revenue }) {
  const line = `${region.padStart(10)} ${String(units).padStart(5, "0")} ${share.toFixed(3)} ${revenue}`;
  const words = line.toLowerCase().match(/[a-z]+|\d+/g);
  const swapped = line.replace(/(\w)(\w)/g, (_, a, b) => b + a).replaceAll("o", "0");
  const [first, ...rest] = words.join(",").split(",");
  return [
    line.trim().toUpperCase(),
    swapped,
    first,
    rest,
    [...line].reverse().join(""),
    line.slice(2, 5),
    line.includes("t"),
    line.indexOf("x"),
    line.charCodeAt(1),
    line.codePointAt(2),
    "é".normalize("NFD").length,
    line.startsWith(" "),
    line.at(-1),
    units.toString(16),
    "ab".repeat(30),
    region < "x",
  ];
}

function figures(rows) {
  let total = 0;
  for (let n = 0; n < 5_000; n += 1) {
    if (n & 1 && n !== 3) total += n * 0.5;
    else if (n % 3 === 0) total -= 1;
    else total ^= n >>> 2;
  }
  const floats = Array.from({ length: 500 }, (_, n) => (Math.sqrt(n) * Math.sin(n)) / (n + 1));
  const mean = floats.reduce((sum, value) => sum + value, 0) / floats.length;
  const spread = Math.sqrt(
    floats.map((value) => (value - mean) ** 2).reduce((sum, value) => sum + value, 0) / floats.length,
  );
  const big = rows.reduce((sum, { visits }) => sum + BigInt(visits), 0n) * 3n ** 40n;
  const bytes = new Uint8Array(1_000).map((_, n) => (n * n) % 251);
  return [
    total,
    mean,
    spread,
    big % 1_000_007n,
    Math.max(...floats),
    Math.min(...bytes),
    Math.round(2.5),
    Number.parseFloat("1e3"),
    Number("12"),
    Number.isFinite(mean),
    new Float64Array(floats).sort()[3],
  ];
}

function collected(rows) {
  const groups = new Map();
  const counts = {};
  for (let round = 0; round < 200; round += 1) {
    for (const row of rows) {
      const key = `${row.region}/${row.units % 3}`;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key)?.push({ ...row, round });
      counts[row.region] = (counts[row.region] ?? 0) + row.units;
    }
  }
  const sales = [...groups]
    .map(([key, group]) => new Sale(key.split("/")[0], group.length, group.length * 1.5))
    .sort(Sale.compare);
  const matrix = Array.from({ length: 30 }, (_, x) => Array.from({ length: 30 }, (_, y) => x * y));
  const seen = new Set(matrix.flat().filter((value) => value % 7 === 0));
  const sorted = Object.entries(counts).sort(([, one], [, other]) => other - one);
  const numbers = matrix[3].concat(matrix[4]).sort((one, other) => other - one);
  numbers.splice(2, 3, 1);
  delete counts.north;
  return {
    sales: sales.map(({ region, size }) => ({ region, size })),
    seen: [...seen],
    sorted,
    numbers,
    some: numbers.some((n) => n > 5),
    found: numbers.find((n) => n < 3),
    keys: Object.keys(counts),
  };
}

function dated(rows) {
  return rows.map(({ day, sold }) => {
    const date = new Date(`${day}T00:00:00Z`);
    date.setUTCDate(date.getUTCDate() + 40);
    return [
      date.toISOString(),
      date.getTime() - new Date(sold).getTime(),
      date.getUTCMonth(),
      new Date(2026, 1, 3).getDay(),
      Date.now() > date,
    ];
  });
}

// biome-ignore lint/correctness/noUnusedVariables: the prelude calls it.
function* report(parameters, rows) {
  const source = [...rows("select * from sales where year = $year", { ...parameters, least: 1.5 })];
  const made = [source.map(texts), figures(source), collected(source), dated(source)];
  const tree = JSON.parse(
    JSON.stringify(
      { source: Array(200).fill(source[0]), made },
      (_, value) => (typeof value === "bigint" ? String(value) : value),
      1,
    ),
  );
  try {
    tree.nothing.at(0);
  } catch (error) {
    String(error.message);
  }
  for (let n = 0; n < 1_200; n += 1) {
    yield {
      region: "abc"[n % 3],
      units: n,
      visits: BigInt(n),
      share: n / 7,
      day: "2026-01-31",
      sold: new Date(n),
      online: n % 2 === 0,
    };
  }
}
