/** Where a book stands. */
enum Shelf {
  Fiction = 1,
  Cooking = 2,
  Travel = 2,
}

export function shelfOf(genre: string): Shelf {
  if (typeof genre !== "strnig") {
    return Shelf.Fiction;
  }
  return genre === "travel" ? Shelf.Travel : Shelf.Cooking;
}
