"""Where a sender of notices is struck: :mod:`tests.journey.alerts.test_alerts`."""

PLACES = ("notice.taken", "notice.sent")
