<?php
/**
 * Tells people that a copy has stopped.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

use Crossdock\Container;
use Crossdock\Settings\Settings;

/**
 * Looks every hour whether this may be a copy, and sends one mail about it: a site that really moved must not stand still unnoticed.
 */
final class CopyWatch {

	/**
	 * The hourly event.
	 */
	public const EVENT = 'crossdock_copy_hourly';

	/**
	 * The option with what was told of last.
	 */
	public const TOLD = 'crossdock_copy_told';

	/**
	 * Builds what is needed.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Takes what builds the rest.
	 *
	 * @param Container $container Builds what is needed.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Plans the hourly look.
	 *
	 * @return void
	 */
	public function plan(): void {
		if ( ! wp_next_scheduled( self::EVENT ) ) {
			wp_schedule_event( time() + HOUR_IN_SECONDS, 'hourly', self::EVENT );
		}
	}

	/**
	 * Looks, and sends a mail when there is something new to tell.
	 *
	 * @return void
	 */
	public function look(): void {
		$words = $this->container->get( Copies::class )->words();
		if ( '' === $words ) {
			delete_option( self::TOLD );
			return;
		}
		$settings = $this->container->get( Settings::class );
		if ( get_option( self::TOLD ) === $words || ! $settings->on( 'alerts' ) ) {
			return;
		}
		update_option( self::TOLD, $words, false );
		$given = $settings->text( 'alert_email' );
		$to    = '' === $given ? (string) get_option( 'admin_email' ) : $given;
		/* translators: %s: the site's name. */
		$subject = sprintf( __( '[%s] Crossdock has stopped sending: is this a copy?', 'crossdock' ), wp_specialchars_decode( (string) get_option( 'blogname' ), ENT_QUOTES ) );
		$lines   = array(
			$words,
			__( 'Nothing is sent from this site until somebody says what it is: the same site that has moved, or a copy. Nothing is lost meanwhile. Decide here:', 'crossdock' ),
			admin_url( 'admin.php?page=crossdock-connection' ),
		);
		wp_mail( array_map( 'trim', explode( ',', $to ) ), $subject, implode( "\n\n", $lines ) );
	}
}
