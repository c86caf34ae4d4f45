<?php
/**
 * What there is to export.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Documents\OrderDocument;
use Crossdock\Documents\Shop;
use Crossdock\Wp\Database;

/**
 * Finds the ids of what is on the site, in their order, a page at a time, whatever the number: no page is slower than the
 * first.
 */
class ExportSource {

	/**
	 * The site's database.
	 *
	 * @var Database
	 */
	private Database $database;

	/**
	 * WooCommerce.
	 *
	 * @var Shop
	 */
	private Shop $shop;

	/**
	 * Takes what it works with.
	 *
	 * @param Database $database The site's database.
	 * @param Shop     $shop     WooCommerce.
	 */
	public function __construct( Database $database, Shop $shop ) {
		$this->database = $database;
		$this->shop     = $shop;
	}

	/**
	 * Returns the kinds there are on this site, in the order in which they are exported.
	 *
	 * @return array<int, string>
	 */
	public function kinds(): array {
		return $this->shop->open() ? array( 'customer', 'product', 'order', 'refund' ) : array( 'customer' );
	}

	/**
	 * Counts what there is of a kind.
	 *
	 * @param string $kind The kind.
	 * @return int
	 */
	public function count( string $kind ): int {
		list( $id, $from, $args ) = $this->from( $kind );
		return (int) $this->database->value( "SELECT COUNT($id) FROM $from", ...$args );
	}

	/**
	 * Returns the next ids.
	 *
	 * @param string $kind The kind.
	 * @param int    $last The last id that was returned; 0 at the beginning.
	 * @param int    $most How many at most.
	 * @return array<int, int> Empty when there are no more.
	 */
	public function after( string $kind, int $last, int $most ): array {
		list( $id, $from, $args ) = $this->from( $kind );
		$rows                     = $this->database->rows( "SELECT $id AS id FROM $from AND $id > %d ORDER BY $id LIMIT %d", ...array_merge( $args, array( $last, $most ) ) );
		return array_map( 'intval', array_column( $rows, 'id' ) );
	}

	/**
	 * Returns where the ids of a kind lie: the id's column, the tables with their condition, the arguments of that.
	 *
	 * @param string $kind The kind.
	 * @return array{0: string, 1: string, 2: array<int, string>}
	 */
	private function from( string $kind ): array {
		if ( 'customer' === $kind ) {
			// A network's users belong to the sites on which they have a role.
			return is_multisite()
				? array( 'u.ID', '{wp:users} u JOIN {wp:usermeta} m ON m.user_id = u.ID AND m.meta_key = %s WHERE 1 = 1', array( $this->database->table_prefix() . 'capabilities' ) )
				: array( 'ID', '{wp:users} WHERE 1 = 1', array() );
		}
		if ( 'product' === $kind ) {
			return array( 'ID', "{wp:posts} WHERE post_type IN ('product', 'product_variation') AND post_status NOT IN ('auto-draft', 'trash', 'importing')", array() );
		}
		$type = 'refund' === $kind ? 'shop_order_refund' : 'shop_order';
		$not  = array_merge( array( 'trash' ), OrderDocument::NOT_YET, array( 'wc-checkout-draft' ) );
		$many = implode( ', ', array_fill( 0, count( $not ), '%s' ) );
		return $this->shop->own_tables()
			? array( 'id', "{wp:wc_orders} WHERE type = %s AND status NOT IN ($many)", array_merge( array( $type ), $not ) )
			: array( 'ID', "{wp:posts} WHERE post_type = %s AND post_status NOT IN ($many)", array_merge( array( $type ), $not ) );
	}
}
