<?php
/**
 * What is said on a copy of a site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

use Crossdock\Admin\ConnectionPage;
use Crossdock\Admin\Flash;
use Crossdock\Admin\Form;
use Crossdock\Admin\Menu;
use Crossdock\Container;
use Crossdock\Hub\Credentials;
use Crossdock\Hub\Pairing;
use Crossdock\Part;
use Crossdock\Setup\Activation;
use Crossdock\Wp\Database;

/**
 * Says on every admin page that nothing is sent because this may be a copy, and lets a person decide: the same site that moved, or a
 * copy that is connected anew (or not at all).
 */
final class CopyNotice implements Part {

	/**
	 * Builds what is needed when there is something to say.
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
	 * Adds this part's hooks.
	 *
	 * @return void
	 */
	public function register(): void {
		add_action( 'admin_notices', array( $this, 'show' ) );
		add_action( 'admin_init', array( $this, 'load' ) );
	}

	/**
	 * Prints the notice.
	 *
	 * @return void
	 */
	public function show(): void {
		if ( ! current_user_can( Menu::CAPABILITY ) || ! $this->container->get( Credentials::class )->paired() ) {
			return;
		}
		$words = $this->container->get( Copies::class )->words();
		if ( '' === $words ) {
			return;
		}
		echo '<div class="notice notice-warning" role="alert"><p><strong>' . esc_html__( 'Crossdock has stopped sending: this may be a copy of your site.', 'crossdock' ) . '</strong> ' . esc_html( $words ) . '</p><p>';
		echo esc_html__( 'Nothing is lost: what happens meanwhile waits in the queue.', 'crossdock' ) . '</p><div>';
		Form::button( 'copy-same', __( 'It is the same site, it has moved', 'crossdock' ) );
		Form::button( 'copy-anew', __( 'It is a copy: end its connection', 'crossdock' ) );
		echo '</div></div>';
	}

	/**
	 * Carries out what a person decided.
	 *
	 * @return void
	 */
	public function load(): void {
		if ( null !== Form::sent( 'copy-same' ) ) {
			$this->same();
		}
		if ( null !== Form::sent( 'copy-anew' ) ) {
			$this->anew();
			Flash::go( 'success', __( 'This copy is no longer connected; the site it was copied from is not touched. What was waiting in the copied queue is marked as failed and stays there. Connect the copy with a pairing code of its own, if it is to send.', 'crossdock' ), Menu::url( ConnectionPage::SLUG ) );
		}
	}

	/**
	 * The same site, moved: asks the hub whether it takes it so.
	 *
	 * @return void
	 */
	private function same(): void {
		$this->container->get( Copies::class )->same();
		$answer = $this->container->get( Pairing::class )->status( 10.0 );
		if ( 'another-site' === $answer->code() ) {
			Flash::go( 'warning', __( 'Noted. The hub still knows this connection by the site’s former address: make a new pairing code in the hub and paste it here. What waits is sent afterwards.', 'crossdock' ), Menu::url( ConnectionPage::SLUG ) );
		}
		Flash::go( 'success', __( 'Noted: this is the same site. Sending goes on.', 'crossdock' ), Menu::url( ConnectionPage::SLUG ) );
	}

	/**
	 * A copy: forgets the connection (without ending the site's own), takes an id of its own and lets nothing of the copied queue out.
	 *
	 * @return void
	 */
	public function anew(): void {
		$this->container->get( Credentials::class )->forget();
		update_option( Activation::INSTANCE, wp_generate_uuid4(), false );
		$this->container->get( Database::class )->run(
			"UPDATE {outbox} SET state = 'dead', waiting_key = NULL, claimed_by = NULL, claimed_until = NULL, error_code = 'copied', error = %s WHERE state IN ('waiting', 'sending')",
			'This row was copied from another site, which sends it itself.'
		);
	}
}
