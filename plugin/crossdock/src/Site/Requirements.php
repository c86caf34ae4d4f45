<?php
/**
 * What the plugin needs of its surroundings.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

/**
 * Compares versions and extensions with what each ability needs, and names what is done where it is missing. What is missing takes
 * away one ability, not the plugin.
 */
class Requirements {

	/**
	 * What the surroundings are.
	 *
	 * @var Surroundings
	 */
	private Surroundings $surroundings;

	/**
	 * Takes what the surroundings are.
	 *
	 * @param Surroundings $surroundings What they are.
	 */
	public function __construct( Surroundings $surroundings ) {
		$this->surroundings = $surroundings;
	}

	/**
	 * Returns all requirements.
	 *
	 * @return array<string, array{needs: string, has: string, ok: bool, stops: bool, fallback: string}> By code; `stops`: nothing is sent without it.
	 */
	public function all(): array {
		$has = $this->surroundings->all();
		$all = array();
		foreach ( $this->table() as $code => $row ) {
			list( $what, $least, $stops, $fallback ) = $row;

			$found = $has[ $what ] ?? '';
			// What is not there at all (no WooCommerce) is no lack of a version.
			$ok           = '' === $least ? '' !== $found : ( '' === $found ? 'woocommerce' === $what : version_compare( $found, $least, '>=' ) );
			$all[ $code ] = array( 'needs' => trim( $this->name( $what ) . ' ' . $least ), 'has' => $found, 'ok' => $ok, 'stops' => $stops && ! $ok, 'fallback' => $fallback );
		}
		return $all;
	}

	/**
	 * Tells whether an ability is there.
	 *
	 * @param string $code Code of the requirement.
	 * @return bool
	 */
	public function met( string $code ): bool {
		return $this->all()[ $code ]['ok'] ?? false;
	}

	/**
	 * Returns what is not met.
	 *
	 * @return array<string, array<string, mixed>> As `all`.
	 */
	public function lacking(): array {
		return array_filter(
			$this->all(),
			static function ( array $one ): bool {
				return ! $one['ok'];
			}
		);
	}

	/**
	 * Returns the table: code => what, least version (empty: it is there), whether nothing is sent without it, what is done instead.
	 *
	 * @return array<string, array<int, mixed>>
	 */
	private function table(): array {
		return array(
			'wordpress'       => array( 'wordpress', '6.1', false, __( 'The plugin goes on as far as it can; it is not tested on this version. Update WordPress.', 'crossdock' ) ),
			'php'             => array( 'php', '7.4', true, __( 'Nothing is loaded on an older PHP.', 'crossdock' ) ),
			'database'        => array( 'database', '5.6.4', true, __( 'The queue’s times need fractions of seconds: the tables cannot be made.', 'crossdock' ) ),
			'sealing'         => array( 'sealing', '', true, __( 'Without sodium or OpenSSL (AES-256-GCM) no secret can be kept: the site cannot be connected.', 'crossdock' ) ),
			'woocommerce'     => array( 'woocommerce', '7.9', false, __( 'Orders and products are still sent as this version describes them; checkout consent may be missing. Update WooCommerce.', 'crossdock' ) ),
			'checkout-blocks' => array( 'woocommerce', '8.9', false, __( 'The box at the block checkout needs WooCommerce 8.9: the classic checkout asks, the block checkout does not.', 'crossdock' ) ),
			'scheduler'       => array( 'scheduler', '', false, __( 'Action Scheduler comes with WooCommerce; without it WP-Cron sends.', 'crossdock' ) ),
			'multibyte'       => array( 'multibyte', '', false, __( 'Without mbstring long texts are cut by WordPress’ own, slower functions.', 'crossdock' ) ),
		);
	}

	/**
	 * Returns the name of a thing.
	 *
	 * @param string $what Its code.
	 * @return string
	 */
	private function name( string $what ): string {
		$names = array(
			'wordpress'   => 'WordPress',
			'php'         => 'PHP',
			'woocommerce' => 'WooCommerce',
			'database'    => 'MySQL',
			'scheduler'   => 'Action Scheduler',
			'multibyte'   => 'mbstring',
			'sealing'     => __( 'sodium or OpenSSL', 'crossdock' ),
		);
		return $names[ $what ] ?? $what;
	}
}
