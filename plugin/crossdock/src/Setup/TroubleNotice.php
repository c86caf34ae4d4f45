<?php
/**
 * What is said when the tables could not be made.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

use Crossdock\Part;

/**
 * Says on every admin page why the plugin cannot work on this site; it is tried again by itself every few minutes.
 */
final class TroubleNotice implements Part {

	/**
	 * Adds this part's hooks.
	 *
	 * @return void
	 */
	public function register(): void {
		add_action( 'admin_notices', array( $this, 'show' ) );
	}

	/**
	 * Prints the notice.
	 *
	 * @return void
	 */
	public function show(): void {
		if ( '' !== get_option( Upkeep::VERSION, '' ) || ! current_user_can( 'activate_plugins' ) ) {
			return;
		}
		$trouble = get_option( Preparation::TROUBLE );
		if ( is_string( $trouble ) && '' !== $trouble ) {
			echo '<div class="notice notice-error" role="alert"><p><strong>' . esc_html__( 'Crossdock cannot work yet: the database refused its tables.', 'crossdock' ) . '</strong> ' . esc_html( $trouble ) . '</p><p>';
			echo esc_html__( 'Let the database user of this site make tables (CREATE). It is tried again by itself.', 'crossdock' ) . '</p></div>';
		}
	}
}
