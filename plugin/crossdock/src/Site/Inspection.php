<?php
/**
 * Hazards that are found by looking.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

use Crossdock\Hub\Credentials;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;

/**
 * Looks at what this site does: whether its background work runs, whether it may call the hub, how its tables are kept, whether
 * WooCommerce already tells the same hub by webhooks.
 */
class Inspection {

	/**
	 * Seconds that due background work may be late.
	 */
	private const LATE = 900;

	/**
	 * The database.
	 *
	 * @var Database
	 */
	private Database $database;

	/**
	 * What the site proves itself with.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Takes what it works with.
	 *
	 * @param Database    $database    The database.
	 * @param Credentials $credentials What the site proves itself with.
	 * @param Clock       $clock       The time.
	 */
	public function __construct( Database $database, Credentials $credentials, Clock $clock ) {
		$this->database    = $database;
		$this->credentials = $credentials;
		$this->clock       = $clock;
	}

	/**
	 * Returns what was found.
	 *
	 * @return array<int, array<string, string>>
	 */
	public function found(): array {
		$found = array();
		foreach ( array( 'cron', 'scheduler', 'blocked', 'engine', 'webhooks', 'twice' ) as $look ) {
			$one = $this->$look();
			if ( array() !== $one ) {
				$found[] = HazardWords::with( $one + array( 'found' => 'behaviour', 'said' => '' ) );
			}
		}
		return $found;
	}

	/**
	 * WP-Cron: events that are due long since mean that nothing kicks it.
	 *
	 * @return array<string, string>
	 */
	private function cron(): array {
		$due  = (array) _get_cron_array();
		$late = array() === $due ? 0 : (int) ( $this->clock->now() - (int) min( array_keys( $due ) ) );
		if ( $late <= self::LATE ) {
			return array();
		}
		$off = defined( 'DISABLE_WP_CRON' ) && DISABLE_WP_CRON;
		return array( 'code' => $off ? 'cron-off' : 'cron-late', 'weight' => 'error', 'said' => human_time_diff( 0, $late ) );
	}

	/**
	 * Action Scheduler: actions that are due for an hour.
	 *
	 * @return array<string, string>
	 */
	private function scheduler(): array {
		if ( ! function_exists( 'as_get_scheduled_actions' ) || ! did_action( 'init' ) ) {
			return array();
		}
		$due = as_get_scheduled_actions( array( 'status' => 'pending', 'date' => gmdate( 'Y-m-d H:i:s', (int) $this->clock->now() - HOUR_IN_SECONDS ), 'date_compare' => '<=', 'per_page' => 50 ), 'ids' );
		return count( (array) $due ) >= 50 ? array( 'code' => 'scheduler-late', 'weight' => 'warning', 'said' => '50+' ) : array();
	}

	/**
	 * Whether WordPress lets a request to the hub out.
	 *
	 * @return array<string, string>
	 */
	private function blocked(): array {
		$hub = $this->credentials->hub();
		$out = '' === $hub || ! ( new \WP_Http() )->block_request( $hub );
		return $out ? array() : array( 'code' => 'blocked-here', 'weight' => 'error', 'said' => (string) wp_parse_url( $hub, PHP_URL_HOST ) );
	}

	/**
	 * How the tables are kept: without transactions and row locks two runs wait for one another.
	 *
	 * @return array<string, string>
	 */
	private function engine(): array {
		$engine = $this->database->value( 'SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s', $this->database->table( 'outbox' ) );
		return null === $engine || 'innodb' === strtolower( $engine ) ? array() : array( 'code' => 'engine', 'weight' => 'warning', 'said' => $engine );
	}

	/**
	 * WooCommerce's webhooks to the same hub: no harm (the hub makes one event of both), but work that is done twice.
	 *
	 * @return array<string, string>
	 */
	private function webhooks(): array {
		$host = (string) wp_parse_url( $this->credentials->hub(), PHP_URL_HOST );
		if ( '' === $host || ! class_exists( '\WC_Data_Store' ) || ! class_exists( '\WC_Webhook' ) ) {
			return array();
		}
		$active = 0;
		foreach ( (array) \WC_Data_Store::load( 'webhook' )->get_webhooks_ids( 'active' ) as $id ) {
			$active += (int) ( wp_parse_url( (string) ( new \WC_Webhook( (int) $id ) )->get_delivery_url(), PHP_URL_HOST ) === $host );
		}
		return 0 === $active ? array() : array( 'code' => 'webhooks', 'weight' => 'info', 'said' => (string) $active );
	}

	/**
	 * Whether the plugin lies here twice.
	 *
	 * @return array<string, string>
	 */
	private function twice(): array {
		$ours = array_filter(
			(array) get_option( 'active_plugins', array() ),
			static function ( $name ): bool {
				return 'crossdock.php' === basename( (string) $name );
			}
		);
		return count( $ours ) < 2 ? array() : array( 'code' => 'installed-twice', 'weight' => 'error', 'said' => implode( ', ', $ours ) );
	}
}
