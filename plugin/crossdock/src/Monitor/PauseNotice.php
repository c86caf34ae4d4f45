<?php
/**
 * The notice that sending is paused.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Admin\Pauses;
use Crossdock\Part;
use Crossdock\Wp\Options;

/**
 * Says on the dashboard, among the plugins and on our own screens that sending is paused and why, to those who may resume it.
 */
final class PauseNotice implements Part {

	/**
	 * WordPress' options.
	 *
	 * @var Options
	 */
	private Options $options;

	/**
	 * Notes what it needs.
	 *
	 * @param Options $options WordPress' options.
	 */
	public function __construct( Options $options ) {
		$this->options = $options;
	}

	/**
	 * Adds the hooks.
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
		$screen = get_current_screen();
		$id     = null === $screen ? '' : (string) $screen->id;
		if ( ! current_user_can( 'manage_crossdock' ) || ! ( in_array( $id, array( 'dashboard', 'plugins' ), true ) || false !== strpos( $id, 'crossdock' ) ) ) {
			return;
		}
		// Not `Condition`: it reads past the caches, which a page of the admin need not.
		$state = $this->options->get( Condition::OPTION, array() );
		$pause = is_array( $state ) && is_array( $state['paused'] ?? null ) ? $state['paused'] : array();
		if ( array() === $pause || false !== strpos( $id, 'crossdock-queue' ) ) {
			return;
		}
		echo '<div class="notice notice-warning"><p><strong>Crossdock:</strong> ' . esc_html( Pauses::words( $pause ) ) . '. ' . esc_html__( 'Nothing is lost: what happens meanwhile waits on this site.', 'crossdock' ) . '</p><p>';
		echo '<a class="button" href="' . esc_url( admin_url( 'admin.php?page=crossdock-queue' ) ) . '">' . esc_html__( 'Look and resume', 'crossdock' ) . '</a></p></div>';
	}
}
