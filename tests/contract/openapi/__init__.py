"""The whole OpenAPI document, held against what the hub answers."""
