"""Alerts: found by rules, told once on the tenant's channels, reminded of, and told when they are over."""

from crossdock.govern.alerts.alerting import Alerting, Options
from crossdock.govern.alerts.channels import FORMS, NewChannel
from crossdock.govern.alerts.desk import Listing
from crossdock.govern.alerts.rules import KINDS, Kind

__all__ = ["FORMS", "KINDS", "Alerting", "Kind", "Listing", "NewChannel", "Options"]
