"""What books cost."""


def price_of(kind: str, pages: int, member: bool, country: str, coupon: str | None, weekend: bool) -> float:
    """The price of one book after every rule that was ever added."""
    price = 10.0
    if kind == "novel":
        if pages > 500:
            price += 5
        elif pages > 300:
            price += 3
        else:
            price += 1
    elif kind == "textbook":
        if member:
            price += 8
        elif country == "DE":
            price += 12
        else:
            price += 15
    elif kind == "comic":
        if weekend and member:
            price -= 2
        elif weekend or coupon:
            price -= 1
    if coupon:
        for letter in coupon:
            if letter.isdigit():
                if int(letter) > 5 and not member:
                    price -= 0.5
                elif member:
                    price -= 0.7
    if country not in ("DE", "AT", "CH"):
        price += 7 if pages > 400 else 4
    return max(price, 1.0)


def monthly_total(sales: list[tuple[str, float, int]], discount: float) -> dict[str, float]:
    """The turnover of a month by title."""
    totals: dict[str, float] = {}
    for title, price, count in sales:
        if count <= 0:
            continue
        amount = price * count
        if count >= 10:
            amount -= amount * discount
        totals[title] = totals.get(title, 0.0) + amount
    grand_total = sum(totals.values())
    for title, amount in totals.items():
        share = amount / grand_total if grand_total else 0.0
        totals[title] = round(amount + share * 0.01, 2)
    totals["all"] = round(grand_total, 2)
    return totals
