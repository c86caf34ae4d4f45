<?php
/**
 * What a screen of the plugin is.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * One screen below the plugin's menu. Its slug stands in `Menu::PAGES`. It is built only when it is asked for.
 */
interface Page {

	/**
	 * Returns the translated name of the screen, as it stands in the menu and as its heading.
	 *
	 * @return string
	 */
	public static function title(): string;

	/**
	 * Runs before anything is printed: carries out what a form sent (`Form::sent`) and redirects, sets screen options.
	 *
	 * @return void
	 */
	public function load(): void;

	/**
	 * Prints what stands below the heading.
	 *
	 * @return void
	 */
	public function show(): void;
}
