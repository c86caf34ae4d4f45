<?php
/**
 * The stories in WordPress' and WooCommerce's own screens.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Container;
use Crossdock\Part;

/**
 * Adds the story of an order to its edit screen (orders in tables of their own or as posts) and of a person to the profile.
 */
final class EditScreens implements Part {

	/**
	 * Builds the story.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Notes what it needs.
	 *
	 * @param Container $container Builds the story.
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
		add_action( 'add_meta_boxes', array( $this, 'box' ) );
		add_action( 'show_user_profile', array( $this, 'profile' ), 90 );
		add_action( 'edit_user_profile', array( $this, 'profile' ), 90 );
	}

	/**
	 * Adds the box to the orders' edit screen.
	 *
	 * @return void
	 */
	public function box(): void {
		if ( ! current_user_can( Menu::CAPABILITY ) || ! function_exists( 'wc_get_order' ) ) {
			return;
		}
		$screens = array( 'shop_order' );
		if ( function_exists( 'wc_get_page_screen_id' ) ) {
			$screens[] = wc_get_page_screen_id( 'shop-order' );
		}
		add_meta_box( 'crossdock-story', __( 'Crossdock: what became of this order', 'crossdock' ), array( $this, 'order' ), array_unique( $screens ), 'normal', 'default' );
	}

	/**
	 * Prints the story of an order.
	 *
	 * @param mixed $given A post, or the order itself where orders have their own tables.
	 * @return void
	 */
	public function order( $given ): void {
		$id = is_object( $given ) && method_exists( $given, 'get_id' ) ? (int) $given->get_id() : (int) ( $given->ID ?? 0 );
		if ( $id > 0 ) {
			Flash::show();
			$this->container->get( Story::class )->show( 'order', $id );
			SendAgain::button( 'order', $id );
		}
	}

	/**
	 * Prints the story of a person.
	 *
	 * @param mixed $user A WP_User.
	 * @return void
	 */
	public function profile( $user ): void {
		$id = (int) ( $user->ID ?? 0 );
		if ( $id < 1 || ! current_user_can( Menu::CAPABILITY ) ) {
			return;
		}
		echo '<h2 id="crossdock-story">' . esc_html__( 'Crossdock: what became of this person’s data', 'crossdock' ) . '</h2>';
		Flash::show();
		$this->container->get( Story::class )->show( 'customer', $id );
		SendAgain::button( 'customer', $id );
	}
}
