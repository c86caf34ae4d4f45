"""PostgreSQL: embedded or by URL, pools, transactions, the named-query loader, migrations, partitions, backups."""
