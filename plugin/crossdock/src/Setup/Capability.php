<?php
/**
 * Who may manage the plugin.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

/**
 * The capability `manage_crossdock`: administrators and shop managers have it; a site may give it to other roles.
 */
class Capability {

	/**
	 * The capability.
	 */
	public const NAME = 'manage_crossdock';

	/**
	 * Roles that have it from the start.
	 */
	private const ROLES = array( 'administrator', 'shop_manager' );

	/**
	 * The option with the roles that were given it once: what an owner takes away stays away.
	 */
	public const OPTION = 'crossdock_roles';

	/**
	 * Gives it to the roles that did not get it yet (the shop manager comes with WooCommerce, perhaps later).
	 *
	 * @return void
	 */
	public function give(): void {
		$given = (array) get_option( self::OPTION, array() );
		$fresh = array();
		foreach ( array_diff( self::ROLES, $given ) as $name ) {
			$role = get_role( $name );
			if ( null !== $role ) {
				$role->add_cap( self::NAME );
				$fresh[] = $name;
			}
		}
		if ( array() !== $fresh ) {
			update_option( self::OPTION, array_values( array_merge( $given, $fresh ) ), true );
		}
	}

	/**
	 * Takes it from every role.
	 *
	 * @return void
	 */
	public function take(): void {
		foreach ( array_keys( wp_roles()->roles ) as $name ) {
			wp_roles()->remove_cap( (string) $name, self::NAME );
		}
		delete_option( self::OPTION );
	}
}
