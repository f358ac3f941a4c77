from decimal import ROUND_HALF_UP, Decimal

# Of what a product costs in the month: nothing off the first 500, 5 % off what is above, 10 % off what is above 2000.
TIERS = [(Decimal(2000), Decimal("0.10")), (Decimal(500), Decimal("0.05"))]

ORDERS = """
    select product, sum(quantity)::bigint as quantity, sum(quantity * unit_price) as gross
    from sales
    where customer = $customer and ts >= $month::date and ts < $month::date + interval 1 month
    group by product order by product
"""


def cents(amount):
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def discount_of(gross):
    discount = Decimal(0)
    for floor, rate in TIERS:
        if gross > floor:
            discount += (gross - floor) * rate
            gross = floor
    return cents(discount)


def report(parameters, rows):
    position = quantity = 0
    gross = discount = Decimal(0)
    for row in rows(ORDERS, customer=parameters["customer"], month=parameters["month"]):
        off = discount_of(row["gross"])
        position += 1
        quantity += row["quantity"]
        gross += row["gross"]
        discount += off
        yield {
            "position": position,
            "item": row["product"],
            "quantity": row["quantity"],
            "gross": row["gross"],
            "discount": off,
            "net": row["gross"] - off,
        }
    net = gross - discount
    tax = cents(net * Decimal(str(parameters["taxPercent"])) / 100)
    yield {"item": f"Tax ({parameters['taxPercent']} %)", "net": tax}
    yield {"item": "Total", "quantity": quantity, "gross": gross, "discount": discount, "net": net + tax}
