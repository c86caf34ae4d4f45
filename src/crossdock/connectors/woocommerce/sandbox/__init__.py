"""A sandbox WooCommerce shop: stateful, over real HTTP, with the real one's habits.

It is checked against recordings of WooCommerce 11.0.1 and against the official ``woocommerce`` client; it knows
nothing of this connector's client and mapper.
"""

from .app import build
from .generator import generate
from .settings import DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET, ApiKey, Settings
from .shop import Shop

__all__ = ["DEFAULT_CONSUMER_KEY", "DEFAULT_CONSUMER_SECRET", "ApiKey", "Settings", "Shop", "build", "generate"]
