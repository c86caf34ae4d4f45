<?php
/**
 * The hub's part of a story, asked for by the screen once it stands.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Container;
use Crossdock\Part;

/**
 * Answers with the piece of HTML that the place on the screen waits for.
 */
final class StoryAjax implements Part {

	/**
	 * Name of the action and of its nonce.
	 */
	public const ACTION = 'crossdock_story';

	/**
	 * Builds the story when it is wanted.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Notes what it needs.
	 *
	 * @param Container $container Builds the story when it is wanted.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Adds this part's hook.
	 *
	 * @return void
	 */
	public function register(): void {
		add_action( 'wp_ajax_' . self::ACTION, array( $this, 'answer' ) );
	}

	/**
	 * Answers with the hub's part.
	 *
	 * @return void
	 */
	public function answer(): void {
		check_ajax_referer( self::ACTION );
		if ( ! current_user_can( Menu::CAPABILITY ) ) {
			wp_die( '', '', array( 'response' => 403 ) );
		}
		$kind = isset( $_GET['kind'] ) ? sanitize_key( wp_unslash( $_GET['kind'] ) ) : '';
		$id   = isset( $_GET['id'] ) ? absint( wp_unslash( $_GET['id'] ) ) : 0;
		if ( ! in_array( $kind, array( 'order', 'customer' ), true ) || 0 === $id ) {
			wp_die( '', '', array( 'response' => 400 ) );
		}
		$this->container->get( Story::class )->told( $kind, $id );
		wp_die();
	}
}
