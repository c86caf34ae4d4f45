<?php
/**
 * The hazards in words.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

/**
 * Says of each hazard what it is and what to do.
 */
final class HazardWords {

	/**
	 * Returns a hazard with its words.
	 *
	 * @param array<string, string> $hazard code, found, weight, said.
	 * @return array<string, string> The same with title and remedy.
	 */
	public static function with( array $hazard ): array {
		$code = (string) ( $hazard['code'] ?? '' );
		$all  = self::all();
		if ( isset( $all[ $code ] ) ) {
			return $hazard + array( 'title' => $all[ $code ][0], 'remedy' => $all[ $code ][1] );
		}
		return $hazard + ProbeWords::of( $code );
	}

	/**
	 * Returns all that are not the probe's: code => title, remedy.
	 *
	 * @return array<string, array<int, string>>
	 */
	private static function all(): array {
		return array(
			'cron-off'        => array( __( 'WP-Cron is switched off (DISABLE_WP_CRON) and nothing else runs it.', 'crossdock' ), __( 'Let the server call wp-cron.php every minute, or remove the constant. Until then nothing is sent, except at once after a page when “Send at once” is on.', 'crossdock' ) ),
			'cron-late'       => array( __( 'WP-Cron is late: events are due long since.', 'crossdock' ), __( 'On a site with few visitors, or where the site cannot call itself, let the server call wp-cron.php every minute.', 'crossdock' ) ),
			'scheduler-late'  => array( __( 'Action Scheduler is behind: many actions are due for more than an hour.', 'crossdock' ), __( 'See WooCommerce, Status, Scheduled Actions. The plugin adds one recurring action, never one for each event.', 'crossdock' ) ),
			'blocked-here'    => array( __( 'WordPress forbids requests to the hub (WP_HTTP_BLOCK_EXTERNAL).', 'crossdock' ), __( 'Add the hub’s name to WP_ACCESSIBLE_HOSTS in wp-config.php.', 'crossdock' ) ),
			'engine'          => array( __( 'The queue’s table is not kept by InnoDB.', 'crossdock' ), __( 'Runs that overlap wait for one another, and a crash may cost the table. Convert it: ALTER TABLE … ENGINE=InnoDB.', 'crossdock' ) ),
			'webhooks'        => array( __( 'WooCommerce’s webhooks tell the same hub too.', 'crossdock' ), __( 'No order arrives twice: the hub makes one event of both. You may pause the webhooks to save work.', 'crossdock' ) ),
			'installed-twice' => array( __( 'The plugin is active twice, from two folders.', 'crossdock' ), __( 'Deactivate and delete the one that is older.', 'crossdock' ) ),
			'sends-too'       => array( __( 'Another plugin sends people or orders to a CRM as well.', 'crossdock' ), __( 'If it writes to the same system as the hub, records there are written twice: switch off its sending of what the hub delivers.', 'crossdock' ) ),
			'guards'          => array( __( 'A security plugin is active that can close the REST interface.', 'crossdock' ), __( 'The test above shows whether it does. If so, let /wp-json/crossdock/v1/ pass there.', 'crossdock' ) ),
			'caches-rest'     => array( __( 'A cache plugin is active that can also cache the REST interface.', 'crossdock' ), __( 'The test above shows whether it does. If so, exclude /wp-json/crossdock/.', 'crossdock' ) ),
		);
	}
}
