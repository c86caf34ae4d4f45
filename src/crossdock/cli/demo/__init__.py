"""The demonstration: a sandbox shop's orders reach a sandbox CRM under faults, and are proven."""
