<?php
/**
 * Deleting the plugin.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

use Crossdock\Wp\Home;

/**
 * What WordPress calls when the plugin is deleted. While changes wait that the hub does not have, it stops the deletion, says so in
 * the way of the caller (plugins screen, its script, WP-CLI) and how to confirm.
 */
final class Uninstall {

	/**
	 * What removes everything.
	 *
	 * @var Removal
	 */
	private Removal $removal;

	/**
	 * Where the plugin lies.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * Takes what it works with.
	 *
	 * @param Removal $removal What removes everything.
	 * @param Home    $home    Where the plugin lies.
	 */
	public function __construct( Removal $removal, Home $home ) {
		$this->removal = $removal;
		$this->home    = $home;
	}

	/**
	 * Removes everything, or stops the deletion.
	 *
	 * @return void
	 */
	public function run(): void {
		$unsent = $this->removal->unsent();
		if ( $unsent > 0 && ! $this->removal->confirmed() && ! $this->confirmed_here() ) {
			$this->stop( $unsent );
			return;
		}
		$this->removal->run();
	}

	/**
	 * Tells whether the person confirmed it on the way to here, by the link that `stop` gives.
	 *
	 * @return bool
	 */
	private function confirmed_here(): bool {
		if ( ! isset( $_REQUEST[ Removal::CONFIRM ], $_REQUEST['_wpnonce'] ) || ! current_user_can( 'delete_plugins' ) ) {
			return false;
		}
		return (bool) wp_verify_nonce( sanitize_text_field( wp_unslash( $_REQUEST['_wpnonce'] ) ), 'bulk-plugins' );
	}

	/**
	 * Stops the deletion. Does not return, except to WP-CLI's own ending.
	 *
	 * @param int $unsent How many changes wait.
	 * @return void
	 */
	private function stop( int $unsent ): void {
		/* translators: %s: number of changes. */
		$text = sprintf( _n( 'Crossdock was not deleted: %s change of this site has not reached the hub yet and would be lost.', 'Crossdock was not deleted: %s changes of this site have not reached the hub yet and would be lost.', $unsent, 'crossdock' ), number_format_i18n( $unsent ) );
		$way  = __( 'Activate the plugin again to send them, or confirm that they may be lost.', 'crossdock' );
		if ( defined( 'WP_CLI' ) && WP_CLI ) {
			\WP_CLI::error( $text . ' ' . $way . ' (wp option update ' . Removal::CONFIRM . ' 1)' );
			return;
		}
		$ours = plugin_basename( $this->home->file() );
		$url  = add_query_arg( array( 'action' => 'delete-selected', 'checked[0]' => rawurlencode( $ours ), Removal::CONFIRM => '1' ), self_admin_url( 'plugins.php' ) );
		$url  = wp_nonce_url( $url, 'bulk-plugins' );
		$html = esc_html( $text . ' ' . $way ) . ' <a href="' . esc_url( $url ) . '">' . esc_html__( 'Delete it with what was not sent', 'crossdock' ) . '</a>';
		if ( wp_doing_ajax() ) {
			wp_send_json_error( array( 'delete' => 'plugin', 'slug' => 'crossdock', 'plugin' => $ours, 'pluginName' => 'Crossdock', 'errorMessage' => $html ), 200 );
		}
		wp_die( wp_kses_post( $html ), esc_html__( 'Crossdock was not deleted', 'crossdock' ), array( 'response' => 409, 'back_link' => true ) );
	}
}
