<?php
/**
 * Runs the code that stands on standard input inside WordPress and prints what it returns as JSON after a mark.
 * Usage: php run.php FOLDER HOST MARK [USER] [admin]
 */
list( , $folder, $host, $mark, $user, $place ) = $argv + array( 4 => '0', 5 => '' );
$_SERVER += array( 'HTTP_HOST' => $host, 'REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REQUEST_METHOD' => 'GET', 'REMOTE_ADDR' => '127.0.0.1' );
if ( 'admin' === $place ) {
	define( 'WP_ADMIN', true );
}
if ( 'cron' === $place ) {
	define( 'DOING_CRON', true );
}
if ( 'install' === $place ) {
	define( 'WP_INSTALLING', true );
}
if ( 'cli' === $place ) {
	define( 'WP_CLI', true );
	require __DIR__ . '/wp-cli.php';
}
require $folder . '/wp-load.php';
if ( 'admin' === $place || 'install' === $place ) {
	require_once ABSPATH . 'wp-admin/includes/admin.php';
	require_once ABSPATH . 'wp-admin/includes/upgrade.php';
}
if ( (int) $user > 0 ) {
	wp_set_current_user( (int) $user );
}
$answer = ( static function () {
	return eval( stream_get_contents( STDIN ) );
} )();
echo "\n", $mark, json_encode( $answer, JSON_UNESCAPED_SLASHES | JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION ), "\n";
