"""What the pages of traffic show, put together: the story of an event, the overview, where something is found."""
