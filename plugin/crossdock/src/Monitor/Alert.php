<?php
/**
 * Mails about the plugin's own health.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Settings\Settings;

/**
 * Tells the people named in the settings (else the site's administrator) that sending was paused: once a pause.
 */
class Alert {

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * Notes what it needs.
	 *
	 * @param Settings $settings The settings.
	 */
	public function __construct( Settings $settings ) {
		$this->settings = $settings;
	}

	/**
	 * Sends the mail about a pause.
	 *
	 * @param int    $failures Failures in a row.
	 * @param string $code     The cause.
	 * @param string $detail   Plain words without secrets.
	 * @return bool Whether a mail was handed over.
	 */
	public function paused( int $failures, string $code, string $detail ): bool {
		if ( ! $this->settings->on( 'alerts' ) ) {
			return false;
		}
		$given = $this->settings->text( 'alert_email' );
		$to    = '' === $given ? (string) get_option( 'admin_email' ) : $given;
		/* translators: %s: the site's name. */
		$subject = sprintf( __( '[%s] Crossdock has paused sending', 'crossdock' ), wp_specialchars_decode( (string) get_option( 'blogname' ), ENT_QUOTES ) );
		$lines   = array(
			/* translators: %d: number of failures in a row. */
			sprintf( _n( 'The hub could not be told what happened on this site: %d attempt failed.', 'The hub could not be told what happened on this site: %d attempts in a row failed.', $failures, 'crossdock' ), $failures ),
			/* translators: 1: code of the cause, 2: the cause in words. */
			sprintf( __( 'Cause: %1$s (%2$s)', 'crossdock' ), $code, $detail ),
			__( 'Nothing is lost: what happens meanwhile waits on the site. Sending goes on when you resume it here:', 'crossdock' ),
			admin_url( 'admin.php?page=crossdock-queue' ),
		);
		return (bool) wp_mail( array_map( 'trim', explode( ',', $to ) ), $subject, implode( "\n\n", $lines ) );
	}
}
