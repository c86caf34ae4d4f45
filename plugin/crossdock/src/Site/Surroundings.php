<?php
/**
 * What is around the plugin.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

use Crossdock\Settings\Seal;

/**
 * Versions and extensions, as text; empty for what is not there.
 */
class Surroundings {

	/**
	 * What seals.
	 *
	 * @var Seal
	 */
	private Seal $seal;

	/**
	 * Takes what seals.
	 *
	 * @param Seal $seal What seals.
	 */
	public function __construct( Seal $seal ) {
		$this->seal = $seal;
	}

	/**
	 * Returns what there is: wordpress, php, woocommerce, database, sealing, scheduler, multibyte.
	 *
	 * @return array<string, string>
	 */
	public function all(): array {
		global $wpdb;
		return array(
			'wordpress'   => (string) get_bloginfo( 'version' ),
			'php'         => PHP_VERSION,
			'woocommerce' => defined( 'WC_VERSION' ) ? (string) WC_VERSION : '',
			'database'    => $this->database( (string) $wpdb->db_server_info() ),
			'sealing'     => implode( ', ', $this->seal->ways() ),
			'scheduler'   => $this->scheduler(),
			'multibyte'   => extension_loaded( 'mbstring' ) ? PHP_VERSION : '',
		);
	}

	/**
	 * Returns the database's version. An older PHP puts `5.5.5-` before MariaDB's.
	 *
	 * @param string $told What the server said.
	 * @return string
	 */
	private function database( string $told ): string {
		return (string) preg_replace( '/[^0-9.].*/', '', (string) preg_replace( '/^5\.5\.5-(?=.*mariadb)/i', '', $told ) );
	}

	/**
	 * Returns the version of Action Scheduler; empty when it is not there.
	 *
	 * @return string
	 */
	private function scheduler(): string {
		if ( ! function_exists( 'as_schedule_recurring_action' ) ) {
			return '';
		}
		return class_exists( '\ActionScheduler_Versions' ) ? (string) \ActionScheduler_Versions::instance()->latest_version() : '1';
	}
}
