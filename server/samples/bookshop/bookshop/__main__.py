"""The shop's counter: answers one customer."""

from bookshop.catalogue import add_tags, find_books
from bookshop.orders import cancel_order, check_order, load_order
from bookshop.prices import monthly_total, price_of
from bookshop.reports import print_report, read_settings, upload_report, yearly_total


def main() -> None:
    """Sell a book, write the books."""
    order = load_order("[('Kassandra', 1)]")
    check_order(order)
    books = find_books("Christa Wolf")
    sales = [(title, price_of("novel", price, member=True, country="DE", coupon=None, weekend=False), 1) for title, price in books]
    settings = read_settings("printer: lpr")
    print(add_tags("Kassandra"), monthly_total(sales, 0.1), yearly_total(sales, 0.1), settings)
    print_report("report.txt")
    upload_report("report.txt")
    cancel_order(order)


if __name__ == "__main__":
    main()
