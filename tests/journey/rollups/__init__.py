"""What is counted by day and hour, and how every connection does."""
