<?php
/**
 * What the plugin keeps of a person.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Privacy;

use Crossdock\Wp\Database;

/**
 * Finds what lies in the plugin's tables and meta about the owner of an e-mail address.
 */
class Person {

	/**
	 * Orders looked at for one person in one page.
	 */
	public const ORDERS = 50;

	/**
	 * The site's database.
	 *
	 * @var Database
	 */
	private Database $database;

	/**
	 * Notes what it needs.
	 *
	 * @param Database $database The site's database.
	 */
	public function __construct( Database $database ) {
		$this->database = $database;
	}

	/**
	 * Returns the user with an e-mail address.
	 *
	 * @param string $email The address.
	 * @return int 0 when there is none.
	 */
	public function user( string $email ): int {
		$user = get_user_by( 'email', $email );
		return false === $user ? 0 : (int) $user->ID;
	}

	/**
	 * Returns a page of the person's orders.
	 *
	 * @param string $email The address.
	 * @param int    $page  From 1.
	 * @return array<int, object> Orders; empty without a shop.
	 */
	public function orders( string $email, int $page ): array {
		if ( ! function_exists( 'wc_get_orders' ) ) {
			return array();
		}
		$found = wc_get_orders(
			array(
				'billing_email' => $email,
				'limit'         => self::ORDERS,
				'page'          => max( 1, $page ),
				'type'          => 'shop_order',
				'orderby'       => 'ID',
				'order'         => 'ASC',
			)
		);
		return is_array( $found ) ? array_values( array_filter( $found, 'is_object' ) ) : array();
	}

	/**
	 * Returns the rows of the outbox about a person: occurrences with the address, and all about the user.
	 *
	 * @param string $email The address.
	 * @param int    $user  The user; 0 for none.
	 * @return array<int, array<string, string|null>> id, kind, type, entity, state, created_at, sent_at, payload.
	 */
	public function rows( string $email, int $user ): array {
		list( $where, $args ) = $this->mine( $email, $user );
		return $this->database->rows( 'SELECT id, kind, type, entity, state, created_at, sent_at, payload FROM {outbox} WHERE ' . $where . ' ORDER BY id LIMIT 500', ...$args );
	}

	/**
	 * Drops the rows of the outbox about a person. A state's row holds no data; it goes too when the user is named in it.
	 *
	 * @param string $email The address.
	 * @param int    $user  The user; 0 for none.
	 * @return int Rows dropped.
	 */
	public function forget_rows( string $email, int $user ): int {
		list( $where, $args ) = $this->mine( $email, $user );
		return max( 0, $this->database->run( 'DELETE FROM {outbox} WHERE ' . $where, ...$args ) );
	}

	/**
	 * Drops the log's lines about a user.
	 *
	 * @param int $user The user.
	 * @return int Lines dropped.
	 */
	public function forget_lines( int $user ): int {
		return $user < 1 ? 0 : max( 0, $this->database->run( 'DELETE FROM {log} WHERE context LIKE %s OR context LIKE %s', '%"entity":"user:' . $user . '"%', '%"entity":"customer:' . $user . '"%' ) );
	}

	/**
	 * Returns the meta of ours of a user.
	 *
	 * @param int $user The user; 0 for none.
	 * @return array<string, string> Key => value.
	 */
	public function user_meta( int $user ): array {
		$mine = array();
		foreach ( $user < 1 ? array() : (array) get_user_meta( $user ) as $key => $values ) {
			if ( self::ours( (string) $key ) ) {
				$mine[ (string) $key ] = implode( ', ', array_map( 'strval', array_filter( (array) $values, 'is_scalar' ) ) );
			}
		}
		return $mine;
	}

	/**
	 * Tells whether a piece of meta is the plugin's.
	 *
	 * @param string $key Its name.
	 * @return bool
	 */
	public static function ours( string $key ): bool {
		return 0 === strpos( $key, 'crossdock_' ) || 0 === strpos( $key, '_crossdock_' );
	}

	/**
	 * Returns the condition for rows about a person and its arguments.
	 *
	 * @param string $email The address.
	 * @param int    $user  The user; 0 for none.
	 * @return array{0: string, 1: array<int, string>}
	 */
	private function mine( string $email, int $user ): array {
		$where = "(kind = 'event' AND payload LIKE %s)";
		$args  = array( '%' . addcslashes( '"' . strtolower( $email ) . '"', '_%\\' ) . '%' );
		if ( $user > 0 ) {
			$where .= ' OR entity = %s OR entity = %s';
			array_push( $args, 'user:' . $user, 'customer:' . $user );
		}
		return array( $where, $args );
	}
}
