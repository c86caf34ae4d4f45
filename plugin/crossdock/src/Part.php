<?php
/**
 * What a part of the plugin is.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock;

/**
 * A part hooks itself into WordPress and does nothing else until it is called.
 */
interface Part {

	/**
	 * Adds this part's hooks. Called once a request: it must read and write nothing.
	 *
	 * @return void
	 */
	public function register(): void;
}
