"""The read side: batch functions over columns, one statement each."""
