"""stock: one level a SKU, many stores that sell from it; links, offers, movements, pushes and alerts."""

from crossdock.flow.stock.book import Book
from crossdock.flow.stock.imports import Imports
from crossdock.flow.stock.links import Links
from crossdock.flow.stock.sheet import Sheet
from crossdock.flow.stock.stage import Stock

__all__ = ["Book", "Imports", "Links", "Sheet", "Stock"]
