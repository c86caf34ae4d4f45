"""WooCommerce: a shop's orders, customers, products, refunds and coupons, read over REST and rung by webhooks."""
