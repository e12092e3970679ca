"""Where books stand. The last function was never finished."""


def shelf_of(author: str) -> str:
    """The letter of a shelf."""
    return author[0].upper()


def shelves_of(authors: list[str]
    return sorted({shelf_of(author) for author in authors})
