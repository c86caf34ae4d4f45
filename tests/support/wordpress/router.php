<?php
// What a web server's rewrite rules do: files as they are, folders by their index.php, all else by WordPress.
$path = (string) parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH );
$file = $_SERVER['DOCUMENT_ROOT'] . $path;
if ( '/' !== $path && is_file( $file ) ) {
	return false;
}
$index = '/' !== $path && is_file( rtrim( $file, '/' ) . '/index.php' ) ? rtrim( $path, '/' ) . '/index.php' : '/index.php';
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = $index;
chdir( dirname( $_SERVER['DOCUMENT_ROOT'] . $index ) );
require $_SERVER['DOCUMENT_ROOT'] . $index;
