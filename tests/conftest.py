"""Fixtures that every test may use, and the house's way of searching for examples."""

from hypothesis import HealthCheck, settings

# no test asserts a duration: a slow machine finds the same examples
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

pytest_plugins = ["tests.support.database", "tests.support.hub"]
