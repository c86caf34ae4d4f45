<?php
/**
 * The settings in words.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Settings;

/**
 * Labels and help of the settings, translated; asked for by the screen and WP-CLI alone.
 */
final class Words {

	/**
	 * Returns the groups: name => heading.
	 *
	 * @return array<string, string>
	 */
	public static function groups(): array {
		return array(
			'what'    => __( 'What is sent', 'crossdock' ),
			'when'    => __( 'When and how much', 'crossdock' ),
			'trouble' => __( 'When something goes wrong', 'crossdock' ),
			'keep'    => __( 'How long it is kept on this site', 'crossdock' ),
			'consent' => __( 'Permission and analytics', 'crossdock' ),
		);
	}

	/**
	 * Returns label and help of a setting.
	 *
	 * @param string $name The setting.
	 * @return array{label: string, help: string}
	 */
	public static function of( string $name ): array {
		$all = self::what() + self::when() + self::trouble() + self::keep() + self::consent();
		$one = $all[ $name ] ?? array( $name, '' );
		return array( 'label' => $one[0], 'help' => $one[1] );
	}

	/**
	 * Returns the words of a setting's choices: choice => words.
	 *
	 * @param string $name The setting.
	 * @return array<string, string>
	 */
	public static function choices( string $name ): array {
		if ( 'low_traffic_for' === $name ) {
			return array(
				'bulk'     => __( 'Exports of what was there before', 'crossdock' ),
				'standard' => __( 'Everything but orders and what people just did', 'crossdock' ),
			);
		}
		return array(
			'error'   => __( 'Errors', 'crossdock' ),
			'warning' => __( 'Errors and warnings', 'crossdock' ),
			'info'    => __( 'Everything', 'crossdock' ),
		);
	}

	/**
	 * Words of the group "what".
	 *
	 * @return array<string, array<int, string>>
	 */
	private static function what(): array {
		return array(
			'send_users'    => array( __( 'People', 'crossdock' ), __( 'Registrations, changed profiles and deletions of users.', 'crossdock' ) ),
			'send_orders'   => array( __( 'Orders', 'crossdock' ), __( 'Orders of guests and customers in every status, and refunds. Needs WooCommerce.', 'crossdock' ) ),
			'send_products' => array( __( 'Products', 'crossdock' ), __( 'Products and variations. Needs WooCommerce.', 'crossdock' ) ),
			'send_stock'    => array( __( 'Stock', 'crossdock' ), __( 'A product is also sent when only its stock changed.', 'crossdock' ) ),
			'send_logins'   => array( __( 'Logins', 'crossdock' ), __( 'That somebody logged in: who and when, no address and no device.', 'crossdock' ) ),
			'send_events'   => array( __( 'Events of your own', 'crossdock' ), __( 'What themes and plugins tell by do_action( \'crossdock_event\', … ).', 'crossdock' ) ),
			'write_back'    => array( __( 'Take values back', 'crossdock' ), __( 'The hub may write the CRM’s record id, lead status and subscription status to users and orders.', 'crossdock' ) ),
		);
	}

	/**
	 * Words of the group "when".
	 *
	 * @return array<string, array<int, string>>
	 */
	private static function when(): array {
		return array(
			'immediate'       => array( __( 'Send at once', 'crossdock' ), __( 'Right after a page was delivered, where the server can; the regular run remains. Nobody waits for it.', 'crossdock' ) ),
			'run_every'       => array( __( 'Seconds between runs', 'crossdock' ), __( 'auto: every minute.', 'crossdock' ) ),
			'batch_size'      => array( __( 'Changes in one request', 'crossdock' ), __( 'auto: as many as the hub’s limits and this server’s memory and time allow; the queue screen shows how many and why.', 'crossdock' ) ),
			'bulk_per_run'    => array( __( 'Exported records in one run', 'crossdock' ), __( 'For exports of what was there before. auto: as this server allows.', 'crossdock' ) ),
			'run_seconds'     => array( __( 'Seconds one run may take', 'crossdock' ), __( 'auto: below the time limit of this server’s PHP.', 'crossdock' ) ),
			'timeout'         => array( __( 'Seconds to wait for the hub', 'crossdock' ), __( 'A request that takes longer is tried again later.', 'crossdock' ) ),
			'low_traffic'     => array( __( 'Hours of low traffic', 'crossdock' ), __( 'As 02:00-05:30, in this site’s time. Empty: any time.', 'crossdock' ) ),
			'low_traffic_for' => array( __( 'What waits for these hours', 'crossdock' ), '' ),
		);
	}

	/**
	 * Words of the group "trouble".
	 *
	 * @return array<string, array<int, string>>
	 */
	private static function trouble(): array {
		return array(
			'retry_days'        => array( __( 'Days a change is tried', 'crossdock' ), __( 'With growing pauses. After that it stays in the queue as failed, and can be sent by hand.', 'crossdock' ) ),
			'failure_threshold' => array( __( 'Failures in a row until sending pauses', 'crossdock' ), __( 'A person resumes it. Nothing is lost meanwhile.', 'crossdock' ) ),
			'alerts'            => array( __( 'Mail when sending pauses', 'crossdock' ), '' ),
			'alert_email'       => array( __( 'Where to', 'crossdock' ), __( 'Addresses parted by commas. Empty: the address of this site’s administration.', 'crossdock' ) ),
			'log_level'         => array( __( 'What the log keeps', 'crossdock' ), __( 'It holds no secrets and no data of people.', 'crossdock' ) ),
		);
	}

	/**
	 * Words of the group "keep".
	 *
	 * @return array<string, array<int, string>>
	 */
	private static function keep(): array {
		return array(
			'keep_sent_days' => array( __( 'Days for what was sent', 'crossdock' ), '' ),
			'keep_dead_days' => array( __( 'Days for what failed', 'crossdock' ), __( 'From 7: so long it can be sent again by hand.', 'crossdock' ) ),
			'keep_log_days'  => array( __( 'Days for the log', 'crossdock' ), '' ),
			'keep_log_rows'  => array( __( 'Lines of the log at most', 'crossdock' ), '' ),
		);
	}

	/**
	 * Words of the group "consent".
	 *
	 * @return array<string, array<int, string>>
	 */
	private static function consent(): array {
		return array(
			'consent_checkout'     => array( __( 'Ask at checkout', 'crossdock' ), __( 'A box that is not ticked. Only who ticks it is marked as having agreed.', 'crossdock' ) ),
			'consent_registration' => array( __( 'Ask at registration', 'crossdock' ), __( 'The same box on the registration forms.', 'crossdock' ) ),
			'consent_text'         => array( __( 'Words beside the box', 'crossdock' ), __( 'They are kept with the answer. Empty: “I would like to receive news and offers by e-mail. I can withdraw this at any time.”', 'crossdock' ) ),
			'ga4'                  => array( __( 'Google Analytics', 'crossdock' ), __( 'Keep the client and session ids of Google Analytics 4 with an order, where the visitor’s browser holds them.', 'crossdock' ) ),
			'ga4_id'               => array( __( 'Measurement id', 'crossdock' ), __( 'As G-XXXXXXXXXX: chooses the session of this property where a page has several. Empty: the first.', 'crossdock' ) ),
		);
	}
}
