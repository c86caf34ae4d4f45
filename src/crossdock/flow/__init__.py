"""The journey of an event: receive, verify, record, route, map, deliver; beside them pull, reconcile and watch.

The stages do not know each other; ``journey`` alone knows the order.
"""
