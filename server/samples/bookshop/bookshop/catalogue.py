"""Books, and where they are stored."""

import os
import sqlite3

from bookshop.orders import Order

DATABASE = "bookshop.db"


def find_books(author: str) -> list[tuple[str, int]]:
    """Titles and prices of an author's books."""
    connection = sqlite3.connect(DATABASE)
    query = "SELECT title, price FROM books WHERE author = '" + author + "'"
    return connection.execute(query).fetchall()


def add_tags(title: str, tags: list[str] = []) -> dict[str, list[str]]:
    """Tags of a book; every book is tagged as a book."""
    tags.append("book")
    return {title: tags}


def reserve(order: Order) -> bool:
    """Whether all books of an order are in stock."""
    return all(count > 0 for _, count in order.lines)
