# What kinds do, more or less: V8 optimizes what this calls, once, and all sandboxes start with that.
import bisect, collections, csv, dataclasses, datetime, decimal, enum, functools, hashlib, heapq, io, itertools, json, math, operator
import random, re, statistics, string, textwrap, uuid


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


@dataclasses.dataclass(frozen=True, order=True)
class Sale:
    region: str
    units: int
    revenue: decimal.Decimal = decimal.Decimal(0)

    @property
    def size(self):
        return Size.LARGE if self.units > 10 else Size.SMALL


@functools.lru_cache
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def texts(row):
    line = f"{row['region']:>10} {row['units']:05d} {row['share']:.3f} {row['revenue']:,}"
    words = re.findall(r"[a-z]+|\d+", line.lower())
    wide = textwrap.fill(" ".join(words * 8), 40)
    template = string.Template("$region has ${units}").substitute(region=row["region"], units=row["units"])
    parts = ",".join(words).split(",")
    return (
        wide.replace("o", "0").upper().title().strip() + "%s %d %r" % (template, row["units"], parts)
        + "".join(sorted(set(line))) + line.encode().decode("utf-8")[::-1] + str(line.startswith(" ")) + hex(row["units"])
    )


def figures(rows):
    shares = [float(row["share"]) for row in rows] * 20
    whole = sum(n * n % 7 for n in range(3_000))
    floats = [math.sqrt(n) * math.sin(n) / (n + 1) for n in range(500)]
    big = pow(3, 400) // 7**30 % 10**40
    exact = sum((row["revenue"] for row in rows), decimal.Decimal(0)).quantize(decimal.Decimal("0.01")) / 3
    total = 0.0
    n = 0
    while n < 2_000:
        if n & 1 and n not in (3, 5):
            total += n * 0.5
        elif n % 3 == 0:
            total -= 1
        n += 1
    return [
        statistics.fmean(shares), statistics.median(shares), statistics.pstdev(floats), round(total, 2), whole, int(big), exact,
        min(floats), max(floats), fibonacci(40), divmod(whole, 60), abs(-1.5), math.floor(2.5), "%.2e" % total, float("1e3"), complex(1, 2) * 2j,
    ]


def collected(rows):
    groups = collections.defaultdict(list)
    counts = collections.Counter()
    for row in itertools.chain.from_iterable(itertools.repeat(rows, 200)):
        groups[row["region"], row["units"] % 3].append(row)
        counts[row["region"]] += row["units"]
    sales = sorted(Sale(region, count) for (region, _), group in groups.items() for count in [len(group)])
    best = heapq.nlargest(2, sales, key=operator.attrgetter("units"))
    grouped = {key: [sale.size.name for sale in part] for key, part in itertools.groupby(sales, key=lambda sale: sale.region)}
    matrix = [[x * y for x in range(30)] for y in range(30)]
    columns = [list(column) for column in zip(*matrix)]
    queue = collections.deque(range(100), maxlen=10)
    queue.rotate(1)
    merged = {**grouped, "best": [dataclasses.asdict(one) for one in best], "most": counts.most_common(1)}
    bisect.insort(columns[1], 5)
    first, *rest = columns[1]
    numbers = {n for n in range(200) if any(n % d == 0 for d in (2, 3))} - set(rest)
    by_key = sorted(merged.items(), key=lambda item: (str(item[0]), -len(item[1])), reverse=True)
    return first, len(numbers), functools.reduce(operator.add, rest), list(map(str, queue)), all(rest), by_key, enumerate(rest), list(filter(None, rest))


def written(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    for _ in range(50):
        writer.writerows(rows)
    back = list(csv.DictReader(io.StringIO(out.getvalue())))
    tree = json.loads(json.dumps({"rows": [{key: str(value) for key, value in row.items()} for row in rows] * 50, "x": [1.5, None, True]}, indent=1))
    digest = hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()
    return len(back), digest, uuid.uuid4().hex


def dated(rows):
    days = [row["day"] + datetime.timedelta(days=n) for row in rows for n in range(100)]
    months = collections.Counter((day.year, day.month) for day in days)
    moments = [datetime.datetime.combine(day, datetime.time(10, 30)) - rows[0]["sold"] for day in days]
    return months, sum(moments, datetime.timedelta()).total_seconds(), days[0].strftime("%Y-%m-%d %A"), days[0].isocalendar(), days[0] < days[1]


def report(parameters, rows):
    source = list(rows("select * from sales where year = $year", parameters, least=1.5))
    random.seed(7)
    random.shuffle(source)
    for made in (texts(source[0]), figures(source), collected(source), written(source), dated(source)):
        repr(made)
    try:
        {}["nothing"]
    except KeyError as error:
        str(error)
    for _ in range(600):
        yield from source
        yield {"region": random.choice("abc"), "units": random.randint(1, 9), "share": random.random(), "day": datetime.date.today()}
