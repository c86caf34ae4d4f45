"""Who may do what over the doors."""
