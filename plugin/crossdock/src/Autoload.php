<?php
/**
 * Finds the classes of this plugin.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock;

/**
 * PSR-4: `Crossdock\Outbox\Row` is `src/Outbox/Row.php`.
 */
final class Autoload {

	/**
	 * Makes the classes known to PHP; may be called more than once.
	 *
	 * @return void
	 */
	public static function register(): void {
		spl_autoload_register( array( self::class, 'load' ) );
	}

	/**
	 * Loads one class of ours; all others are somebody else's matter.
	 *
	 * @param string $name Full name of the class.
	 * @return void
	 */
	public static function load( string $name ): void {
		$prefix = __NAMESPACE__ . '\\';
		if ( 0 !== strncmp( $name, $prefix, strlen( $prefix ) ) ) {
			return;
		}
		$file = __DIR__ . '/' . str_replace( '\\', '/', substr( $name, strlen( $prefix ) ) ) . '.php';
		if ( is_file( $file ) ) {
			require $file;
		}
	}
}
