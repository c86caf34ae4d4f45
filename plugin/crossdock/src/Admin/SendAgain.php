<?php
/**
 * The button that sends one thing again.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Container;
use Crossdock\Outbox\Outbox;
use Crossdock\Part;

/**
 * Puts one order or person into the outbox again, from their edit screens. Those screens are forms themselves, so the
 * button is a form of its own elsewhere on the page, reached by the attribute `form`.
 */
final class SendAgain implements Part {

	/**
	 * The action of admin-post.php.
	 */
	private const ACTION = 'crossdock_send_again';

	/**
	 * Builds the outbox.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * What is printed at the end of the page.
	 *
	 * @var array<string, array{0: string, 1: int}>
	 */
	private static array $forms = array();

	/**
	 * Notes what it needs.
	 *
	 * @param Container $container Builds the outbox.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Adds the hooks.
	 *
	 * @return void
	 */
	public function register(): void {
		add_action( 'admin_post_' . self::ACTION, array( $this, 'send' ) );
		add_action( 'admin_footer', array( $this, 'forms' ) );
	}

	/**
	 * Prints the button.
	 *
	 * @param string $kind order or customer.
	 * @param int    $id   The site's id.
	 * @return void
	 */
	public static function button( string $kind, int $id ): void {
		$mark                 = 'crossdock-again-' . $kind . '-' . $id;
		self::$forms[ $mark ] = array( $kind, $id );
		echo '<p><button class="button" form="' . esc_attr( $mark ) . '">' . esc_html__( 'Send again', 'crossdock' ) . '</button></p>';
	}

	/**
	 * Prints the forms of the buttons.
	 *
	 * @return void
	 */
	public function forms(): void {
		foreach ( self::$forms as $mark => list( $kind, $id ) ) {
			echo '<form id="' . esc_attr( $mark ) . '" method="post" action="' . esc_url( admin_url( 'admin-post.php' ) ) . '" hidden>';
			echo '<input type="hidden" name="action" value="' . esc_attr( self::ACTION ) . '"><input type="hidden" name="kind" value="' . esc_attr( $kind ) . '"><input type="hidden" name="id" value="' . esc_attr( (string) $id ) . '">';
			Form::mark( 'send-again' );
			echo '</form>';
		}
	}

	/**
	 * Puts it into the outbox and goes back.
	 *
	 * @return void
	 */
	public function send(): void {
		$sent = Form::sent( 'send-again' );
		$kind = is_string( $sent['kind'] ?? null ) ? $sent['kind'] : '';
		$id   = absint( $sent['id'] ?? 0 );
		$back = wp_get_referer();
		if ( null === $sent || ! in_array( $kind, array( 'order', 'customer' ), true ) || 0 === $id ) {
			wp_die( esc_html__( 'This form is too old or not for you. Go back, reload the page and try again.', 'crossdock' ), '', array( 'response' => 403 ) );
		}
		$done = $this->container->get( Outbox::class )->saved( $kind, $id, 1, 'resend' );
		Flash::say( $done ? 'success' : 'error', $done ? __( 'It goes to the hub again with the next run.', 'crossdock' ) : __( 'It could not be written into the queue.', 'crossdock' ) );
		wp_safe_redirect( false === $back ? Menu::url( OverviewPage::SLUG ) : $back );
		exit;
	}
}
