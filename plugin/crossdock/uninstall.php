<?php
/**
 * Called by WordPress when the plugin is deleted.
 *
 * @package Crossdock
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

if ( PHP_VERSION_ID >= 70400 ) {
	defined( 'CROSSDOCK_VERSION' ) || define( 'CROSSDOCK_VERSION', get_file_data( __DIR__ . '/crossdock.php', array( 'version' => 'Version' ) )['version'] );
	require_once __DIR__ . '/src/Autoload.php';
	Crossdock\Autoload::register();
	Crossdock\Plugin::bare( __DIR__ . '/crossdock.php' )->get( Crossdock\Setup\Uninstall::class )->run();
}
