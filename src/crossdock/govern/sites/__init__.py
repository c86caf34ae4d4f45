"""Sites that run the WordPress plugin: how they are paired and known, and how their home gets REST keys later."""
