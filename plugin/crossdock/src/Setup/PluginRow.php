<?php
/**
 * Our row on the plugins screen.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

use Crossdock\Admin\ConnectionPage;
use Crossdock\Admin\Menu;
use Crossdock\Admin\SettingsPage;
use Crossdock\Part;
use Crossdock\Wp\Home;

/**
 * Links to our screens, and the warning that deleting the plugin loses what was not sent.
 */
final class PluginRow implements Part {

	/**
	 * The tables.
	 *
	 * @var Tables
	 */
	private Tables $tables;

	/**
	 * Where the plugin lies.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * Takes what it works with.
	 *
	 * @param Tables $tables The tables.
	 * @param Home   $home   Where the plugin lies.
	 */
	public function __construct( Tables $tables, Home $home ) {
		$this->tables = $tables;
		$this->home   = $home;
	}

	/**
	 * Adds this part's hooks.
	 *
	 * @return void
	 */
	public function register(): void {
		$name = plugin_basename( $this->home->file() );
		add_filter( 'plugin_action_links_' . $name, array( $this, 'links' ) );
		add_action( 'after_plugin_row_' . $name, array( $this, 'warn' ) );
	}

	/**
	 * Adds the links.
	 *
	 * @param array<int|string, string> $links The row's links.
	 * @return array<int|string, string>
	 */
	public function links( $links ) {
		if ( ! current_user_can( Menu::CAPABILITY ) ) {
			return $links;
		}
		$ours = array(
			'connection' => '<a href="' . esc_url( Menu::url( ConnectionPage::SLUG ) ) . '">' . esc_html__( 'Connection', 'crossdock' ) . '</a>',
			'settings'   => '<a href="' . esc_url( Menu::url( SettingsPage::SLUG ) ) . '">' . esc_html__( 'Settings', 'crossdock' ) . '</a>',
		);
		return $ours + $links;
	}

	/**
	 * Says how much would be lost.
	 *
	 * @return void
	 */
	public function warn(): void {
		$unsent = is_network_admin() ? 0 : $this->tables->unsent();
		if ( $unsent > 0 && current_user_can( 'activate_plugins' ) ) {
			/* translators: %s: number of changes. */
			$text = sprintf( _n( '%s change has not reached the hub yet. Deactivating keeps it; deleting the plugin would lose it and has to be confirmed.', '%s changes have not reached the hub yet. Deactivating keeps them; deleting the plugin would lose them and has to be confirmed.', $unsent, 'crossdock' ), number_format_i18n( $unsent ) );
			echo '<tr class="plugin-update-tr active"><td colspan="4" class="plugin-update colspanchange"><div class="notice inline notice-warning notice-alt"><p>' . esc_html( $text ) . '</p></div></td></tr>';
		}
	}
}
