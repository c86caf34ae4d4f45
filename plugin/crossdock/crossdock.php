<?php
/**
 * Plugin Name:       Crossdock
 * Plugin URI:        https://crossdock.example/docs/how-to/wordpress-plugin
 * Description:       Takes what happens on this site (people, orders, products, events) to your Crossdock hub, which brings it to your CRM and other systems. Nothing lost, nothing doubled.
 * Version:           1.0.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * Author:            Crossdock
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       crossdock
 * Domain Path:       /languages
 * Update URI:        https://crossdock.example/plugin/crossdock
 * WC requires at least: 7.9
 * WC tested up to:   11.0
 *
 * @package Crossdock
 */

defined( 'ABSPATH' ) || exit;

// A second copy in another folder stays silent: the first one works, and its screens say so.
if ( defined( 'CROSSDOCK_VERSION' ) ) {
	return;
}

define( 'CROSSDOCK_VERSION', '1.0.0' );
define( 'CROSSDOCK_FILE', __FILE__ );

// This file alone may be read by PHP older than 7.4, so it holds nothing that such a PHP could not parse.
if ( PHP_VERSION_ID >= 70400 ) {
	require_once __DIR__ . '/src/Autoload.php';
	Crossdock\Autoload::register();
	Crossdock\Plugin::boot( __FILE__ );
} else {
	add_action( 'admin_notices', 'crossdock_old_php' );
}

if ( ! function_exists( 'crossdock_old_php' ) ) {
	/**
	 * Says why the plugin does nothing on a PHP that is too old.
	 *
	 * @return void
	 */
	function crossdock_old_php() {
		if ( current_user_can( 'activate_plugins' ) ) {
			/* translators: %s: version of PHP. */
			$text = sprintf( __( 'Crossdock needs PHP 7.4 or newer; this site runs %s. Nothing is sent until PHP is updated.', 'crossdock' ), PHP_VERSION );
			echo '<div class="notice notice-error"><p>' . esc_html( $text ) . '</p></div>';
		}
	}
}
