-- Alerts, their rules and channels, checks of connections, and fallbacks.

SELECT 1;
