"""Where each field's data comes from: batch functions, subscriptions, and the context of one operation."""
