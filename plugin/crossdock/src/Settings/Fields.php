<?php
/**
 * Which settings there are.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Settings;

/**
 * The table of the settings: type, default and bounds of each. Their words are in `Words`, so that a page of the shop
 * translates none of them.
 *
 * Types: `bool`; `int` (least, most); `auto` ("auto" or an int between least and most); `choice` (one of choices);
 * `text` (at most `most` characters); `email` (empty or an address, several by comma); `window` (empty or `HH:MM-HH:MM` in the
 * site's time); `ga4` (empty or `G-…`).
 */
final class Fields {

	/**
	 * Name => what it may be.
	 */
	private const ALL = array(
		// What is sent.
		'send_users'           => array( 'type' => 'bool', 'default' => true, 'group' => 'what' ),
		'send_orders'          => array( 'type' => 'bool', 'default' => true, 'group' => 'what' ),
		'send_products'        => array( 'type' => 'bool', 'default' => true, 'group' => 'what' ),
		'send_stock'           => array( 'type' => 'bool', 'default' => true, 'group' => 'what' ),
		'send_logins'          => array( 'type' => 'bool', 'default' => false, 'group' => 'what' ),
		'send_events'          => array( 'type' => 'bool', 'default' => true, 'group' => 'what' ),
		'write_back'           => array( 'type' => 'bool', 'default' => true, 'group' => 'what' ),
		// When it is sent.
		'immediate'            => array( 'type' => 'bool', 'default' => false, 'group' => 'when' ),
		'run_every'            => array( 'type' => 'auto', 'default' => 'auto', 'least' => 30, 'most' => 86400, 'group' => 'when' ),
		'batch_size'           => array( 'type' => 'auto', 'default' => 'auto', 'least' => 1, 'most' => 100, 'group' => 'when' ),
		'bulk_per_run'         => array( 'type' => 'auto', 'default' => 'auto', 'least' => 1, 'most' => 5000, 'group' => 'when' ),
		'run_seconds'          => array( 'type' => 'auto', 'default' => 'auto', 'least' => 2, 'most' => 120, 'group' => 'when' ),
		'timeout'              => array( 'type' => 'int', 'default' => 15, 'least' => 2, 'most' => 60, 'group' => 'when' ),
		'low_traffic'          => array( 'type' => 'window', 'default' => '', 'group' => 'when' ),
		'low_traffic_for'      => array( 'type' => 'choice', 'default' => 'bulk', 'choices' => array( 'bulk', 'standard' ), 'group' => 'when' ),
		// When something goes wrong.
		'retry_days'           => array( 'type' => 'int', 'default' => 5, 'least' => 1, 'most' => 30, 'group' => 'trouble' ),
		'failure_threshold'    => array( 'type' => 'int', 'default' => 10, 'least' => 1, 'most' => 1000, 'group' => 'trouble' ),
		'alerts'               => array( 'type' => 'bool', 'default' => true, 'group' => 'trouble' ),
		'alert_email'          => array( 'type' => 'email', 'default' => '', 'group' => 'trouble' ),
		'log_level'            => array( 'type' => 'choice', 'default' => 'warning', 'choices' => array( 'error', 'warning', 'info' ), 'group' => 'trouble' ),
		// How long it is kept.
		'keep_sent_days'       => array( 'type' => 'int', 'default' => 7, 'least' => 1, 'most' => 365, 'group' => 'keep' ),
		'keep_dead_days'       => array( 'type' => 'int', 'default' => 90, 'least' => 7, 'most' => 3650, 'group' => 'keep' ),
		'keep_log_days'        => array( 'type' => 'int', 'default' => 30, 'least' => 1, 'most' => 365, 'group' => 'keep' ),
		'keep_log_rows'        => array( 'type' => 'int', 'default' => 5000, 'least' => 100, 'most' => 100000, 'group' => 'keep' ),
		// People's consent.
		'consent_checkout'     => array( 'type' => 'bool', 'default' => false, 'group' => 'consent' ),
		'consent_registration' => array( 'type' => 'bool', 'default' => false, 'group' => 'consent' ),
		'consent_text'         => array( 'type' => 'text', 'default' => '', 'most' => 500, 'group' => 'consent' ),
		'ga4'                  => array( 'type' => 'bool', 'default' => false, 'group' => 'consent' ),
		'ga4_id'               => array( 'type' => 'ga4', 'default' => '', 'group' => 'consent' ),
	);

	/**
	 * Returns the table: name => type, default, group and, by type, least, most, choices.
	 *
	 * @return array<string, array<string, mixed>>
	 */
	public static function all(): array {
		return self::ALL;
	}

	/**
	 * Returns one row of the table; null when there is no such setting.
	 *
	 * @param string $name Name of the setting.
	 * @return array<string, mixed>|null
	 */
	public static function one( string $name ): ?array {
		return self::ALL[ $name ] ?? null;
	}

	/**
	 * Returns the defaults by name.
	 *
	 * @return array<string, mixed>
	 */
	public static function defaults(): array {
		return array_map(
			static function ( array $field ) {
				return $field['default'];
			},
			self::ALL
		);
	}
}
