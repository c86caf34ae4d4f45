<?php
/**
 * Coming and going of the plugin.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

use Crossdock\Container;
use Crossdock\Wp\Home;

/**
 * Activation (tables, options, capability; on a network every site, and each new one as it is made) and deactivation (nothing
 * runs any more, nothing is lost).
 */
final class Activation {

	/**
	 * The option that names this installation (a UUID made once).
	 */
	public const INSTANCE = 'crossdock_instance';

	/**
	 * Builds what is needed, when it is.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Where the plugin lies.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * Takes what it works with.
	 *
	 * @param Container $container Builds what is needed, when it is.
	 * @param Home      $home      Where the plugin lies.
	 */
	public function __construct( Container $container, Home $home ) {
		$this->container = $container;
		$this->home      = $home;
	}

	/**
	 * Prepares this site, or every site of the network.
	 *
	 * @param bool $network Whether it was activated for the whole network.
	 * @return void
	 */
	public function activate( $network = false ): void {
		if ( $network ) {
			$this->container->get( Sites::class )->each( array( $this, 'prepare' ) );
		} else {
			$this->prepare();
		}
	}

	/**
	 * Stops what runs by itself; the outbox, the settings and the pairing stay.
	 *
	 * @param bool $network Whether it was deactivated for the whole network.
	 * @return void
	 */
	public function deactivate( $network = false ): void {
		if ( $network ) {
			$this->container->get( Sites::class )->each( array( $this->container->get( Schedules::class ), 'stop' ) );
		} else {
			$this->container->get( Schedules::class )->stop();
		}
	}

	/**
	 * Brings the present site to the version of the code; what is there stays.
	 *
	 * @return void
	 */
	public function prepare(): void {
		$this->container->get( Migrations::class )->run();
	}

	/**
	 * Gives the capability to roles that came later.
	 *
	 * @return void
	 */
	public function give(): void {
		$this->container->get( Capability::class )->give();
	}

	/**
	 * Prepares a site that was just made, when the plugin is active for the network.
	 *
	 * @param \WP_Site $site The new site.
	 * @return void
	 */
	public function site_made( $site ): void {
		if ( ! function_exists( 'is_plugin_active_for_network' ) ) {
			require_once ABSPATH . 'wp-admin/includes/plugin.php';
		}
		if ( is_plugin_active_for_network( plugin_basename( $this->home->file() ) ) ) {
			$this->container->get( Sites::class )->on( (int) $site->blog_id, array( $this, 'prepare' ) );
		}
	}

	/**
	 * Names our tables among those that go with a removed site.
	 *
	 * @param array<int|string, string> $tables Tables that are dropped.
	 * @param int                       $id     The site.
	 * @return array<int|string, string>
	 */
	public function site_dropped( $tables, $id ) {
		global $wpdb;
		foreach ( $this->container->get( Tables::class )->names() as $name ) {
			$tables[] = $wpdb->get_blog_prefix( (int) $id ) . 'crossdock_' . $name;
		}
		return $tables;
	}
}
