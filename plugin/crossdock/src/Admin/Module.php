<?php
/**
 * Small scripts of the screens.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Wp\Home;

/**
 * Loads a file of assets/ as an ES module at the end of the page; WordPress has a way of its own only since 6.5.
 */
class Module {

	/**
	 * Where the files lie.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * Notes what it needs.
	 *
	 * @param Home $home Where the files lie.
	 */
	public function __construct( Home $home ) {
		$this->home = $home;
	}

	/**
	 * Loads a module.
	 *
	 * @param string $name Name of the file in assets/, without `.js`.
	 * @return void
	 */
	public function load( string $name ): void {
		$handle = 'crossdock-' . $name;
		add_filter(
			'script_loader_tag',
			static function ( $tag, $given ) use ( $handle ) {
				return $given === $handle ? str_replace( '<script ', '<script type="module" ', preg_replace( '/ type=(["\'])[^"\']*\1/', '', (string) $tag ) ) : $tag;
			},
			10,
			2
		);
		wp_enqueue_script( $handle, $this->home->url( 'assets/' . $name . '.js' ), array(), $this->home->version(), true );
	}
}
