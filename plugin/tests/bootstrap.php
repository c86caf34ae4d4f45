<?php
/**
 * Makes the plugin's classes usable on a plain PHP: no WordPress, no database. What a class needs of WordPress comes
 * through `Crossdock\Wp`, for which tests/doubles has stand-ins; the few functions that are texts or arithmetic are here.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

error_reporting( -1 );
ini_set( 'display_errors', '1' );
date_default_timezone_set( 'UTC' );

/*
 * Every warning, notice and deprecation that ours cause is an error; what the test framework causes on a PHP newer than
 * itself is not of interest.
 */
set_error_handler(
	static function ( int $level, string $text, string $file, int $line ): bool {
		if ( 0 === ( error_reporting() & $level ) || 0 === strpos( $file, '/usr/share/php/' ) ) {
			return true;
		}
		throw new ErrorException( $text, 0, $level, $file, $line );
	}
);

define( 'ABSPATH', __DIR__ . '/' );
define( 'CROSSDOCK_TESTS', __DIR__ );
define( 'CROSSDOCK_VERSION', '1.0.0' );
define( 'CROSSDOCK_FILE', dirname( __DIR__ ) . '/crossdock/crossdock.php' );
define( 'MINUTE_IN_SECONDS', 60 );
define( 'HOUR_IN_SECONDS', 3600 );
define( 'DAY_IN_SECONDS', 86400 );

require_once __DIR__ . '/wordpress.php';
require_once dirname( __DIR__ ) . '/crossdock/src/Autoload.php';
Crossdock\Autoload::register();
spl_autoload_register(
	static function ( string $name ): void {
		if ( 0 === strpos( $name, 'Crossdock\\Tests\\' ) ) {
			require_once __DIR__ . '/doubles/' . substr( $name, 16 ) . '.php';
		}
	}
);
