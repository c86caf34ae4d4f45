"""stock: one level a SKU, many stores that sell from it; links, offers, movements, pushes and alerts."""
